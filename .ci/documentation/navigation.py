"""The navigation of the site: that of zensical.toml, and pages that are written from code."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECTIONS = ("reference/commands", "reference/api")
"""Folders of pages from the code whose index alone is in zensical.toml."""


def complete(text: str, docs: Path) -> str:
    """Return the text of zensical.toml with the pages of `SECTIONS` in the navigation."""
    for section in SECTIONS:
        index = f"{section}/index.md"
        names = sorted(p.stem for p in (docs / section).glob("*.md") if p.name != "index.md")
        pages = ", ".join(f'{{ "{name}" = "{section}/{name}.md" }}' for name in names)
        text = text.replace(f'= "{index}" }}', f'= ["{index}", {pages}] }}')
    return text


def pages(text: str) -> list[str]:
    """Return the pages in the navigation of zensical.toml."""
    return list(_walk(tomllib.loads(text)["project"]["nav"]))


def _walk(item: Any) -> Iterator[str]:
    """Yield the pages of a part of the navigation."""
    if isinstance(item, str):
        yield item
        return
    for inner in item.values() if isinstance(item, dict) else item:
        yield from _walk(inner)
