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
MARK = re.compile(r"tested|tested, slow|tested with .+|not run: .+")
STAND_IN = "tested with "
"""the mark of a block that runs where something stands in for what it needs"""
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


def with_stand_ins() -> list[tuple[Path, Block]]:
    """Return the blocks that need a stand-in, with their pages."""
    return [
        (page, block) for page in PAGES for block in blocks(page) if block.mark.startswith(STAND_IN)
    ]
