"""The check of an image format reports which rule the format breaks; built-in formats keep all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from plain_format import PlainFormat
from valid_recipe import register_parts

from translate.engine.plugins import discovery
from translate.formats import Header, Writable
from translate.images.layers import Layers
from translate.images.source import EncodedImage
from translate.registry import names
from translate.testing import check_format

RGB = {".plain": Writable((3,))}


@pytest.fixture
def check_changed_format(register_plugin) -> Callable[..., None]:
    """Return a function that checks a format with other members than `PlainFormat`."""

    def check(**members: Any) -> None:
        for manager in (discovery.load(), discovery.load(torch_free=True)):
            if manager.has_plugin("other:tested"):
                manager.unregister(name="other:tested")
        changed_format = type("ChangedFormat", (PlainFormat,), members)
        register_parts(register_plugin, "other:tested", formats={"changed": changed_format})
        check_format("changed")

    return check


@pytest.mark.parametrize("name", sorted(names("format")))
def test_built_in_formats_keep_the_rules(name: str) -> None:
    check_format(name)


def test_a_format_that_only_reads_is_checked_on_given_files(tmp_path: Path) -> None:
    path = tmp_path / "image.gif"
    Image.fromarray(np.zeros((9, 13, 3), np.uint8)).save(path)
    check_format("gif", files=[path])


def test_a_format_of_all_dtypes_keeps_the_rules(check_changed_format) -> None:
    check_changed_format()


def test_suffixes_are_in_lower_case_and_include_those_of_written_files(
    check_changed_format,
) -> None:
    with pytest.raises(AssertionError, match=r"expected lower case with a dot.*'NPY'"):
        check_changed_format(suffixes={"NPY"}, writes={})
    with pytest.raises(AssertionError, match=r"`writes` has \['.other'\]"):
        check_changed_format(writes={".other": Writable((3,))})
    with pytest.raises(AssertionError, match="`suffixes` is empty"):
        check_changed_format(suffixes=set(), writes={})


def test_a_format_may_write_only_dtypes_that_images_have(check_changed_format) -> None:
    with pytest.raises(AssertionError, match=r"`writes` has the dtypes \['float64'\]: expected"):
        check_changed_format(writes={".plain": Writable((3,), ("float64",))})


def test_probe_must_return_none_for_other_files(check_changed_format) -> None:
    def probe(self: Any, source: Any, frame: int = 0) -> Any:
        return PlainFormat.probe(self, source, frame) or Header(format="ANY", size=(1, 1))

    with pytest.raises(AssertionError, match="`probe` accepts an empty file"):
        check_changed_format(probe=probe)


def test_probe_must_not_decode_pixels(check_changed_format) -> None:
    def probe(self: Any, source: Any, frame: int = 0) -> Any:
        header = PlainFormat.probe(self, source, frame)
        if header:
            self.read(source).pixels.astype(float)
        return header

    with pytest.raises(AssertionError, match=r"`probe` allocates .* read only its header"):
        check_changed_format(probe=probe)


def test_read_returns_what_probe_declares(check_changed_format) -> None:
    def read_transposed(self: Any, *arguments: Any) -> Any:
        return PlainFormat.read(self, *arguments).pixels.swapaxes(0, 1)

    with pytest.raises(AssertionError, match=r"declares \(9, 13, 3\), and `read` returns \(13, 9"):
        check_changed_format(read=read_transposed, writes=RGB)

    def read_floats(self: Any, *arguments: Any) -> Any:
        return (PlainFormat.read(self, *arguments).pixels / 255).astype(np.float32)

    with pytest.raises(AssertionError, match="declares uint8, and `read` returns float32"):
        check_changed_format(read=read_floats, writes=RGB)

    def probe_float64(self: Any, source: Any, frame: int = 0) -> Any:
        header = PlainFormat.probe(self, source, frame)
        return header and replace(header, dtype="float64")

    with pytest.raises(AssertionError, match="declares float64: expected one of"):
        check_changed_format(probe=probe_float64)


def test_read_must_return_the_pixels_of_a_window_only(check_changed_format) -> None:
    def read_whole_image(self: Any, source: Any, frame: int = 0, window: Any = None) -> Any:  # noqa: ARG001
        return PlainFormat.read(self, source, frame)

    with pytest.raises(AssertionError, match="in a window is not that part of the image"):
        check_changed_format(read=read_whole_image)


def test_a_lossless_format_must_store_the_exact_pixels(check_changed_format) -> None:
    def write(self: Any, pixels: Any, like: Any) -> bytes:
        changed_pixels = pixels // 2 * 2
        changed_pixels[..., 3:] = pixels[..., 3:]
        return PlainFormat.write(self, changed_pixels, like)

    with pytest.raises(AssertionError, match="pixels change when they are written and read"):
        check_changed_format(write=write, writes=RGB)
    check_changed_format(write=write, writes=RGB, lossless=False)


def test_a_format_must_store_the_dtype(check_changed_format) -> None:
    def write(self: Any, pixels: Any, like: Any) -> bytes:
        return PlainFormat.write(self, pixels.astype(np.uint8), like)

    with pytest.raises(AssertionError, match="of 3 channels of uint16 is read back as uint8"):
        check_changed_format(write=write, writes={".plain": Writable((3,), ("uint8", "uint16"))})


def test_a_format_must_store_alpha_if_and_only_if_the_image_has_it(check_changed_format) -> None:
    rgb_or_rgba = {".plain": Writable((3,), alpha=True)}

    def write_without_alpha(self: Any, pixels: Any, like: Any) -> bytes:
        return PlainFormat.write(self, pixels[..., :3], replace(like, alpha=False))

    with pytest.raises(AssertionError, match="and alpha: alpha is lost"):
        check_changed_format(write=write_without_alpha, writes=rgb_or_rgba)

    def write_white_alpha(self: Any, pixels: Any, like: Any) -> bytes:
        white = np.full_like(pixels[..., :1], 255)
        return PlainFormat.write(self, np.dstack([pixels, white]), replace(like, alpha=True))

    with pytest.raises(AssertionError, match="of 3 channels of uint8: alpha is added"):
        check_changed_format(write=write_white_alpha, writes=RGB)

    def probe_opposite_alpha(self: Any, source: Any, frame: int = 0) -> Any:
        header = PlainFormat.probe(self, source, frame)
        return header and replace(header, alpha=not header.alpha)

    with pytest.raises(AssertionError, match="`probe` declares `alpha` True, and `read` returns"):
        check_changed_format(probe=probe_opposite_alpha)

    def read_inverted_alpha(self: Any, *arguments: Any) -> Any:
        layers = PlainFormat.read(self, *arguments)
        return layers if layers.alpha is None else Layers(layers.pixels, 255 - layers.alpha)

    with pytest.raises(AssertionError, match="alpha changes when it is written and read"):
        check_changed_format(read=read_inverted_alpha, writes=rgb_or_rgba)


def test_write_tiles_must_store_the_same_image_as_write(check_changed_format) -> None:
    def write_tiles(self: Any, file: Any, tiles: Any, *arguments: Any) -> None:
        PlainFormat.write_tiles(self, file, iter([*tiles][::-1]), *arguments)

    with pytest.raises(AssertionError, match="`write_tiles` stores other pixels than its tiles"):
        check_changed_format(write_tiles=write_tiles)


def test_read_must_raise_for_a_truncated_file(check_changed_format) -> None:
    def read(self: Any, source: Any, *arguments: Any) -> Any:
        header_end = source.data.index(b"\n") + 1
        padded = source.data.ljust(header_end + 9 * 13 * 3, b"\0")
        return PlainFormat.read(self, EncodedImage("padded", padded), *arguments)

    with pytest.raises(AssertionError, match="a truncated file is read as an image"):
        check_changed_format(read=read, writes=RGB)
