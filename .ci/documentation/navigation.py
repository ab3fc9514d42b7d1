"""The navigation of the site: zensical.toml, completed by generated pages."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECTIONS = ("reference/commands", "reference/api")
"""Folders of generated pages; zensical.toml has only their index pages."""


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
    """Yield the pages in an item of the navigation: a page, or a list or mapping of items."""
    if isinstance(item, str):
        yield item
    else:
        for inner in item.values() if isinstance(item, dict) else item:
            yield from _walk(inner)
