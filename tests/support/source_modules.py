"""The modules of the engine and of the built-in plugins, and their syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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

    def at(self, node: ast.AST, what: str) -> str:
        """Return `what` is wrong with a node, after its file and line."""
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}: {what}"


def modules(root: Path) -> list[Module]:
    """Return every module below the source root that holds `root`, by dotted name."""
    found = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path))
    return found


OURS = modules(ROOT / "translate")
PLUGINS = modules(ROOT / "plugins/translate_plugins")
NAMES = {module.name for module in OURS + PLUGINS}


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk `tree`, but not into what only a type checker sees."""
    pending = [tree]
    while pending:
        for child in ast.iter_child_nodes(pending.pop()):
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            yield child
            pending.append(child)


def imports(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield every import, at any depth, with the imported module."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield node, full if full in NAMES else base


def package_of(name: str) -> str:
    """Return the package of a module of ours, or its own name at the top level.

    What ``python -m`` runs, a ``__main__``, is above all packages wherever it is.
    """
    parts = name.removeprefix("translate.").split(".")
    if parts[-1] == "__main__":
        return "__main__"
    return ".".join(parts[: 2 if parts[0] == "engine" else 1])
