"""Pieces of Markdown."""

import re
from collections.abc import Callable, Iterable, Sequence

CODE = re.compile(r"(`+).+?\1", re.DOTALL)
"""Text in backticks."""


def escape(text: str) -> str:
    """Return `text` without what Markdown takes for HTML or for attributes, except in backticks."""
    return outside_code(text, lambda part: part.replace("<", "&lt;").replace("{", "&#123;"))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return `text` after applying `change` to each part that is not in backticks."""
    parts, end = [], 0
    for match in CODE.finditer(text):
        parts += [change(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, change(text[end:])])


def code(text: str) -> str:
    """Return `text` as inline code; an empty text has none."""
    text = " ".join(text.split())
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}" if text else ""


def block(text: str, language: str = "") -> str:
    """Return `text` as a block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def heading(level: int, text: str, anchor: str = "") -> str:
    """Return a heading; without `anchor`, Markdown derives the anchor from `text`."""
    return f"\n{'#' * level} {text}{f' {{#{anchor}}}' if anchor else ''}\n\n"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, or an empty text if there are no rows."""
    lines = [" | ".join(cell(text) for text in row) for row in rows]
    if not lines:
        return ""
    head = [" | ".join(titles), " | ".join("---" for _ in titles)]
    return "".join(f"| {line} |\n" for line in head + lines)


def cell(text: str) -> str:
    """Return `text` in one line, with ``|`` escaped except in backticks."""
    return outside_code(" ".join(text.split()), lambda part: part.replace("|", "\\|"))
