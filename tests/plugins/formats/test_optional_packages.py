"""Formats of optional packages; `tests/contract/files/test_formats.py` tests their pixels."""

from collections.abc import Callable
from importlib import import_module, util
from typing import Any

import numpy as np
import pytest
from encoded_images import decode_bytes

from translate.errors import BadImage
from translate.formats import Header


@pytest.mark.parametrize(
    ("package", "name", "class_name"),
    [("pillow_heif", "heif", "Heif"), ("pillow_jxl", "jxl", "Jxl")],
)
def test_without_its_package_a_format_names_the_command_that_installs_it(
    package: str, name: str, class_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(package)
    image_format: Callable[[], Any] = getattr(
        import_module(f"translate_plugins.formats.{name}"), class_name
    )
    like = Header(format="", size=(24, 17))
    data, find = image_format().write(np.zeros((24, 17, 3), np.uint8), like), util.find_spec

    def find_other_packages(module: str, *arguments: Any) -> Any:
        return None if module == package else find(module, *arguments)

    for module in ("translate.errors", f"translate_plugins.formats.{name}"):
        monkeypatch.setattr(f"{module}.find_spec", find_other_packages)
    with pytest.raises(BadImage, match=rf'pip install "translate-kit\[{name}\]"'):
        decode_bytes(data)
    assert not image_format().writes
