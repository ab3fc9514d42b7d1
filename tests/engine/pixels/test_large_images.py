"""Images that are read and written in windows, and never in memory as a whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from command_result import CommandResult
from image_inversion import done_skipped_listed
from specs import image_spec
from tiled import random_weights

from translate.api import Translator
from translate.engine.inference.folder import FolderTranslation, translate_folder
from translate.engine.inference.inputs import sources
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.engine.pixels import large_images
from translate.engine.storage import objects
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.storage import Storage
from translate.errors import NothingUsableError
from translate.images.source import EncodedImage, read_image
from translate.registry import create_recipe

RANDOM = np.random.default_rng(0)
SIZE = (150, 203)


@pytest.fixture
def translator() -> Translator:
    part = {"name": "cut", "generator": {"name": "resnet", "width": 4, "blocks": 1}}
    recipe = random_weights(create_recipe(part, spec=image_spec((32, 32), ("a", "b"))))
    model = Model("runs/x", "digest", image_spec((32, 32), ("a", "b")), recipe=recipe)  # type: ignore[arg-type]
    return Translator._of(model)


@pytest.fixture(autouse=True)
def treat_small_images_as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGE_BYTES", 1000)


def write(path: Path, pixels: Any, **options: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, pixels, photometric="rgb", **options)
    return path


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(
    "layout", [{"tile": (32, 48)}, {"rowsperstrip": 7, "compression": "deflate"}]
)
def test_D9_an_image_in_windows_has_the_translation_of_the_whole_image(
    dtype: str, layout: dict[str, Any], translator: Translator, tmp_path: Path
) -> None:
    pixels = RANDOM.integers(0, np.iinfo(dtype).max, (*SIZE, 3), dtype)
    source = write(tmp_path / "in/a.tif", pixels, resolution=(300, 300), **layout)
    assert translator.folder(source, tmp_path / "whole").done == 1
    assert translator.folder(source, tmp_path / "tiles", tile=64).done == 1
    whole, tiles = (tmp_path / out / "a.tif" for out in ("whole", "tiles"))
    with tifffile.TiffFile(tiles) as file:
        page = file.pages[0]
        assert page.shape == (*SIZE, 3) and page.is_tiled and page.dtype == dtype  # type: ignore[union-attr]
    largest = np.iinfo(dtype).max
    difference = np.abs(tifffile.imread(whole).astype(float) - tifffile.imread(tiles))
    assert difference.max() <= max(1, largest * 2e-5)
    rerun = translator.folder(source, tmp_path / "tiles", tile=48)
    assert rerun.skipped == 1, "the output does not depend on the tile size"
    assert {path.name for path in (tmp_path / "tiles").iterdir()} == {"a.tif", ".translate"}


@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_D9_an_array_in_windows_has_the_translation_of_the_whole_array(
    suffix: str, translator: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in/a.npy"
    source.parent.mkdir()
    np.save(source, RANDOM.integers(0, 256, (*SIZE, 3), np.uint8))
    translator.folder(source, tmp_path / "whole", format=suffix[1:])
    with monkeypatch.context() as patch:
        patch.setattr(EncodedImage, "open", None)  # reads a whole file, and must not be called
        assert translator.folder(source, tmp_path / "tiles", format=suffix[1:], tile=64).done == 1
    whole, tiles = (read_image(tmp_path / out / f"a{suffix}") for out in ("whole", "tiles"))
    assert tiles.shape == (*SIZE, 3) and np.abs(whole.astype(int) - tiles).max() <= 1


@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_a_large_image_in_a_store_is_read_and_written_in_windows(
    suffix: str,
    translator: Translator,
    store: Path,
    tmp_path: Path,
    read_images: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels = RANDOM.integers(0, 256, (*SIZE, 3), np.uint8)
    source = write(tmp_path / "in/a.tif", pixels, tile=(32, 48))
    storage_of(store).replace(store / "in/a.tif", source.read_bytes())
    storage_of(store).replace(store / "in/small.tif", b"no image")
    options = InferenceOptions(tile=64, format=suffix[1:])
    expected = translator.folder(source, tmp_path / "out", tile=64, format=suffix[1:])
    monkeypatch.setitem(objects.BLOCKS, "block_size", 1 << 14)

    def run() -> tuple[int, int, int]:
        inputs = find_inputs(str(store / "in"), store / "out")
        result = translate_folder(translator._model, inputs, store / "out", options)
        return done_skipped_listed(result)

    assert expected.done == 1 and run() == (1, 0, 1)
    assert run() == (0, 1, 1)
    assert set(read_images) == {"small.tif"}, "no large image is read as a whole"
    copy = storage_of(store).open_image(store / f"out/a{suffix}", max_pixels=10**6)
    assert copy.data == (tmp_path / f"out/a{suffix}").read_bytes()


def test_alpha_is_copied_to_the_output_in_windows(translator: Translator, tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 256, (*SIZE, 4), np.uint8)
    source = write(tmp_path / "in/a.tif", pixels, extrasamples=["unassalpha"])
    translator.folder(source, tmp_path / "tiles", tile=64)
    output = tifffile.imread(tmp_path / "tiles/a.tif")
    assert np.array_equal(output[..., 3], pixels[..., 3])


def test_an_image_that_changes_while_it_is_read_leaves_no_output(
    translator: Translator, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "a.tif", RANDOM.integers(0, 256, (*SIZE, 3), np.uint8))
    real_read = large_images.StoredImage.read_file
    for root in (tmp_path, store):
        storage, image_path, out = storage_of(root), root / "in/a.tif", root / "out"
        storage.replace(image_path, source.read_bytes())

        def read_and_change(
            image: large_images.StoredImage, storage: Storage = storage, path: Path = image_path
        ) -> None:
            real_read(image)
            storage.replace(path, source.read_bytes() + b"0")

        monkeypatch.setattr(large_images.StoredImage, "read_file", read_and_change)
        with pytest.raises(NothingUsableError):
            inputs = find_inputs(root / "in", out)
            translate_folder(translator._model, inputs, out, InferenceOptions(tile=64))
        (problem,) = storage.read_lines(out / "problems.jsonl")
        assert "changed while it was read" in problem["message"]
        assert set(storage.names(out)) <= {"problems.jsonl", ".translate"}


def test_a_stop_between_tiles_leaves_no_output(translator: Translator, tmp_path: Path) -> None:
    source = write(tmp_path / "in/a.tif", RANDOM.integers(0, 256, (*SIZE, 3), np.uint8))
    out, fractions = tmp_path / "out", list[float]()
    folder = FolderTranslation(
        translator._model, find_inputs(source, out), out, InferenceOptions(tile=64),
        stop=lambda: len(fractions) > 5, watch=lambda each: fractions.append(each.current_fraction),
    )  # fmt: skip
    *_, result = folder.run()
    assert (result.done, result.listed, result.remaining) == (0, 0, 1)
    assert 0 < fractions[-1] < 1 and fractions == sorted(fractions)
    assert {path.name for path in out.iterdir()} == {".translate"}


def test_D9_an_image_with_too_many_pixels_is_refused_with_the_option_for_tiles(
    translator: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("translate.engine.models.options.MAX_PIXELS", 10_000)
    monkeypatch.setattr(sources, "MAX_PIXELS", 10_000)
    source = write(tmp_path / "in/a.tif", RANDOM.integers(0, 256, (*SIZE, 3), np.uint8))
    with pytest.raises(NothingUsableError):
        translator.folder(source, tmp_path / "out", max_pixels=10_000)
    text = (tmp_path / "out/problems.jsonl").read_text()
    assert "more than 10,000 pixels: translate it in tiles, with --tile 1024" in text
    assert translator.folder(source, tmp_path / "out", max_pixels=10_000, tile=64).done == 1
    with pytest.raises(NothingUsableError):
        translator.folder(source, tmp_path / "other", max_pixels=20_000, tile=64)


def test_formats_without_windows_are_decoded_as_a_whole_and_translated_in_tiles(
    translator: Translator, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = image_folder("in", 2, size=90)
    assert translator.folder(source, tmp_path / "out", tile=32).done == 2


def test_the_command_takes_tiles_and_memory(run_command: Callable[..., CommandResult]) -> None:
    assert "--tile N" in run_command("infer", "--help").out
    result = run_command("infer", "runs/x", "in", "out", "--memory", "4 pixels")
    assert "expected a size such as 4GB" in result.err
