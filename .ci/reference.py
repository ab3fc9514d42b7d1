"""Build the API reference from docstrings, and print what is wrong with them.

The public modules are those that plugins may import (`PUBLIC` in tests/test_layers.py), and
`translate.api`, `translate.scale`, `translate.translator` and `translate.testing`. Their docstrings
are parsed as Google sections by griffe, without importing the code. Problems are warnings of griffe
(a documented parameter that does not exist or has no type, a line that is no "name: description"),
a section with an unknown title, a documented attribute that does not exist, a reference to a
`translate.module.name` that does not exist, and a public function or class without a docstring.
"""

import logging
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).parent.parent
ALSO_PUBLIC = ("api", "scale", "testing", "translator")
ADMONITIONS = {"Example", "Note", "Warning"}
"""Titles of sections that griffe renders as a box."""


class WarningCollector(logging.Handler):
    """Keeps the warnings of a logger in `messages`."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def public_modules() -> list[str]:
    """Return the names of all public modules and packages, without "translate."."""
    sys.path.append(str(ROOT / "tests/support"))  # test_layers.py imports modules from it
    layers = runpy.run_path(str(ROOT / "tests/test_layers.py"))
    return sorted({*layers["PUBLIC"], *ALSO_PUBLIC} - {"translate", "engine"})


def load(root: Path = ROOT, package: str = "translate") -> griffe.Object:
    """Return `package` below `root` as griffe reads it."""
    return griffe.load(package, search_paths=[str(root)], docstring_parser="google")


def public_objects(module: griffe.Object) -> Iterator[griffe.Object]:
    """Yield a module and every public object that is defined in it."""
    yield module
    for name, member in module.members.items():
        if not (member.is_alias or name.startswith("_")):
            yield from public_objects(member)


def find_problems(package: griffe.Object, modules: list[str]) -> list[str]:
    """Return a line for each problem of the docstrings in `modules` of `package`."""
    logger, collector = logging.getLogger("griffe"), WarningCollector()
    logger.addHandler(collector)
    ours: list[str] = []
    try:
        for module in modules:
            for documented in public_objects(package[module]):
                texts = _problems_without_warning(documented, package)
                ours += [f"{documented.path}: {text}" for text in texts]
    finally:
        logger.removeHandler(collector)
    return [*collector.messages, *ours]


def _problems_without_warning(documented: griffe.Object, package: griffe.Object) -> Iterator[str]:
    """Yield the problems of a docstring that griffe does not warn of."""
    parent = documented.parent
    if documented.docstring is None:
        if (documented.is_function or documented.is_class) and parent and parent.is_module:
            yield "expected a docstring, as it is public"
        return
    for section in documented.docstring.parsed:
        if (
            section.kind is griffe.DocstringSectionKind.admonition
            and section.title not in ADMONITIONS
        ):
            yield f"unknown section {section.title!r}; expected Args, Returns, Raises, Example ..."
        if section.kind is griffe.DocstringSectionKind.attributes:
            for attribute in section.value:
                if attribute.name not in documented.all_members:
                    yield f"documents the attribute {attribute.name!r}, which does not exist"
    name = re.escape(package.name)
    for reference in re.findall(rf"(?<!`)`({name}(?:\.\w+)+)`(?!`)", documented.docstring.value):
        try:
            package[reference.removeprefix(f"{package.name}.")]
        except KeyError:
            yield f"refers to {reference!r}, which does not exist"


def main() -> None:
    """Print every problem, and fail if there is one."""
    modules = public_modules()
    problems = find_problems(load(), modules)
    print(*problems, sep="\n", end="\n" if problems else "")
    count = f"{len(problems)} problems" if problems else "no problem"
    print(f"API reference of {len(modules)} public modules: {count}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
