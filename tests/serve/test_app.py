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
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from PIL import Image
from served import running_server

from translate.serve.app import create_app
from translate.serve.models.worker import Worker
from translate.serve.requests.access import OPEN, access_to
from translate.serve.requests.limits import Limits
from translate.translator import Translator

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Workers = dict[str, Worker]
TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def server(workers: Workers) -> Iterator[str]:
    with running_server(workers) as address:
        yield address


@pytest.fixture(scope="module")
def model(workers: Workers) -> Translator:
    """Return the model called ``cycle``, in this process."""
    return Translator.load(workers["cycle"].reference, device="cpu")


def encoded(number: int = 0, form: str = "PNG") -> bytes:
    """Return an image file, for each `number` another one."""
    random = np.random.default_rng(number)
    values = random.integers(0, 256, (16, 24 + number, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(values).save(file, form)
    return file.getvalue()


def pixels(data: bytes) -> bytes:
    return Image.open(BytesIO(data)).tobytes()


def test_S9_there_are_no_routes_but_these(workers: Workers) -> None:
    """Whoever adds a route decides here that it neither trains nor takes a path or a URL."""
    gate = create_app(workers, access_to("127.0.0.1", None), Limits())
    app: Any = gate.app
    found = {(route.path, *sorted(route.methods - {"HEAD"})) for route in app.routes}
    assert found == {
        *(("/", "GET"), ("/page.css", "GET"), ("/page.js", "GET")),
        *(("/docs", "GET"), ("/docs.js", "GET"), ("/openapi.json", "GET")),
        *(("/health", "GET"), ("/metrics", "GET"), ("/v1/models", "GET")),
        *(("/v1/translate", "POST"), ("/v1/sample", "POST")),
    }
    assert {path for path, _ in found} >= OPEN


def test_the_body_or_a_form_is_translated(server: str, model: Translator) -> None:
    image = encoded()
    expected = model(image, to="summer", size=8)
    query = httpx.post(f"{server}/v1/translate?to=summer&size=8", content=image)
    form = httpx.post(
        f"{server}/v1/translate",
        data={"to": "summer", "size": "8", "model": "cycle"},
        files={"image": ("photo.png", image)},
    )
    for answer in (query, form):
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/png"
        assert pixels(answer.content) == expected.tobytes()
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
        (("POST", "/v1/translate?steps=4", encoded()), 400, "no parameter 'steps'"),
        (
            ("POST", "/v1/translate?model=../../etc/passwd", b"x"),
            404,
            "those that translate: cycle",
        ),
        (("POST", "/v1/translate?model=cgan", b"x"), 404, "those that translate: cycle"),
        (("POST", "/v1/translate?model=%00", b"x"), 404, "those that translate: cycle"),
        (("POST", "/v1/translate?image=http://127.0.0.1/x", b""), 400, "image: expected"),
        (("POST", "/v1/sample", b"x"), 400, "send no file"),
        (("POST", "/v1/train", b""), 404, "unknown address"),
        (("GET", "/v1/translate", b""), 405, "another method"),
        (("GET", "/../../etc/passwd", b""), 404, "unknown address"),
        (("GET", "/v1/models/", b""), 404, "unknown address"),
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
        answer = httpx.post(f"{address}/v1/translate", content=encoded())
        assert answer.status_code == 401 and TOKEN not in answer.text
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert httpx.get(f"{address}/v1/models", headers=headers).status_code == 200
        assert httpx.get(f"{address}/health").status_code == 200


def test_S4_200_requests_of_8_clients_are_neither_lost_nor_mixed(
    server: str, workers: Workers, model: Translator
) -> None:
    """One in ten is no image; each client has an image of its own."""
    images = [encoded(number) for number in range(8)]
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
                    right.append(pixels(answer.content) == expected[client])
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
            answer = httpx.post(f"{address}/v1/translate", content=encoded())
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            assert time.monotonic() - began < 5
            yield b"ended"

        assert httpx.post(place.join("/v1/translate"), content=slow()).status_code == 422
        answer = httpx.post(f"{address}/v1/translate", content=encoded())
        assert answer.status_code == 200, "there is room again"


def test_S8_a_process_that_is_killed_is_replaced(server: str, workers: Workers) -> None:
    image, worker = encoded(), workers["cycle"]
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


def test_the_page_translates_compares_and_explains(
    browser: "Browser", server: str, model: Translator, tmp_path: Path
) -> None:
    photo, text = tmp_path / "photo.png", tmp_path / "notes.txt"
    photo.write_bytes(encoded())
    text.write_text("no image")
    page = browser.new_page(viewport={"width": 375, "height": 700})
    errors, requests = [], []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(server)
    page.get_by_label("Model", exact=True).wait_for()
    assert page.get_by_label("Model", exact=True).input_value() == "cycle"
    assert page.get_by_label("to", exact=True).input_value() == "winter"

    page.get_by_label("Drop an image here").set_input_files(photo)
    page.get_by_label("to", exact=True).select_option("summer")
    page.get_by_text("Options").first.click()
    page.get_by_label("size").fill("8")
    page.get_by_role("button", name="Translate").click()
    page.get_by_text("Done.").wait_for()
    after = page.get_by_alt_text("The result: photo.png, translated (summer)")
    assert after.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [12, 8]
    with page.expect_download() as download:
        page.get_by_text("Download the result").click()
    assert download.value.suggested_filename == "photo-summer.png"
    expected = model(photo, to="summer", size=8)
    assert pixels(Path(download.value.path()).read_bytes()) == expected.tobytes()

    before, share = page.get_by_alt_text("The original: photo.png"), page.get_by_label("Compare")
    share.focus()
    share.press("End")
    assert before.evaluate("image => image.style.clipPath") in (
        "inset(0px 0% 0px 0px)",
        "inset(0px)",
    )
    share.press("Home")
    assert "100%" in before.evaluate("image => image.style.clipPath")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 375, "nothing is cut off on a phone"
    assert not errors

    photo.with_suffix(".tif").write_bytes(encoded(form="TIFF"))
    page.get_by_label("Drop an image here").set_input_files(photo.with_suffix(".tif"))
    page.get_by_role("button", name="Translate").click()
    page.get_by_text("Previews in 8 bits").wait_for()
    assert share.is_visible()
    after = page.get_by_alt_text("The result: photo.tif, translated (summer)")
    assert after.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [12, 8]
    with page.expect_download() as download:
        page.get_by_text("Download the result").click()
    assert download.value.suggested_filename == "photo-summer.tiff"
    assert Path(download.value.path()).read_bytes().startswith(b"II*")

    page.get_by_label("Drop an image here").set_input_files(text)
    page.get_by_role("button", name="Translate").click()
    page.get_by_text("the image: no image of a known format").wait_for()
    assert not after.is_visible()

    page.get_by_label("Model", exact=True).select_option("cgan")
    page.get_by_label("label").select_option("two")
    page.get_by_label("count").fill("4")
    page.get_by_role("button", name="Generate").click()
    drawn = page.get_by_alt_text("Images generated by cgan")
    drawn.wait_for()
    assert drawn.evaluate("image => image.naturalWidth") == 18

    page.get_by_text("HTTP API").click()
    page.get_by_text("POST /v1/translate").wait_for()
    page.get_by_role("cell", name="scale_back").wait_for()
    assert all(url.startswith((f"{server}/", "blob:", "data:")) for url in requests)
    page.close()


def test_the_page_asks_for_the_token(browser: "Browser", workers: Workers) -> None:
    with running_server(workers, token=TOKEN) as address:
        page = browser.new_page()
        page.goto(address)
        page.get_by_text("This server needs a token.").wait_for()
        page.get_by_label("Token that the server printed").fill("another")
        page.get_by_role("button", name="Use the token").click()
        page.get_by_text("The token is wrong.").wait_for()
        page.get_by_label("Token that the server printed").fill(TOKEN)
        page.get_by_role("button", name="Use the token").click()
        page.get_by_label("Model", exact=True).wait_for()
        page.close()
        page = browser.new_page()
        page.goto(f"{address}/#token={TOKEN}")
        page.get_by_label("Model", exact=True).wait_for()
        assert TOKEN not in page.url
        page.close()
