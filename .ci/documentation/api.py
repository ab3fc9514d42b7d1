"""Pages of the Python API: one for each public module, from signatures and docstrings."""

import griffe

from documentation import docstrings, markup
from documentation.names import FOLDER, PublicNames, members

WIDTH = 88
"""Largest number of characters of a signature in one line."""
HIDDEN = {"self", "cls"}


def write(package: griffe.Object, modules: list[str], names: PublicNames) -> dict[str, str]:
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


def page(module: griffe.Object, path: str, names: PublicNames) -> str:
    """Return the page at `path`, of a module or of a package with its modules."""
    return "".join(_object(module, 1, path, names)).lstrip()


def _object(item: griffe.Object, level: int, path: str, names: PublicNames) -> list[str]:
    """Return the heading, signature and docstring of `item`, then its attributes and members."""
    title = item.path if item.is_module else item.name
    texts = [markup.heading(level, f"`{title}`", item.path)]
    if code := signature(item):
        texts.append(f"{markup.block(code, 'python')}\n")
    texts.append(
        docstrings.render(item.docstring, lambda name: names.link(name, item, path)) + "\n"
    )
    attributes = [one for one in members(item) if isinstance(one, griffe.Attribute)]
    if rows := [_attribute_row(attribute, names, path) for attribute in attributes]:
        texts.append(markup.table(("name", "type and value", ""), rows) + "\n")
    for member in members(item):
        if not isinstance(member, griffe.Attribute):
            texts += _object(member, min(level + 1, 6), path, names)
    return texts


def _attribute_row(one: griffe.Attribute, names: PublicNames, path: str) -> tuple[str, str, str]:
    text = docstrings.link_names(
        one.docstring.value if one.docstring else "", lambda name: names.link(name, one, path)
    )
    anchor = f'<span id="{one.path}"></span>'
    value = f" = {one.value}" if one.value is not None and len(str(one.value)) < WIDTH else ""
    return f"{anchor}{markup.code(one.name)}", markup.code(f"{one.annotation or ''}{value}"), text


def signature(one: griffe.Object) -> str:
    """Return the signature of a function or class, and nothing for other objects."""
    if isinstance(one, griffe.Function):
        keyword = "def " if one.parent and one.parent.is_class else ""
        decorators = [
            f"@{label}\n" for label in ("staticmethod", "classmethod") if label in one.labels
        ]
        return "".join(decorators) + _call(f"{keyword}{one.name}", one.parameters, one.returns)
    if isinstance(one, griffe.Class):
        bases = ", ".join(map(str, one.bases))
        head = f"class {one.name}({bases})" if bases else f"class {one.name}"
        if "__init__" in one.members or "dataclass" in one.labels:
            return f"{head}\n\n{_call(one.name, one.parameters, None)}"
        return head
    return ""


def _call(name: str, parameters: griffe.Parameters, returns: object) -> str:
    """Return a call in one line, or, if that is too long, with a line for each parameter."""
    texts = _parameters(parameters)
    end = f") -> {returns}" if returns is not None else ")"
    line = f"{name}({', '.join(texts)}{end}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {text}," for text in texts), end])


def _parameters(parameters: griffe.Parameters) -> list[str]:
    """Return the parameters as they are written, with the separators ``/`` and ``*``."""
    texts: list[str] = []
    starred = positional = False
    for one in parameters:
        if one.name in HIDDEN:
            continue
        if positional and one.kind is not griffe.ParameterKind.positional_only:
            texts, positional = [*texts, "/"], False
        positional |= one.kind is griffe.ParameterKind.positional_only
        if one.kind is griffe.ParameterKind.keyword_only and not starred:
            texts, starred = [*texts, "*"], True
        star = {
            griffe.ParameterKind.var_positional: "*",
            griffe.ParameterKind.var_keyword: "**",
        }.get(one.kind, "")
        starred |= star == "*"
        text = f"{star}{one.name}" + (f": {one.annotation}" if one.annotation else "")
        if one.default is not None and not star:
            text += f" = {one.default}" if one.annotation else f"={one.default}"
        texts.append(text)
    return texts
