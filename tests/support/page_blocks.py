"""Blocks of code on the pages of documentation, and the marks that say whether a test runs them."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from command_result import ROOT

FOLDERS = ("benchmarks", "configs", "datasets", "plugins")
PAGES = [*sorted(ROOT.glob("docs/*.md")), *(ROOT / folder / "README.md" for folder in FOLDERS)]
"""all pages but README.md, with commands that tests/test_docs.py runs"""
BLOCK = re.compile(r"^(?:<!-- (.+?) -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TESTED_WITH = "tested with "
"""the mark of a block that a test runs with a stand-in for what the block needs"""
TESTED_BY = "tested by "
"""the mark of a block that the test in the named file runs"""
MARK = re.compile(rf"tested|tested, slow|{TESTED_WITH}.+|{TESTED_BY}tests/\S+\.py|not run: .+")
COMMAND = re.compile(r"^(translate|torchrun) ", re.MULTILINE)


class Block(NamedTuple):
    """A block of code of a page, with the mark above it."""

    mark: str
    language: str
    text: str

    @property
    def commands(self) -> list[list[str]]:
        """The arguments of each `translate` command."""
        lines = [shlex.split(line, comments=True) for line in self.text.splitlines()]
        return [words[1:] for words in lines if words[:1] == ["translate"]]


def page_path(page: Path) -> str:
    """Return the path of a page relative to the root, such as ``docs/gpu.md``."""
    return page.relative_to(ROOT).as_posix()


def code_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page."""
    return [Block(*block) for block in BLOCK.findall(page.read_text())]


def pages_with_mark(mark: str) -> list[Path]:
    """Return the pages that have blocks with `mark`."""
    return [page for page in PAGES if any(block.mark == mark for block in code_blocks(page))]


def pages_with_stand_ins() -> list[tuple[Path, str, str]]:
    """Return pages, the names of their stand-ins, and the blocks of both as a shell script.

    Each block begins in the same folder.
    """
    scripts: dict[tuple[Path, str], str] = {}
    for page in PAGES:
        for block in code_blocks(page):
            if block.mark.startswith(TESTED_WITH):
                key = page, block.mark.removeprefix(TESTED_WITH)
                scripts[key] = f"{scripts.get(key, '')}(\n{block.text})\n"
    return [(*key, script) for key, script in scripts.items()]


def blocks_run_by(file: str) -> list[Block]:
    """Return the blocks that the test at the path `file` runs: ``tested by tests/test_x.py``."""
    mark = TESTED_BY + Path(file).relative_to(ROOT).as_posix()
    return [block for page in PAGES for block in code_blocks(page) if block.mark == mark]
