"""Public objects by name, so that docstrings can link to them."""

from collections.abc import Iterator

import griffe

from documentation.addresses import relative

FOLDER = "reference/api"


class PublicNames:
    """The pages of public objects by name; the anchor of an object on its page is its path."""

    def __init__(self, package: griffe.Object, modules: list[str]) -> None:
        self.package = package
        self.pages = {
            member.path: f"{FOLDER}/{module}.md"
            for module in modules
            for member in walk(package[module])
        }
        paths_by_name: dict[str, list[str]] = {}
        for module in modules:
            for member in walk(package[module]):
                if member.parent is not None and member.parent.is_module:
                    paths_by_name.setdefault(member.name, []).append(member.path)
        self.unique = {name: paths[0] for name, paths in paths_by_name.items() if len(paths) == 1}
        """the path of each name that is defined in one module only"""

    def link(self, name: str, scope: griffe.Object, page: str) -> str:
        """Return the address, on `page`, of the object that a docstring of `scope` calls `name`.

        Empty if there is no such object, or if it is `scope` itself.
        """
        path = self.resolve(name, scope)
        if path is None or path == scope.path:
            return ""
        target = self.pages[path]
        return f"{'' if target == page else relative(target, page)}#{path}"

    def resolve(self, name: str, scope: griffe.Object) -> str | None:
        """Return the path of the public object that `name` refers to in `scope`, or None."""
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


def walk(module_or_class: griffe.Object) -> Iterator[griffe.Object]:
    """Yield a module or class, and every public object that is defined in it."""
    yield module_or_class
    for member in members(module_or_class):
        yield from walk(member)


def members(module_or_class: griffe.Object) -> list[griffe.Object]:
    """Return the public members of a module or class that are defined in it and that pages show."""
    return [
        member
        for name, member in module_or_class.members.items()
        if isinstance(member, griffe.Object)
        and not name.startswith("_")
        and (member.docstring is not None or _is_shown(member))
    ]


def _is_shown(member: griffe.Object) -> bool:
    """Return whether pages show an object without a docstring: a class, field or constant."""
    if not member.is_attribute:
        return not member.is_function
    if isinstance(holder := member.parent, griffe.Class):
        return "dataclass" in holder.labels or "NamedTuple" in map(str, holder.bases)
    return member.name.isupper()
