"""The modules of the engine and of the built-in plugins, and their syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Module:
    """A source file."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """The file, parsed when a test first asks for it."""
        return ast.parse(self.path.read_text())

    def at(self, node: ast.AST, problem: str) -> str:
        """Return a line with the file, the line of `node`, and its problem."""
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}: {problem}"


def modules(root: Path) -> list[Module]:
    """Return every module of the package in the folder `root`."""
    result = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        result.append(Module(name, path))
    return result


OUR_MODULES = modules(ROOT / "translate")
PLUGIN_MODULES = modules(ROOT / "plugins/translate_plugins")
MODULE_NAMES = {module.name for module in OUR_MODULES + PLUGIN_MODULES}


@cache
def runtime_nodes(tree: ast.AST) -> list[ast.AST]:
    """Return all nodes below `tree`, without blocks of ``if TYPE_CHECKING``."""
    result, pending = [], [tree]
    while pending:
        for child in ast.iter_child_nodes(pending.pop()):
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            result.append(child)
            pending.append(child)
    return result


def imports(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield every import, at any depth, with the imported module."""
    for node in runtime_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield node, full if full in MODULE_NAMES else base


def package_of(name: str) -> str:
    """Return the package of a module, such as ``engine.data``, or the name of a top-level module.

    Every ``__main__``, which ``python -m`` runs, has the package ``__main__``.
    """
    parts = name.removeprefix("translate.").split(".")
    if parts[-1] == "__main__":
        return "__main__"
    return ".".join(parts[: 2 if parts[0] == "engine" else 1])
