"""Docstrings as Markdown: Google sections as tables, names in backticks as links."""

import re
from collections.abc import Callable
from textwrap import dedent

import griffe

from documentation import markup

Link = Callable[[str], str]
"""Function that returns the address of a name, or an empty text."""
NAME_IN_BACKTICKS = re.compile(r"(?<![`\[])`([A-Za-z_][\w.]*)(\(\))?`(?!`)")
Kind = griffe.DocstringSectionKind


def render(docstring: griffe.Docstring | None, link: Link) -> str:
    """Return a docstring as Markdown; names become links where `link` has a target."""
    if docstring is None:
        return ""
    return "\n".join(_section(section, link) for section in docstring.parsed)


def link_names(text: str, link: Link) -> str:
    """Return `text` with names in backticks as links, where `link` has a target."""

    def replace(match: re.Match[str]) -> str:
        address = link(match[1])
        return f"[{match[0]}]({address})" if address else match[0]

    return NAME_IN_BACKTICKS.sub(replace, markup.escape(text))


def _section(section: griffe.DocstringSection, link: Link) -> str:
    match section.kind:
        case Kind.text:
            return f"{link_names(section.value, link)}\n"
        case Kind.parameters | Kind.other_parameters | Kind.attributes:
            titles = ("attribute" if section.kind is Kind.attributes else "argument", "type", "")
            rows = [_row(item, link) for item in section.value]
            return markup.table(titles, rows)
        case Kind.returns | Kind.yields:
            title = "Returns" if section.kind is Kind.returns else "Yields"
            return "".join(
                f"**{title}** {link_names(item.description, link)}\n" for item in section.value
            )
        case Kind.raises:
            rows = [
                (link_names(f"`{item.annotation}`", link), link_names(item.description, link))
                for item in section.value
            ]
            return markup.table(("raises", "when"), rows)
        case Kind.examples:
            return "\n".join(
                markup.block(text, "pycon") if kind is Kind.examples else link_names(text, link)
                for kind, text in section.value
            )
        case Kind.admonition:
            text = dedent(section.value.description)
            if ">>>" in text:
                return markup.block(text, "pycon")
            return f"**{section.title}** {link_names(text, link)}\n"
    raise ValueError(f"no text for a section of the kind {section.kind}")


def _row(item: griffe.DocstringElement, link: Link) -> tuple[str, str, str]:
    annotation = str(item.annotation or "")
    return markup.code(item.name), markup.code(annotation), link_names(item.description, link)


def first_line(docstring: griffe.Docstring | None) -> str:
    """Return the first line of a docstring."""
    return markup.escape(docstring.value.partition("\n")[0]) if docstring else ""
