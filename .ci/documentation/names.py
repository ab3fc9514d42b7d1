"""The public objects by their names, so that docstrings can link to them."""

from collections.abc import Iterator

import griffe

from documentation.addresses import relative

FOLDER = "reference/api"


class Names:
    """The page of every public object; its anchor is its path."""

    def __init__(self, package: griffe.Object, modules: list[str]) -> None:
        self.package = package
        self.pages = {
            one.path: f"{FOLDER}/{module}.md" for module in modules for one in walk(package[module])
        }
        by_name: dict[str, list[str]] = {}
        for module in modules:
            for one in walk(package[module]):
                if one.parent is not None and one.parent.is_module:
                    by_name.setdefault(one.name, []).append(one.path)
        self.unique = {name: paths[0] for name, paths in by_name.items() if len(paths) == 1}
        """what is defined in one module alone, by its bare name"""

    def link(self, name: str, scope: griffe.Object, page: str) -> str:
        """Return the address of what a docstring of `scope` calls `name`, from `page`; or ""."""
        path = self.resolve(name, scope)
        if path is None or path == scope.path:
            return ""
        target = self.pages[path]
        return f"{'' if target == page else relative(target, page)}#{path}"

    def resolve(self, name: str, scope: griffe.Object) -> str | None:
        """Return the path of the public object that `name` means in `scope`."""
        holder: griffe.Object | griffe.Alias | None = scope
        first, _, rest = name.partition(".")
        if isinstance(scope, griffe.Function) and first in scope.parameters:
            return None
        while holder is not None:
            if (path := f"{holder.path}.{name}") in self.pages:
                return path
            member = holder.members.get(first)
            if isinstance(member, griffe.Alias):
                path = f"{member.target_path}.{rest}".removesuffix(".")
                return path if path in self.pages else None
            holder = holder.parent
        return name if name in self.pages else self.unique.get(name)


def walk(one: griffe.Object) -> Iterator[griffe.Object]:
    """Yield a module or class, and every public object that is defined in it."""
    yield one
    for member in members(one):
        yield from walk(member)


def members(one: griffe.Object) -> list[griffe.Object]:
    """Return the public members that are defined in a module or class, and that a page shows."""
    return [
        member
        for name, member in one.members.items()
        if isinstance(member, griffe.Object)
        and not name.startswith("_")
        and (member.docstring is not None or not member.is_function)
        and (member.docstring is not None or not member.is_attribute or _is_shown(member))
    ]


def _is_shown(one: griffe.Object) -> bool:
    """Return whether an attribute without a docstring is a field of a class, or a constant."""
    if isinstance(holder := one.parent, griffe.Class):
        return "dataclass" in holder.labels or "NamedTuple" in map(str, holder.bases)
    return one.name.isupper()
