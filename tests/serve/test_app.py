"""The server as its clients know it: real processes, real sockets, a real browser."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from served import running_server
from served_images import TOKEN, Workers, decoded_pixels, image_file

from translate.serve.app import create_app
from translate.serve.requests.access import PUBLIC_PATHS, create_access
from translate.serve.requests.limits import Limits
from translate.translator import Translator


def test_S9_there_are_no_routes_but_these(workers: Workers) -> None:
    """Whoever adds a route decides here that it neither trains nor takes a path or a URL."""
    middleware = create_app(workers, create_access("127.0.0.1", None), Limits())
    app: Any = middleware.app
    found = {(route.path, *sorted(route.methods - {"HEAD"})) for route in app.routes}
    assert found == {
        *(("/", "GET"), ("/page.css", "GET"), ("/page.js", "GET")),
        *(("/docs", "GET"), ("/docs.js", "GET"), ("/openapi.json", "GET")),
        *(("/health", "GET"), ("/metrics", "GET"), ("/v1/models", "GET")),
        *(("/v1/translate", "POST"), ("/v1/sample", "POST")),
    }
    assert {path for path, _ in found} >= PUBLIC_PATHS


def test_the_body_or_a_form_is_translated(server: str, model: Translator) -> None:
    image = image_file()
    expected = model(image, to="summer", size=8)
    query = httpx.post(f"{server}/v1/translate?to=summer&size=8", content=image)
    form = httpx.post(
        f"{server}/v1/translate",
        data={"to": "summer", "size": "8", "model": "cycle"},
        files={"image": ("photo.png", image)},
    )
    for answer in (query, form):
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/png"
        assert decoded_pixels(answer.content) == expected.tobytes()
        assert answer.headers["Content-Disposition"].endswith('filename="translated.png"')


def test_a_sample_is_generated(server: str) -> None:
    answer = httpx.post(f"{server}/v1/sample?label=one&count=4")
    assert answer.headers["Content-Type"] == "image/png"
    assert Image.open(BytesIO(answer.content)).size == (2 * 8 + 2, 2 * 8 + 2)


def test_models_health_metrics_and_documentation(server: str) -> None:
    listed = httpx.get(f"{server}/v1/models").json()
    assert [found["id"] for found in listed["models"]] == ["cycle", "cgan"]
    assert listed["limits"] == {"max_bytes": 32_000_000, "max_pixels": 24_000_000}
    health = httpx.get(f"{server}/health")
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert 'translate_model_ready{model="cycle"} 1.0' in httpx.get(f"{server}/metrics").text
    paths = httpx.get(f"{server}/openapi.json").json()["paths"]
    names = [each["name"] for each in paths["/v1/translate"]["post"]["parameters"]]
    assert names == ["model", "to", "size", "scale_back", "format"]


def test_S2_S6_no_documented_parameter_is_a_path_or_a_url(server: str) -> None:
    words = re.compile(r"path|file|folder|dir|url|uri|link|href|fetch", re.IGNORECASE)
    for path, methods in httpx.get(f"{server}/openapi.json").json()["paths"].items():
        assert "{" not in path
        for route in methods.values():
            for parameter in route.get("parameters", ()):
                assert not words.search(parameter["name"])
                assert parameter["schema"].get("format") not in ("uri", "path")


@pytest.mark.parametrize(
    ("request_", "status", "text"),
    [
        (("POST", "/v1/translate", b"some text"), 422, "the image: no image of a known format"),
        (("POST", "/v1/translate", b""), 400, "image: expected the content of an image file"),
        (("POST", "/v1/translate?steps=4", image_file()), 400, "no parameter 'steps'"),
        (
            ("POST", "/v1/translate?model=../../etc/passwd", b"x"),
            404,
            "one that can translate: cycle",
        ),
        (("POST", "/v1/translate?model=cgan", b"x"), 404, "one that can translate: cycle"),
        (("POST", "/v1/translate?model=%00", b"x"), 404, "one that can translate: cycle"),
        (("POST", "/v1/translate?image=http://127.0.0.1/x", b""), 400, "image: expected"),
        (("POST", "/v1/sample", b"x"), 400, "and no file"),
        (("POST", "/v1/train", b""), 404, "unknown path"),
        (("GET", "/v1/translate", b""), 405, "another method"),
        (("GET", "/../../etc/passwd", b""), 404, "unknown path"),
        (("GET", "/v1/models/", b""), 404, "unknown path"),
        (("OPTIONS", "/v1/models", b""), 405, "another method"),
        (("POST", "/v1/translate", bytes(33_000_000)), 413, "at most 32,000,000 bytes"),
    ],
)
def test_S7_an_error_has_a_text_and_an_id_and_no_path(
    request_: tuple[str, str, bytes], status: int, text: str, server: str, tmp_path: Path
) -> None:
    method, path, content = request_
    answer = httpx.request(method, f"{server}{path}", content=content)
    body = answer.json()
    assert answer.status_code == status and text in body["error"]
    assert body["id"] == answer.headers["X-Request-Id"]
    assert str(tmp_path.parent) not in answer.text and os.sep + "work" not in answer.text


def test_S1_a_server_with_a_token_answers_who_has_it(workers: Workers) -> None:
    with running_server(workers, token=TOKEN) as address:
        assert httpx.get(f"{address}/v1/models").status_code == 401
        answer = httpx.post(f"{address}/v1/translate", content=image_file())
        assert answer.status_code == 401 and TOKEN not in answer.text
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert httpx.get(f"{address}/v1/models", headers=headers).status_code == 200
        assert httpx.get(f"{address}/health").status_code == 200


def test_S4_200_requests_of_8_clients_are_neither_lost_nor_mixed(
    server: str, workers: Workers, model: Translator
) -> None:
    """One in ten is no image; each client has an image of its own."""
    images = [image_file(number) for number in range(8)]
    expected = [model(image).tobytes() for image in images]
    assert len(set(expected)) == 8
    status = Path(f"/proc/{workers['cycle'].process.pid}/status")

    def memory() -> int:
        """Return the resident memory of the model's process, in kB."""
        (line,) = [x for x in status.read_text().splitlines() if x.startswith("VmRSS")]
        return int(line.split()[1])

    def ask(client: int) -> list[bool]:
        right = []
        with httpx.Client(base_url=server, timeout=60) as session:
            for number in range(25):
                bad = (client + number) % 10 == 0
                answer = session.post("/v1/translate", content=b"x" if bad else images[client])
                if bad:
                    right.append(answer.status_code == 422)
                else:
                    right.append(decoded_pixels(answer.content) == expected[client])
        return right

    ask(0)
    before = memory()
    with ThreadPoolExecutor(8) as clients:
        results = list(clients.map(ask, range(8)))
    assert results == [[True] * 25] * 8
    assert memory() - before < 20_000
    assert httpx.get(f"{server}/health").status_code == 200


def test_S4_more_requests_than_the_queue_holds_are_refused_at_once(workers: Workers) -> None:
    with running_server(workers, limits=replace(Limits(), requests=1)) as address:
        place = httpx.URL(address)
        with httpx.stream("GET", f"{address}/health"):
            pass

        def slow() -> Iterator[bytes]:
            yield b"begun"
            began = time.monotonic()
            answer = httpx.post(f"{address}/v1/translate", content=image_file())
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            assert time.monotonic() - began < 5
            yield b"ended"

        assert httpx.post(place.join("/v1/translate"), content=slow()).status_code == 422
        answer = httpx.post(f"{address}/v1/translate", content=image_file())
        assert answer.status_code == 200, "the server is free again"


def test_S8_a_process_that_is_killed_is_replaced(server: str, workers: Workers) -> None:
    image, worker = image_file(), workers["cycle"]
    expected = httpx.post(f"{server}/v1/translate", content=image).content
    os.kill(worker.process.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(2) as clients:
        lost = clients.submit(httpx.post, f"{server}/v1/translate", content=image, timeout=60)
        time.sleep(0.3)  # it has reached the process
        waiting = clients.submit(httpx.post, f"{server}/v1/translate", content=image, timeout=60)
        os.kill(worker.process.pid, signal.SIGKILL)
        other = httpx.post(f"{server}/v1/sample", timeout=60)
        assert other.status_code == 200, "the other model is at work"
    answer = lost.result()
    assert answer.status_code == 500 and "the model's process ended" in answer.json()["error"]
    assert waiting.result().content == expected
    assert worker.restarts == 1
    assert (
        'translate_model_restarts_total{model="cycle"} 1.0' in httpx.get(f"{server}/metrics").text
    )
