"""Sizes that no memory holds: images long and thin, and a wish for large ones, are listed."""

import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hole_filling import MODEL, MinimalRecipe, fill_folder, problem_messages
from PIL import Image
from torch import Tensor

from translate.api import Translator
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.inference.processing import scaled
from translate.errors import BadImage, DataError, NothingUsableError
from translate.images import domain_images
from translate.images.resize import resize_pixels


class Copies(MinimalRecipe):
    """Returns images as they are."""

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return images


COPIES = replace(MODEL, recipe=Copies())


def strip(path: Path, width: int) -> Path:
    """Write a black gray PNG of `width` by one pixels, of a thousandth of that in bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1 + width))) + chunk(b"IEND", b"")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + body)
    return path


def photo(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 40, 3), np.uint8)).save(path)
    return path


@pytest.mark.parametrize("size", [100_000, 10**6, 2**31, 2**63, 10**20, 10**24, 10**400])
def test_a_size_beyond_memory_is_listed_for_each_image(size: int, tmp_path: Path) -> None:
    photo(tmp_path / "in/a.png")
    with pytest.raises(NothingUsableError):
        fill_folder(tmp_path / "in", tmp_path / "out", COPIES, size=size)
    (message,) = problem_messages(tmp_path / "out")
    assert message.startswith("its 40x32 pixels would become ")
    assert message.endswith("178,956,970 are made, choose a smaller size")
    for options, error in (
        (tmp_path / "in/a.png", BadImage),
        (np.zeros((32, 40, 3), np.uint8), DataError),
    ):
        with pytest.raises(error, match="40x32 pixels would become"):
            Translator._of(COPIES)(options, size=size)


@pytest.mark.parametrize("width", [60_000, 500_000, 2_000_000])
def test_a_strip_is_listed_and_the_others_are_translated(width: int, tmp_path: Path) -> None:
    for name in ("a", "z"):
        photo(tmp_path / f"in/{name}.png")
    strip(tmp_path / "in/b.png", width)
    summary = fill_folder(tmp_path / "in", tmp_path / "out", COPIES, size=64)
    assert (summary.done, summary.listed) == (2, 1)
    (message,) = [line for line in problem_messages(tmp_path / "out") if "would become" in line]
    assert f"its {width}x1 pixels would become {width * 64 * 64:,}" in message


def test_max_pixels_applies_to_enlarged_sizes(tmp_path: Path) -> None:
    photo(tmp_path / "in/a.png")
    most = 64 * 80
    assert (
        fill_folder(tmp_path / "in", tmp_path / "out", COPIES, size=64, max_pixels=most).done == 1
    )
    with pytest.raises(NothingUsableError):
        fill_folder(tmp_path / "in", tmp_path / "out2", COPIES, size=64, max_pixels=most - 1)
    assert scaled(np.zeros((32, 40, 3), np.uint8), 16, 1).shape == (16, 20, 3)  # never enlarged


def test_an_error_while_scaling_an_image_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        photo(tmp_path / f"in/{name}.png")
    real, errors = resize_pixels, [MemoryError(), OverflowError("too large"), KeyError("x")]
    for error in errors:

        def fail(pixels: Any, size: Any, error: Exception = error) -> Any:
            if pixels.shape[0] == 32:
                raise error
            return real(pixels, size)

        monkeypatch.setattr(domain_images, "resize_pixels", fail)
        out = tmp_path / type(error).__name__
        with pytest.raises(NothingUsableError):
            fill_folder(tmp_path / "in", out, COPIES, size=16)
        reason = {MemoryError: "not enough memory", OverflowError: "too large", KeyError: "'x'"}
        assert problem_messages(out) == [reason[type(error)]] * 2
    monkeypatch.undo()


@pytest.mark.parametrize("width", [60_000, 2_000_000])
def test_training_lists_a_strip_before_the_first_step(width: int, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        photo(tmp_path / f"one/train/{name}.png")
    path = strip(tmp_path / "one/train/strip.png", width)
    for cache in (0, 4):
        settings = Data(
            root=tmp_path, domains=("one",), layout="images", size=64, max_bad=0.5, cache=cache
        )
        checked_data = check.check_data(check.open_layout(settings), settings)
        (problem,) = checked_data.problems
        assert problem.path == path
        assert problem.message.startswith(f"its {width}x1 pixels would become ")
        assert "before a crop of 64x64, more than 178,956,970: split it" in problem.message
        assert len(checked_data.layout) == 3
