"""Each rule for image formats has a format that breaks only this one."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from command_result import ROOT
from PIL import Image

from translate import hookimpl
from translate.engine.plugins import discovery
from translate.formats import Writable
from translate.images.source import EncodedImage
from translate.registry import names
from translate.testing import check_format

Register = Callable[..., object]


@pytest.fixture
def npy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module of the example format, which keeps every rule."""
    monkeypatch.syspath_prepend(ROOT / "tests/examples/translate_npy")
    return import_module("translate_npy")


@pytest.fixture
def check(npy: ModuleType, register_plugin: Register) -> Callable[..., None]:
    """Check a format that differs from the example in some members."""
    managers = discovery.load(), discovery.load(torch_free=True)

    def check_changed(**members: Any) -> None:
        broken = type("Broken", (npy.Npy,), members)

        class Plugin:
            @hookimpl
            def register_formats(self) -> dict[str, Any]:
                return {"broken": broken}

        if not managers[0].has_plugin("stranger:thing"):
            register_plugin(Plugin())
        else:
            for manager in managers:
                manager.unregister(name="stranger:thing")
                manager.register(Plugin(), name="stranger:thing")
        check_format("broken")

    return check_changed


@pytest.mark.parametrize("name", sorted(names("format")))
def test_built_in_formats_keep_the_rules(name: str) -> None:
    check_format(name)


def test_a_format_that_only_reads_is_checked_on_given_files(tmp_path: Path) -> None:
    for name in ("gif", "avif"):
        path = tmp_path / f"image.{name}"
        Image.fromarray(np.zeros((9, 13, 3), np.uint8)).save(path)
        check_format(name, files=[path])


def test_the_example_keeps_the_rules(check: Callable[..., None]) -> None:
    check()


def test_suffixes_are_in_lower_case_and_written_files_are_read(check: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match=r"expected lower case with a dot.*'NPY'"):
        check(suffixes={"NPY"}, writes={})
    with pytest.raises(AssertionError, match=r"`writes` names \['.npz'\]"):
        check(writes={".npz": Writable((3,))})
    with pytest.raises(AssertionError, match="`suffixes` is empty"):
        check(suffixes=set(), writes={})


def test_probe_must_refuse_files_of_other_formats(
    npy: ModuleType, check: Callable[..., None]
) -> None:
    def probe(self: Any, source: Any, frame: int = 0) -> Any:
        own = npy.Npy.probe(self, source, frame)
        return own or npy.Header(format="ANY", size=(1, 1))

    with pytest.raises(AssertionError, match="`probe` takes nothing for its own"):
        check(probe=probe)


def test_probe_must_not_decode(npy: ModuleType, check: Callable[..., None]) -> None:
    def probe(self: Any, source: Any, frame: int = 0) -> Any:
        header = npy.Npy.probe(self, source, frame)
        return header and self.read(source).astype(float).size and header

    with pytest.raises(AssertionError, match=r"`probe` allocates .* read its header only"):
        check(probe=probe)


def test_read_returns_what_probe_announces(npy: ModuleType, check: Callable[..., None]) -> None:
    def transposed(self: Any, *arguments: Any) -> Any:
        return npy.Npy.read(self, *arguments).swapaxes(0, 1)

    with pytest.raises(AssertionError, match=r"announces \(9, 13, 1\), and `read` returns \(13, 9"):
        check(read=transposed)

    def floats(self: Any, *arguments: Any) -> Any:
        return npy.Npy.read(self, *arguments) / 255

    with pytest.raises(AssertionError, match="`probe` announces uint8, and `read` returns float64"):
        check(read=floats)


def test_read_of_a_window_is_that_part(npy: ModuleType, check: Callable[..., None]) -> None:
    def whole(self: Any, source: Any, frame: int = 0, window: Any = None) -> Any:  # noqa: ARG001
        return npy.Npy.read(self, source, frame)

    with pytest.raises(AssertionError, match="in a window is not that part of the image"):
        check(read=whole)


def test_what_is_written_without_loss_is_read_back(
    npy: ModuleType, check: Callable[..., None]
) -> None:
    def write(self: Any, pixels: Any, like: Any) -> bytes:
        return npy.Npy.write(self, pixels // 2 * 2, like)

    with pytest.raises(AssertionError, match="the pixels read differ from those written"):
        check(write=write)
    check(write=write, lossless=False)


def test_half_a_file_is_not_read(npy: ModuleType, check: Callable[..., None]) -> None:
    def probe(self: Any, source: Any, frame: int = 0) -> Any:
        return npy.Npy.probe(self, padded(source), frame)

    def read(self: Any, source: Any, *arguments: Any) -> Any:
        return npy.Npy.read(self, padded(source), *arguments)

    def padded(source: Any) -> Any:
        return EncodedImage(source.name, source.data.ljust(128 + 9 * 13 * 3, b"\0"))

    with pytest.raises(AssertionError, match="half of the file is read as an image"):
        check(probe=probe, read=read, writes={".npy": Writable((3,))})
