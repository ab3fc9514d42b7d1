"""The sources of the site: pages that people wrote, and pages that are generated from the code."""

import re
import shutil
from pathlib import Path

import reference

from documentation import api, commands, hooks, parts, process, settings
from documentation.addresses import relative, resolve
from documentation.insertions import insert
from documentation.names import PublicNames

PAGES_OUTSIDE_DOCS = {
    "plugins/README.md": "plugins.md",
    "plugins/directory/README.md": "plugin-directory.md",
    "configs/README.md": "configurations.md",
    "datasets/README.md": "datasets.md",
    "benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "index.md",
}
"""Pages in the site of files outside of docs/. Links to README.md lead to docs/index.md."""
REFERENCE = "docs/reference.md"
"""A page for readers of a checkout. In the site, links to its sections lead to generated pages."""
INDEXED = {"api", "commands"}
"""Sections of the reference with several pages, and an index."""
COPIED = {".png", ".jpg", ".css"}
"""Suffixes of files that are copied into the site."""
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)


def write(root: Path, target: Path) -> None:
    """Write the sources of all pages, their images and the style into the folder `target`."""
    shutil.rmtree(target, ignore_errors=True)
    for path, text in {**written_pages(root), **generated_pages()}.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text)
    for file in (path for path in root.glob("docs/**/*") if path.suffix in COPIED):
        copy = target / file.relative_to(root / "docs")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def written_pages(root: Path) -> dict[str, str]:
    """Return the text of each page that people wrote, by its path in the site."""
    docs = {path.relative_to(root).as_posix() for path in root.glob("docs/**/*.md")}
    return {
        path_in_site(source): rewrite_links(insert((root / source).read_text(), root), source, root)
        for source in docs.union(PAGES_OUTSIDE_DOCS) - {REFERENCE, "README.md"}
    }


def path_in_site(source: str) -> str:
    """Return the path in the site of the file at the path `source` of the checkout."""
    return PAGES_OUTSIDE_DOCS.get(source) or source.removeprefix("docs/")


def rewrite_links(text: str, source: str, root: Path) -> str:
    """Return the text of the page `source` with addresses of the site in its links.

    Links to files that are not in the site become plain text.
    """
    page = path_in_site(source)

    def replace(match: re.Match[str]) -> str:
        image, title, address = match.groups()
        file, mark, anchor = address.partition("#")
        if not file or "://" in file:
            return match[0]
        if source.startswith("docs/") and file.startswith("reference/"):
            return match[0]  # the insertion of the gallery has addresses of the site
        linked = resolve(file, source)
        if linked == REFERENCE:
            section = f"{anchor}/index.md" if anchor in INDEXED else f"{anchor}.md"
            return f"[{title}]({relative(f'reference/{section}', page)})"
        if not (root / linked).exists():
            raise FileNotFoundError(f"{source}: {address} does not exist")
        if linked in PAGES_OUTSIDE_DOCS or linked.startswith("docs/"):
            return f"{image}[{title}]({relative(path_in_site(linked), page)}{mark}{anchor})"
        return title

    parts = FENCE.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(replace, part) for part in parts)


def generated_pages() -> dict[str, str]:
    """Return the text of each page that is generated from the code, by its path in the site."""
    package, modules = reference.load(), reference.public_modules()
    names = PublicNames(package, modules)
    return {
        **api.write(package, modules, names),
        **hooks.write(package, names),
        **commands.write(),
        **parts.write(),
        **settings.write(),
        **process.write(),
    }
