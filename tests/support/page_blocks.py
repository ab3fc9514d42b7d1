"""Blocks of code on the pages of documentation, and the marks that say whether a test runs them."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from command_result import ROOT

FOLDERS = ("benchmarks", "configs", "datasets", "plugins")
PAGES = [*sorted(ROOT.glob("docs/*.md")), *(ROOT / name / "README.md" for name in FOLDERS)]
"""All pages but the README, whose commands tests/test_docs.py runs."""
BLOCK = re.compile(r"^(?:<!-- (.+?) -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STAND_IN = "tested with "
"""the mark of a block that runs where something stands in for what it needs"""
BY = "tested by "
"""the mark of a block that another test runs, whose file it names"""
MARK = re.compile(rf"tested|tested, slow|{STAND_IN}.+|{BY}tests/\S+\.py|not run: .+")
COMMAND = re.compile(r"^(translate|torchrun) ", re.MULTILINE)


class Block(NamedTuple):
    """A block of code of a page, with the mark above it."""

    mark: str
    language: str
    text: str

    @property
    def commands(self) -> list[list[str]]:
        """The arguments of each command of the program."""
        words = [shlex.split(line, comments=True) for line in self.text.splitlines() if line]
        return [line[1:] for line in words if line[:1] == ["translate"]]


def name(page: Path) -> str:
    """Return the path of a page from the root."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page."""
    return [Block(*block) for block in BLOCK.findall(page.read_text())]


def with_mark(mark: str) -> list[Path]:
    """Return the pages that have blocks with `mark`."""
    return [page for page in PAGES if any(block.mark == mark for block in blocks(page))]


def with_stand_ins() -> list[tuple[Path, str, str]]:
    """Return the pages with what stands in for what they need, and their blocks for a shell.

    Each block runs in the folder in which the page begins.
    """
    texts: dict[tuple[Path, str], str] = {}
    for page in PAGES:
        for block in blocks(page):
            if block.mark.startswith(STAND_IN):
                key = page, block.mark.removeprefix(STAND_IN)
                texts[key] = f"{texts.get(key, '')}(\n{block.text})\n"
    return [(*key, text) for key, text in texts.items()]


def blocks_run_by(file: str) -> list[Block]:
    """Return the blocks that the test at the path `file` runs: ``tested by tests/test_x.py``."""
    mark = BY + Path(file).relative_to(ROOT).as_posix()
    return [block for page in PAGES for block in blocks(page) if block.mark == mark]
