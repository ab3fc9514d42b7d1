"""The sources of the site: pages of docs/ and of other folders, and pages from the code."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import reference

from documentation import api, commands, hooks, parts, process, settings
from documentation.addresses import relative, resolve
from documentation.insertions import insert
from documentation.names import Names

ELSEWHERE = {
    "plugins/README.md": "plugins.md",
    "plugins/directory/README.md": "plugin-directory.md",
    "configs/README.md": "configurations.md",
    "datasets/README.md": "datasets.md",
    "benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "index.md",
}
"""Files outside of docs/ by path, and their pages; the README stands for the first page."""
REFERENCE = "docs/reference.md"
"""A page for readers of the checkout, where pages from the code are missing: links to its sections
lead to these in the site."""
INDEXED = {"api", "commands"}
"""Sections of several pages from the code."""
WRITTEN = [source for source in ELSEWHERE if source != "README.md"]
COPIED = {".png", ".jpg", ".css"}
"""Suffixes of files that the site has as they are."""
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)


def write(root: Path, target: Path) -> None:
    """Write the sources of all pages, their images and the style into the folder `target`."""
    shutil.rmtree(target, ignore_errors=True)
    for path, text in {**from_folders(root), **from_code()}.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text)
    for file in (path for path in root.glob("docs/**/*") if path.suffix in COPIED):
        copy = target / file.relative_to(root / "docs")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def from_folders(root: Path) -> dict[str, str]:
    """Return the text of each page that a person has written, by its path in the site."""
    own = {f"docs/{p.relative_to(root / 'docs').as_posix()}": p for p in root.glob("docs/**/*.md")}
    own.pop(REFERENCE, None)
    sources = {**own, **{source: root / source for source in WRITTEN}}
    return {
        place(source): relink(insert(path.read_text(), root), source, root)
        for source, path in sources.items()
    }


def place(source: str) -> str:
    """Return the path in the site of a file of the checkout."""
    return ELSEWHERE.get(source) or source.removeprefix("docs/")


def relink(text: str, source: str, root: Path) -> str:
    """Return the text of a page with its links as they are in the site.

    What is in the checkout and not in the site is named without a link.
    """
    page = place(source)

    def replace(match: re.Match[str]) -> str:
        image, title, address = match.groups()
        file, mark, anchor = address.partition("#")
        if not file or "://" in file:
            return match[0]
        if source.startswith("docs/") and file.startswith("reference/"):
            return match[0]  # an insertion: a page from the code
        linked = resolve(file, source)
        if linked == REFERENCE:
            written = f"{anchor}/index.md" if anchor in INDEXED else f"{anchor}.md"
            return f"[{title}]({relative(f'reference/{written}', page)})"
        if not (root / linked).exists():
            raise FileNotFoundError(f"{source}: {address} does not exist")
        if linked in ELSEWHERE or linked.startswith("docs/"):
            return f"{image}[{title}]({relative(place(linked), page)}{mark}{anchor})"
        return title

    parts = FENCE.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(replace, part) for part in parts)


def from_code() -> Mapping[str, str]:
    """Return the text of each page that is written from the code, by its path."""
    package, modules = reference.load(), reference.public_modules()
    names = Names(package, modules)
    return {
        **api.write(package, modules, names),
        **hooks.write(package, names),
        **commands.write(),
        **parts.write(),
        **settings.write(),
        **process.write(),
    }
