"""Who may send requests: the token, and the headers Host, Origin and Sec-Fetch-Site."""

from pathlib import Path

import pytest
from starlette.datastructures import Headers

from translate.errors import ConfigError
from translate.serve.requests.access import PUBLIC_PATHS, choose_token, create_access
from translate.serve.requests.limits import RequestError

TOKEN = "0123456789abcdef"


def status(bind: str, token: str | None = None, path: str = "/v1/models", **headers: str) -> int:
    """Return the status of a request to a server on `bind`: 200 if it is allowed."""
    raw = [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()]
    try:
        create_access(bind, token).check(path, Headers(raw=raw))
    except RequestError as error:
        return error.status
    return 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_S1_an_address_that_others_reach_needs_a_token(host: str) -> None:
    with pytest.raises(ConfigError, match="--token"):
        create_access(host, None)
    create_access(host, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_an_address_of_this_machine_needs_no_token(host: str) -> None:
    assert create_access(host, None).token is None


@pytest.mark.parametrize(
    ("bind", "host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1:7860", 200),
        ("127.0.0.1", "localhost:8080", 200),
        ("127.0.0.1", "[::1]:7860", 200),
        ("127.0.0.1", "LOCALHOST", 200),
        ("127.0.0.1", "evil.com", 403),
        ("127.0.0.1", "evil.com:7860", 403),
        ("127.0.0.1", "127.0.0.1.evil.com", 403),
        ("127.0.0.1", "192.168.1.2:7860", 403),
        ("127.0.0.1", "", 403),
        ("127.0.0.1", "[::1", 403),
        ("127.0.0.1", "localhost@evil.com", 403),
        ("0.0.0.0", "192.168.1.2:7860", 200),
        ("0.0.0.0", "evil.com", 403),
        ("example.org", "example.org:7860", 200),
        ("example.org", "192.168.1.2", 403),
    ],
)
def test_S5_host_is_a_name_of_the_address_that_the_server_listens_on(
    bind: str, host: str, expected: int
) -> None:
    assert status(bind, TOKEN, host=host, authorization=f"Bearer {TOKEN}") == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:7860", 200),
        ("https://127.0.0.1:7860", 200),
        ("http://127.0.0.1:9999", 403),
        ("http://evil.com", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_S5_origin_is_the_page_of_the_server(origin: str, expected: int) -> None:
    assert status("127.0.0.1", host="127.0.0.1:7860", origin=origin) == expected


@pytest.mark.parametrize(
    ("site", "path", "expected"),
    [
        ("same-origin", "/v1/models", 200),
        ("none", "/v1/models", 200),
        ("same-site", "/v1/models", 403),
        ("cross-site", "/v1/models", 403),
        ("cross-site", "/", 200),  # somebody follows a link
    ],
)
def test_S5_pages_of_other_sites_load_nothing(site: str, path: str, expected: int) -> None:
    assert status("127.0.0.1", path=path, host="localhost", sec_fetch_site=site) == expected


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("Bearer \u00e9\u00e9", 401),
        ("", 401),
    ],
)
def test_S1_every_path_but_the_page_needs_the_token(authorization: str, expected: int) -> None:
    for path in ("/v1/models", "/metrics", "/openapi.json", "/anything"):
        headers = {"host": "localhost", "authorization": authorization}
        assert status("127.0.0.1", TOKEN, path, **headers) == expected
    assert all(status("127.0.0.1", TOKEN, path, host="localhost") == 200 for path in PUBLIC_PATHS)


def test_a_request_with_two_host_headers_is_refused() -> None:
    raw = [(b"host", b"localhost"), (b"host", b"evil.com")]
    with pytest.raises(RequestError):
        create_access("127.0.0.1", None).check("/", Headers(raw=raw))


def test_a_token_is_generated_or_read_from_a_file(tmp_path: Path) -> None:
    tokens = {choose_token(generate=True, file=None) for _ in range(3)}
    assert len(tokens) == 3 and all(token and len(token) > 40 for token in tokens)
    assert choose_token(generate=False, file=None) is None
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert choose_token(generate=False, file=tmp_path / "token") == TOKEN


@pytest.mark.parametrize("text", ["", "short", "two words of a token", "\u00e9" * 20])
def test_a_file_without_a_token_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(text)
    with pytest.raises(ConfigError, match="token: expected one line"):
        choose_token(generate=False, file=tmp_path / "token")
    with pytest.raises(ConfigError, match=r"none: No such file or directory\. Expected a file"):
        choose_token(generate=False, file=tmp_path / "none")
