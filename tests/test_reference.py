"""The API reference: docstrings of public modules are parsed without a warning."""

from pathlib import Path

import pytest
import reference


def test_the_reference_is_built_from_every_public_module_without_a_problem() -> None:
    modules = reference.public_modules()
    assert {"api", "testing", "recipe", "registry", "nn", "images"} <= set(modules)
    assert "cli" not in modules
    assert reference.find_problems(reference.load(), modules) == []


BROKEN = [
    ("Args:\n        missing: Some.", "Parameter 'missing' does not appear in the function"),
    ("Args:\n        untyped: Some.", "No type or annotation for parameter 'untyped'"),
    ("Args:\n        size in pixels", "Failed to get 'name: description' pair"),
    ("Returns:\n        A number.", "No type or annotation for returned value"),
    ("Raise:\n        ValueError: Always.", "unknown section 'Raise'"),
    ("See `strange.nowhere`.", "refers to 'strange.nowhere', which does not exist"),
]


@pytest.mark.parametrize(("docstring", "expected"), BROKEN)
def test_each_mistake_in_a_docstring_is_reported(
    docstring: str, expected: str, tmp_path: Path
) -> None:
    assert any(expected in problem for problem in problems_of_module(tmp_path, docstring))


def test_a_correct_docstring_has_no_problems(tmp_path: Path) -> None:
    docstring = (
        "Args:\n        size: Pixels.\n\n    Raises:\n        ValueError: `strange.module` is full."
    )
    assert problems_of_module(tmp_path, docstring) == []


def test_missing_docstrings_and_unknown_attributes_are_reported(tmp_path: Path) -> None:
    code = '''
def nothing(size: int): ...

class Size:
    """A size.

    Attributes:
        height: Pixels.
        depth: Pixels.
    """

    height: int
'''
    assert problems_of_module(tmp_path, code=code) == [
        "strange.module.nothing: expected a docstring, as it is public",
        "strange.module.Size: documents the attribute 'depth', which does not exist",
    ]


def problems_of_module(folder: Path, docstring: str = "", code: str = "") -> list[str]:
    """Return the problems of a module with `code`, or with a function that has `docstring`."""
    package = folder / "strange"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").touch()
    function = f'def scale(size: int, untyped):\n    """Scale.\n\n    {docstring}\n    """\n'
    (package / "module.py").write_text(f'"""A module."""\n\n{code or function}')
    return reference.find_problems(reference.load(folder, "strange"), ["module"])
