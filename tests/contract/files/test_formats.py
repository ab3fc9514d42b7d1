"""Each rule for image formats has a format that breaks only this one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from plain_format import Plain

from translate import hookimpl
from translate.engine.plugins import discovery
from translate.formats import Header, Writable
from translate.images.layers import Layers
from translate.images.source import EncodedImage
from translate.registry import names
from translate.testing import check_format

Register = Callable[..., object]
RGB = {".plain": Writable((3,))}


@pytest.fixture
def check(register_plugin: Register) -> Callable[..., None]:
    """Check a format that differs from `Plain` in some members."""
    managers = discovery.load(), discovery.load(torch_free=True)

    def check_changed(**members: Any) -> None:
        broken = type("Broken", (Plain,), members)

        class Plugin:
            @hookimpl
            def register_formats(self) -> dict[str, Any]:
                return {"broken": broken}

        if not managers[0].has_plugin("other:thing"):
            register_plugin(Plugin())
        else:
            for manager in managers:
                manager.unregister(name="other:thing")
                manager.register(Plugin(), name="other:thing")
        check_format("broken")

    return check_changed


@pytest.mark.parametrize("name", sorted(names("format")))
def test_built_in_formats_keep_the_rules(name: str) -> None:
    check_format(name)


def test_a_format_that_only_reads_is_checked_on_given_files(tmp_path: Path) -> None:
    path = tmp_path / "image.gif"
    Image.fromarray(np.zeros((9, 13, 3), np.uint8)).save(path)
    check_format("gif", files=[path])


def test_a_format_of_all_types_keeps_the_rules(check: Callable[..., None]) -> None:
    check()


def test_suffixes_are_in_lower_case_and_written_files_are_read(check: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match=r"expected lower case with a dot.*'NPY'"):
        check(suffixes={"NPY"}, writes={})
    with pytest.raises(AssertionError, match=r"`writes` has \['.other'\]"):
        check(writes={".other": Writable((3,))})
    with pytest.raises(AssertionError, match="`suffixes` is empty"):
        check(suffixes=set(), writes={})


def test_types_of_numbers_are_those_that_images_have(check: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match=r"`writes` has the dtypes \['float64'\]: expected"):
        check(writes={".plain": Writable((3,), ("float64",))})


def test_probe_must_refuse_files_of_other_formats(check: Callable[..., None]) -> None:
    def probe(self: Any, source: Any, frame: int = 0) -> Any:
        return Plain.probe(self, source, frame) or Header(format="ANY", size=(1, 1))

    with pytest.raises(AssertionError, match="`probe` accepts an empty file"):
        check(probe=probe)


def test_probe_must_not_decode(check: Callable[..., None]) -> None:
    def probe(self: Any, source: Any, frame: int = 0) -> Any:
        header = Plain.probe(self, source, frame)
        return header and self.read(source).pixels.astype(float).size and header

    with pytest.raises(AssertionError, match=r"`probe` allocates .* read only its header"):
        check(probe=probe)


def test_read_returns_what_probe_declares(check: Callable[..., None]) -> None:
    def transposed(self: Any, *arguments: Any) -> Any:
        return Plain.read(self, *arguments).pixels.swapaxes(0, 1)

    with pytest.raises(AssertionError, match=r"declares \(9, 13, 3\), and `read` returns \(13, 9"):
        check(read=transposed, writes=RGB)

    def floats(self: Any, *arguments: Any) -> Any:
        return (Plain.read(self, *arguments).pixels / 255).astype(np.float32)

    with pytest.raises(AssertionError, match="declares uint8, and `read` returns float32"):
        check(read=floats, writes=RGB)

    def unknown(self: Any, source: Any, frame: int = 0) -> Any:
        header = Plain.probe(self, source, frame)
        return header and replace(header, dtype="float64")

    with pytest.raises(AssertionError, match="declares float64: expected one of"):
        check(probe=unknown)


def test_read_of_a_window_is_that_part(check: Callable[..., None]) -> None:
    def whole(self: Any, source: Any, frame: int = 0, window: Any = None) -> Any:  # noqa: ARG001
        return Plain.read(self, source, frame)

    with pytest.raises(AssertionError, match="in a window is not that part of the image"):
        check(read=whole)


def test_what_is_written_without_loss_is_read_back(check: Callable[..., None]) -> None:
    def write(self: Any, pixels: Any, like: Any) -> bytes:
        changed = pixels // 2 * 2
        changed[..., 3:] = pixels[..., 3:]
        return Plain.write(self, changed, like)

    with pytest.raises(AssertionError, match="pixels change when they are written and read"):
        check(write=write, writes=RGB)
    check(write=write, writes=RGB, lossless=False)


def test_the_type_of_numbers_is_kept(check: Callable[..., None]) -> None:
    def write(self: Any, pixels: Any, like: Any) -> bytes:
        return Plain.write(self, pixels.astype(np.uint8), like)

    with pytest.raises(AssertionError, match="of 3 channels of uint16 is read back as uint8"):
        check(write=write, writes={".plain": Writable((3,), ("uint8", "uint16"))})


def test_alpha_is_neither_lost_nor_added(check: Callable[..., None]) -> None:
    opaque = {".plain": Writable((3,), alpha=True)}

    def lost(self: Any, pixels: Any, like: Any) -> bytes:
        return Plain.write(self, pixels[..., :3], replace(like, alpha=False))

    with pytest.raises(AssertionError, match="and alpha: alpha is lost"):
        check(write=lost, writes=opaque)

    def added(self: Any, pixels: Any, like: Any) -> bytes:
        white = np.full_like(pixels[..., :1], 255)
        return Plain.write(self, np.dstack([pixels, white]), replace(like, alpha=True))

    with pytest.raises(AssertionError, match="of 3 channels of uint8: alpha is added"):
        check(write=added, writes=RGB)

    def declared(self: Any, source: Any, frame: int = 0) -> Any:
        header = Plain.probe(self, source, frame)
        return header and replace(header, alpha=not header.alpha)

    with pytest.raises(AssertionError, match="`probe` declares `alpha` True, and `read` returns"):
        check(probe=declared)

    def inverted(self: Any, *arguments: Any) -> Any:
        layers = Plain.read(self, *arguments)
        return layers if layers.alpha is None else Layers(layers.pixels, 255 - layers.alpha)

    with pytest.raises(AssertionError, match="alpha changes when it is written and read"):
        check(read=inverted, writes=opaque)


def test_tiles_make_the_image(check: Callable[..., None]) -> None:
    def write_tiles(self: Any, file: Any, tiles: Any, *arguments: Any) -> None:
        Plain.write_tiles(self, file, iter([*tiles][::-1]), *arguments)

    with pytest.raises(AssertionError, match="`write_tiles` stores other pixels than its tiles"):
        check(write_tiles=write_tiles)


def test_half_a_file_is_not_read(check: Callable[..., None]) -> None:
    def read(self: Any, source: Any, *arguments: Any) -> Any:
        whole = source.data.ljust(40 + 9 * 13 * 3, b"\0")
        head = whole.index(b"\n") + 1
        return Plain.read(self, EncodedImage("x", whole[: head + 9 * 13 * 3]), *arguments)

    with pytest.raises(AssertionError, match="a truncated file is read as an image"):
        check(read=read, writes=RGB)
