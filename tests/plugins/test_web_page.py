"""The page of an exported model has in a real browser the outputs of the run."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import gettempdir
from threading import Thread
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
import small_checkpoints
import torch
from PIL import Image
from torch import Tensor

from translate.api import Translator
from translate.engine.exports import exporting, generators
from translate.engine.models.model import Model, load
from translate.errors import ConfigError
from translate.exchange.export import export_model
from translate.images.tensors import from_device
from translate.nn.latents import PRIORS, Prior
from translate_plugins.exporters import web

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def runtime() -> Path:
    """Return the package of npm, kept for other tests; skip where npm cannot be reached."""
    path = Path(gettempdir()) / web.RUNTIME_URL.rpartition("/")[2]
    if path.exists() and _hash(path.read_bytes()) == web.RUNTIME_SHA512:
        return path
    try:
        with urlopen(web.RUNTIME_URL, timeout=60) as answer:
            path.write_bytes(answer.read())
    except (URLError, TimeoutError) as error:
        pytest.skip(f"npm cannot be reached: {error}")
    return path


def _hash(data: bytes) -> str:
    return b64encode(hashlib.sha512(data).digest()).decode()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Serve the page of a run as any file server does; return its address and the run."""
    folder = tmp_path_factory.mktemp("site")
    run = small_checkpoints.cyclegan(folder / "run")
    with served(run, folder / "page", runtime) as address:
        yield address, run


@contextmanager
def served(run: Path, page: Path, runtime: Path) -> Iterator[str]:
    """Export the page of a run, and yield its address."""
    export_model(run, page, web=True, runtime=runtime)
    handler = partial(QuietHandler, directory=page)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.slow  # it compiles a model and starts a browser
def test_a_chosen_image_is_translated_as_by_the_run(
    browser: "Browser", site: tuple[str, Path], tmp_path: Path
) -> None:
    address, run = site
    pixels = cv2.resize(np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8), (61, 45))
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme="dark")
    page_errors, hosts = [], set()
    page.on("console", lambda message: page_errors.append(message.text))
    page.on("pageerror", lambda error: page_errors.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(address)
    page.get_by_text("The model is ready.").wait_for()
    assert page.get_by_role("heading", name="summer to winter").is_visible()
    page.get_by_label("Drop an image here").set_input_files(tmp_path / "photo.png")
    link = page.get_by_role("link", name="Download the translation")
    link.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "nothing is cut off"
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "photo-winter.png"
    actual = np.asarray(Image.open(download.value.path()).convert("RGB"))
    expected = np.asarray(Translator.load(run)(tmp_path / "photo.png"))
    assert actual.shape == expected.shape
    assert np.abs(actual.astype(int) - expected).max() <= 1
    slider = page.get_by_label("Compare")
    slider.focus()
    page.keyboard.press("End")
    assert "0%" in page.evaluate("document.getElementById('before').style.clipPath")

    alpha = np.linspace(0, 255, 45 * 61).astype(np.uint8).reshape(45, 61, 1)
    Image.fromarray(np.concatenate([pixels, alpha], axis=2)).save(tmp_path / "drawing.png")
    page.get_by_label("Drop an image here").set_input_files(tmp_path / "drawing.png")
    page.get_by_text("drawing.png, 61x45").wait_for()
    with page.expect_download() as download:
        link.click()
    assert np.array_equal(np.asarray(Image.open(download.value.path()))[..., 3:], alpha)

    (tmp_path / "broken.png").write_bytes(b"no image")
    page.get_by_label("Drop an image here").set_input_files(tmp_path / "broken.png")
    page.get_by_text("broken.png is no image that this browser can read").wait_for()
    assert not page_errors
    assert hosts == {address.split("/")[2]}, "nothing leaves the computer"


@pytest.fixture(scope="module")
def generation(
    browser: "Browser", runtime: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple["Page", Model]]:
    """Open the page of a tiny InfoGAN; return it and the model."""
    folder = tmp_path_factory.mktemp("generation")
    run = small_checkpoints.gan(folder / "run", "infogan")
    with served(run, folder / "page", runtime) as address:
        page = browser.new_page(viewport={"width": 360, "height": 740})
        page.goto(address)
        page.get_by_text("The model is ready.").wait_for()
        yield page, load(run, device="cpu")[0]


def latents_of(page: "Page", parts: Sequence[Prior], count: int, seed: int) -> Tensor:
    """Return the latents that the page draws, (count, dim, 1, 1)."""
    prior = [{"distribution": part.name, "dim": part.dim} for part in parts]
    script = "async (a) => [...(await import('./latents.js')).drawLatents(...a)]"
    return torch.tensor(page.evaluate(script, [prior, count, seed])).view(count, -1, 1, 1)


@pytest.mark.slow
def test_images_are_generated_from_a_seed_and_a_class(generation: tuple["Page", Model]) -> None:
    page, model = generation
    page_errors: list[str] = []
    page.on("console", lambda message: page_errors.append(message.text))
    page.get_by_label("Number of images").select_option("4")
    page.get_by_label("Random seed").fill("5")
    for label, classes in (("", [0, 1, 2, 3]), ("7", [7] * 4)):
        page.get_by_label("Class").select_option(label)
        page.get_by_role("button", name="Generate").click()
        page.get_by_text("Generated in").wait_for()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the images").click()
        assert download.value.suggested_filename == "infogan-5.png"
        sheet = np.asarray(Image.open(download.value.path()).convert("L"))
        latents = latents_of(page, model.recipe.prior.parts, 4, 5)
        output = model.recipe.eval().draw(latents, torch.tensor(classes))
        first, second, third, fourth = (i[..., 0] for i in from_device(output, model.spec.target))
        expected = np.block([[first, second], [third, fourth]])
        assert np.abs(sheet.astype(int) - expected).max() <= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "nothing is cut off"
    assert not page_errors


@pytest.mark.slow
@pytest.mark.parametrize("name", PRIORS)
def test_the_page_draws_latents_of_each_distribution(
    name: str, generation: tuple["Page", Model]
) -> None:
    values = latents_of(generation[0], [Prior(name, dim=8)], 2000, 0).double()
    expected = Prior(name, dim=8).draw(20_000, torch.Generator().manual_seed(0)).double()
    assert (values.mean(0) - expected.mean(0)).abs().max() < 0.1
    assert values.square().mean().item() == pytest.approx(expected.square().mean().item(), rel=0.03)
    assert values.abs().max() <= expected.abs().max() * 1.1
    actual, expected = (x.flatten(1).norm(dim=1).std().item() for x in (values, expected))
    assert actual == pytest.approx(expected, abs=0.05)
    assert torch.equal(values[:3], latents_of(generation[0], [Prior(name, dim=8)], 3, 0).double())
    assert not torch.equal(values[:3], latents_of(generation[0], [Prior(name, dim=8)], 3, 1))


def test_latents_that_a_page_cannot_draw_are_refused(tmp_path: Path) -> None:
    model, _ = load(small_checkpoints.gan(tmp_path / "run"), device="cpu")
    model.recipe.__class__ = type(
        "Own", (type(model.recipe),), {"latents": lambda *_: torch.zeros(1, 4, 1, 1)}
    )
    with pytest.raises(ConfigError, match=r"defines the distribution of the latents in code"):
        web.WebExporter(runtime=Path("none")).write(generators.describe(model, {}))


def test_a_runtime_that_differs_from_the_file_of_npm_is_refused(tmp_path: Path) -> None:
    assert len(b64decode(web.RUNTIME_SHA512)) == 64
    (tmp_path / "runtime.tgz").write_bytes(b"another")
    with pytest.raises(ConfigError, match=r"runtime.tgz is not the file that npm published as"):
        web.read_runtime(tmp_path / "runtime.tgz")
    with pytest.raises(ConfigError, match=r"--runtime .*absent.tgz cannot be read: No such file"):
        web.read_runtime(tmp_path / "absent.tgz")


def test_a_failed_download_of_the_runtime_names_the_option_that_replaces_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web, "RUNTIME_URL", "http://127.0.0.1:9/onnxruntime-web.tgz")
    with pytest.raises(ConfigError, match=r"could not be downloaded .* type: --runtime FILE"):
        web.read_runtime(None)


def test_images_that_no_browser_reads_are_refused(tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    exported = exporting.describe(load(run, device="cpu")[0], "winter", {})
    web.require_8_bit_images(exported)
    exported.metadata["source"]["dtype"] = "int16"
    with pytest.raises(ConfigError, match="those of the source 'summer' are int16"):
        web.require_8_bit_images(exported)
