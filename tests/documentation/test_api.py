"""Pages of the Python API, of a small package."""

from pathlib import Path

import griffe
import pytest
from documentation import api
from documentation.names import PublicNames

ERRORS = '''
"""Errors."""
class BadSize(Exception):
    """Wrong."""
'''
CODE = '''
"""Sizes of images."""

from strange.errors import BadSize

SIDE = 64
"""Pixels of a side."""


class Size(tuple):
    """A size; see `scale` and `BadSize`."""

    height: int
    """Pixels, at most `SIDE`."""

    def __init__(self, height: int, *, unit: str = "px") -> None: ...

    @property
    def area(self) -> int:
        """Pixels squared."""

    def _hidden(self) -> None:
        """Not public."""


def scale(size: Size, /, factor: float | None = None, *values: int, by="x", **more) -> Size:
    """Return a larger `Size`; unlike `scale`, `by` and `nothing`.

    Args:
        size: The size.
        factor: 1 or more.

    Returns:
        Another `Size`.

    Raises:
        BadSize: The factor is 0.

    Example:
        >>> scale(Size(1))
        Size(2)
    """
'''


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the pages of a package of two modules."""
    package = tmp_path_factory.mktemp("code") / "strange"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "errors.py").write_text(ERRORS)
    (package / "sizes.py").write_text(CODE)
    loaded = griffe.load("strange", search_paths=[str(package.parent)], docstring_parser="google")
    modules = ["errors", "sizes"]
    return {
        module: api.page(loaded[module], f"reference/api/{module}.md", PublicNames(loaded, modules))
        for module in modules
    }


def test_a_signature_shows_every_kind_of_parameter(pages: dict[str, str]) -> None:
    text = pages["sizes"]
    start = "scale(size: Size, /, factor: float | None = None, *values: int, "
    assert f"{start}by='x', **more) -> Size" in text
    assert "class Size(tuple)\n\nSize(height: int, *, unit: str = 'px')" in text


def test_a_long_signature_has_a_line_for_each_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "WIDTH", 20)
    module = griffe.visit("m", Path("m.py"), "def f(size, *, unit: str = 'px') -> int: ...")
    assert api.signature(module["f"]) == "f(\n    size,\n    *,\n    unit: str = 'px',\n) -> int"


def test_google_sections_become_tables_and_blocks(pages: dict[str, str]) -> None:
    assert "| `factor` | `float | None` | 1 or more. |" in pages["sizes"]
    assert "**Returns** Another [`Size`](#strange.sizes.Size)." in pages["sizes"]
    assert "```pycon\n>>> scale(Size(1))\nSize(2)\n```" in pages["sizes"]


def test_names_link_to_their_definition_and_never_to_themselves(pages: dict[str, str]) -> None:
    text = pages["sizes"]
    link = "[`BadSize`](errors.md#strange.errors.BadSize)"
    assert f"A size; see [`scale`](#strange.sizes.scale) and {link}." in text
    assert "unlike `scale`, `by` and `nothing`." in text
    assert f"| {link} | The factor is 0. |" in text
    assert "## `BadSize` {#strange.errors.BadSize}" in pages["errors"]


def test_attributes_and_properties_are_rows_with_anchors_and_private_names_are_not_shown(
    pages: dict[str, str],
) -> None:
    assert (
        '<span id="strange.sizes.Size.area"></span>`area` | `int` | Pixels squared. |'
        in pages["sizes"]
    )
    assert "`SIDE` | `= 64` | Pixels of a side. |" in pages["sizes"]
    assert "_hidden" not in pages["sizes"]
