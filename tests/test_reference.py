"""The API reference: docstrings of public modules are parsed without a warning."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from command_result import ROOT


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """Return .ci/reference.py as a module: it is in no package."""
    specification = spec_from_file_location("reference", ROOT / ".ci/reference.py")
    assert specification and specification.loader
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_reference_is_built_from_every_public_module_without_a_warning(
    reference: ModuleType,
) -> None:
    modules = reference.public_modules()
    assert {"api", "testing", "recipe", "registry", "nn", "images"} <= set(modules)
    assert "cli" not in modules
    assert reference.problems(reference.load(), modules) == []


BROKEN = [
    ("Args:\n        missing: Some.", "Parameter 'missing' does not appear in the function"),
    ("Args:\n        untyped: Some.", "No type or annotation for parameter 'untyped'"),
    ("Args:\n        size in pixels", "Failed to get 'name: description' pair"),
    ("Returns:\n        A number.", "No type or annotation for returned value"),
    ("Raise:\n        ValueError: Always.", "unknown section 'Raise'"),
    ("See `strange.nowhere`.", "refers to 'strange.nowhere', which does not exist"),
]


@pytest.mark.parametrize(("text", "expected"), BROKEN)
def test_each_mistake_in_a_docstring_is_reported(
    text: str, expected: str, reference: ModuleType, tmp_path: Path
) -> None:
    assert any(expected in problem for problem in _problems(reference, tmp_path, text))


def test_a_correct_docstring_has_no_problems(reference: ModuleType, tmp_path: Path) -> None:
    docstring = (
        "Args:\n        size: Pixels.\n\n    Raises:\n        ValueError: `strange.module` is full."
    )
    assert _problems(reference, tmp_path, docstring) == []


def test_missing_docstrings_and_unknown_attributes_are_reported(
    reference: ModuleType, tmp_path: Path
) -> None:
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
    problems = _problems(reference, tmp_path, "", code)
    assert problems == [
        "strange.module.nothing: expected a docstring, as it is public",
        "strange.module.Size: documents the attribute 'depth', which does not exist",
    ]


def _problems(reference: ModuleType, folder: Path, text: str, code: str = "") -> list[str]:
    package = folder / "strange"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").touch()
    function = f'def scale(size: int, untyped):\n    """Scale.\n\n    {text}\n    """\n'
    (package / "module.py").write_text(f'"""A module."""\n\n{code or function}')
    problems: list[str] = reference.problems(reference.load(folder, "strange"), ["module"])
    return problems
