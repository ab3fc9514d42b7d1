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


def test_S9_no_route_trains_or_takes_a_path_or_a_url(workers: Workers) -> None:
    """Whoever adds a route confirms that here."""
    middleware = create_app(workers, create_access("127.0.0.1", None), Limits())
    app: Any = middleware.app
    routes = {(route.path, *sorted(route.methods - {"HEAD"})) for route in app.routes}
    assert routes == {
        *(("/", "GET"), ("/page.css", "GET"), ("/page.js", "GET")),
        *(("/docs", "GET"), ("/docs.js", "GET"), ("/openapi.json", "GET")),
        *(("/health", "GET"), ("/metrics", "GET"), ("/v1/models", "GET")),
        *(("/v1/translate", "POST"), ("/v1/sample", "POST")),
    }
    assert {path for path, _ in routes} >= PUBLIC_PATHS


def test_an_image_is_translated_as_the_body_or_in_a_form(server: str, model: Translator) -> None:
    image = image_file()
    expected = model(image, to="summer", size=8)
    query = httpx.post(f"{server}/v1/translate?to=summer&size=8", content=image)
    form = httpx.post(
        f"{server}/v1/translate",
        data={"to": "summer", "size": "8", "model": "cycle"},
        files={"image": ("photo.png", image)},
    )
    for response in (query, form):
        assert response.status_code == 200 and response.headers["Content-Type"] == "image/png"
        assert decoded_pixels(response.content) == expected.tobytes()
        assert response.headers["Content-Disposition"].endswith('filename="translated.png"')


def test_a_sample_is_generated(server: str) -> None:
    response = httpx.post(f"{server}/v1/sample?label=one&count=4")
    assert response.headers["Content-Type"] == "image/png"
    assert Image.open(BytesIO(response.content)).size == (2 * 8 + 2, 2 * 8 + 2)


def test_models_health_metrics_and_documentation(server: str) -> None:
    listed = httpx.get(f"{server}/v1/models").json()
    assert [model["id"] for model in listed["models"]] == ["cycle", "cgan"]
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
    ("request_", "status", "message"),
    [
        (("POST", "/v1/translate", b"some text"), 422, "the image: no image of a known format"),
        (("POST", "/v1/translate", b""), 400, "image: expected the content of an image file"),
        (("POST", "/v1/translate?steps=4", image_file()), 400, "no parameter 'steps'"),
        (
            ("POST", "/v1/translate?model=../etc", b"x"),
            404,
            "cannot translate: expected one of cycle",
        ),
        (
            ("POST", "/v1/translate?model=cgan", b"x"),
            404,
            "model 'cgan' cannot translate: expected",
        ),
        (("POST", "/v1/translate?model=%00", b"x"), 404, "cannot translate: expected one of cycle"),
        (("POST", "/v1/translate?image=http://127.0.0.1/x", b""), 400, "image: expected"),
        (("POST", "/v1/sample", b"x"), 400, "a file was sent"),
        (("POST", "/v1/train", b""), 404, "unknown path"),
        (("GET", "/v1/translate", b""), 405, "another method"),
        (("GET", "/../../etc/passwd", b""), 404, "unknown path"),
        (("GET", "/v1/models/", b""), 404, "unknown path"),
        (("OPTIONS", "/v1/models", b""), 405, "another method"),
        (("POST", "/v1/translate", bytes(33_000_000)), 413, "at most 32,000,000 bytes"),
    ],
)
def test_S7_an_error_has_a_message_and_an_id_and_no_path(
    request_: tuple[str, str, bytes], status: int, message: str, server: str, tmp_path: Path
) -> None:
    method, path, content = request_
    response = httpx.request(method, f"{server}{path}", content=content)
    body = response.json()
    assert response.status_code == status and message in body["error"]
    assert body["id"] == response.headers["X-Request-Id"]
    assert str(tmp_path.parent) not in response.text and os.sep + "work" not in response.text


def test_S1_a_server_with_a_token_answers_only_requests_that_have_it(workers: Workers) -> None:
    with running_server(workers, token=TOKEN) as address:
        assert httpx.get(f"{address}/v1/models").status_code == 401
        response = httpx.post(f"{address}/v1/translate", content=image_file())
        assert response.status_code == 401 and TOKEN not in response.text
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert httpx.get(f"{address}/v1/models", headers=headers).status_code == 200
        assert httpx.get(f"{address}/health").status_code == 200


def test_S4_200_requests_of_8_clients_are_neither_lost_nor_mixed(
    server: str, workers: Workers, model: Translator
) -> None:
    """Each client sends its own image, and in one of ten requests something that is no image."""
    images = [image_file(number) for number in range(8)]
    expected = [model(image).tobytes() for image in images]
    assert len(set(expected)) == 8
    status = Path(f"/proc/{workers['cycle'].process.pid}/status")

    def memory() -> int:
        """Return the resident memory of the model's process, in kB."""
        (line,) = [each for each in status.read_text().splitlines() if each.startswith("VmRSS")]
        return int(line.split()[1])

    def send_requests(client: int) -> list[bool]:
        """Return for each of 25 requests whether its response was the expected one."""
        correct = []
        with httpx.Client(base_url=server, timeout=60) as session:
            for number in range(25):
                bad = (client + number) % 10 == 0
                response = session.post("/v1/translate", content=b"x" if bad else images[client])
                if bad:
                    correct.append(response.status_code == 422)
                else:
                    correct.append(decoded_pixels(response.content) == expected[client])
        return correct

    send_requests(0)
    before = memory()
    with ThreadPoolExecutor(8) as clients:
        results = list(clients.map(send_requests, range(8)))
    assert results == [[True] * 25] * 8
    assert memory() - before < 20_000
    assert httpx.get(f"{server}/health").status_code == 200


def test_S4_more_requests_than_the_queue_holds_are_refused_at_once(workers: Workers) -> None:
    with running_server(workers, limits=replace(Limits(), requests=1)) as address:
        with httpx.stream("GET", f"{address}/health"):
            pass

        def slow_body() -> Iterator[bytes]:
            yield b"first part"
            start = time.monotonic()
            response = httpx.post(f"{address}/v1/translate", content=image_file())
            assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
            assert time.monotonic() - start < 5
            yield b"last part"

        assert httpx.post(f"{address}/v1/translate", content=slow_body()).status_code == 422
        response = httpx.post(f"{address}/v1/translate", content=image_file())
        assert response.status_code == 200, "the server is free again"


def test_S8_a_process_that_is_killed_is_replaced(server: str, workers: Workers) -> None:
    image, worker = image_file(), workers["cycle"]
    expected = httpx.post(f"{server}/v1/translate", content=image).content
    os.kill(worker.process.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(2) as clients:
        lost_request = clients.submit(
            httpx.post, f"{server}/v1/translate", content=image, timeout=60
        )
        time.sleep(0.3)  # until the request has reached the process
        waiting = clients.submit(httpx.post, f"{server}/v1/translate", content=image, timeout=60)
        os.kill(worker.process.pid, signal.SIGKILL)
        other = httpx.post(f"{server}/v1/sample", timeout=60)
        assert other.status_code == 200, "the other model still answers"
    response = lost_request.result()
    assert response.status_code == 500 and "the model's process ended" in response.json()["error"]
    assert waiting.result().content == expected
    assert worker.restarts == 1
    assert (
        'translate_model_restarts_total{model="cycle"} 1.0' in httpx.get(f"{server}/metrics").text
    )
