"""A page for each public module, from its signatures and docstrings."""

import griffe

from documentation import docstrings, markup
from documentation.names import FOLDER, Names, members

WIDTH = 88
"""Characters of a signature in one line."""
HIDDEN = {"self", "cls"}


def write(package: griffe.Object, modules: list[str], names: Names) -> dict[str, str]:
    """Return the text of each page of the Python API by its path."""
    paths = {module: f"{FOLDER}/{module}.md" for module in modules}
    pages = {path: page(package[module], path, names) for module, path in paths.items()}
    return {f"{FOLDER}/index.md": overview(package, modules), **pages}


def overview(package: griffe.Object, modules: list[str]) -> str:
    """Return the list of all public modules."""
    rows = [
        (f"[`translate.{name}`]({name}.md)", docstrings.first_line(package[name].docstring))
        for name in modules
    ]
    text = (
        "# Python API\n\nWhat a program or a plugin may import. Everything else is private and may "
        "change.\n\n"
    )
    return text + markup.table(("module", ""), rows)


def page(module: griffe.Object, path: str, names: Names) -> str:
    """Return the page `path`, of a module; those of a package follow on the same page."""
    return "".join(_object(module, 1, path, names)).lstrip()


def _object(one: griffe.Object, level: int, path: str, names: Names) -> list[str]:
    """Return the heading, signature and text of an object, then its members."""
    title = one.path if one.is_module else one.name
    parts = [markup.heading(level, f"`{title}`", one.path)]
    if text := signature(one):
        parts.append(f"{markup.block(text, 'python')}\n")
    parts.append(docstrings.render(one.docstring, lambda name: names.link(name, one, path)) + "\n")
    own = members(one)
    rows = [_attribute(a, names, path) for a in own if isinstance(a, griffe.Attribute)]
    parts.append(markup.table(("name", "type and value", ""), rows) + "\n" if rows else "")
    for member in own:
        if not isinstance(member, griffe.Attribute):
            parts += _object(member, min(level + 1, 6), path, names)
    return parts


def _attribute(one: griffe.Attribute, names: Names, path: str) -> tuple[str, str, str]:
    """Return the row of an attribute."""
    text = docstrings.link_names(
        one.docstring.value if one.docstring else "", lambda name: names.link(name, one, path)
    )
    anchor = f'<span id="{one.path}"></span>'
    value = f" = {one.value}" if one.value is not None and len(str(one.value)) < WIDTH else ""
    return f"{anchor}{markup.code(one.name)}", markup.code(f"{one.annotation or ''}{value}"), text


def signature(one: griffe.Object) -> str:
    """Return what precedes the body of a function or class."""
    if isinstance(one, griffe.Function):
        word = "def " if one.parent and one.parent.is_class else ""
        decorators = [
            f"@{label}\n" for label in ("staticmethod", "classmethod") if label in one.labels
        ]
        return "".join(decorators) + _call(f"{word}{one.name}", one.parameters, one.returns)
    if isinstance(one, griffe.Class):
        bases = ", ".join(map(str, one.bases))
        head = f"class {one.name}({bases})" if bases else f"class {one.name}"
        if "__init__" in one.members or "dataclass" in one.labels:
            return f"{head}\n\n{_call(one.name, one.parameters, None)}"
        return head
    return ""


def _call(name: str, parameters: griffe.Parameters, returns: object) -> str:
    """Return a call with its parameters, a line each where one line is too short."""
    shown = _parameters(parameters)
    end = f") -> {returns}" if returns is not None else ")"
    line = f"{name}({', '.join(shown)}{end}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {parameter}," for parameter in shown), end])


def _parameters(parameters: griffe.Parameters) -> list[str]:
    """Return each parameter as it is written, with the signs that separate their kinds."""
    shown: list[str] = []
    starred = positional = False
    for one in parameters:
        if one.name in HIDDEN:
            continue
        if positional and one.kind is not griffe.ParameterKind.positional_only:
            shown, positional = [*shown, "/"], False
        positional |= one.kind is griffe.ParameterKind.positional_only
        if one.kind is griffe.ParameterKind.keyword_only and not starred:
            shown, starred = [*shown, "*"], True
        star = {
            griffe.ParameterKind.var_positional: "*",
            griffe.ParameterKind.var_keyword: "**",
        }.get(one.kind, "")
        starred |= star == "*"
        text = f"{star}{one.name}" + (f": {one.annotation}" if one.annotation else "")
        if one.default is not None and not star:
            text += f" = {one.default}" if one.annotation else f"={one.default}"
        shown.append(text)
    return shown
