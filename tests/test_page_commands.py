"""Every command of the pages is run: for two steps here, as printed where marked slow."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_result import CommandResult
from page_blocks import code_blocks, page_path, pages_with_mark
from page_images import CROP, train_run, write_images
from subprocesses import run_shell

Run = Callable[..., CommandResult]
NEEDED_RUNS = {
    "docs/doctor.md": ("cyclegan-summer-winter",),
    "docs/evaluate.md": ("first", "second"),
    "docs/large-images.md": ("first",),
    "docs/share.md": ("cyclegan-summer-winter",),
    "docs/scale.md": ("first",),
    "docs/video.md": ("first",),
}
"""Runs of other pages that the commands of a page need."""
CODES = {"doctor": (0, 3)}
"""Expected exit codes of commands that may end with another code than 0."""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the images that pages name."""
    return write_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def trained(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of two steps, for pages that begin with one."""
    return train_run(images, tmp_path_factory.mktemp("trained") / "run")


@pytest.fixture
def folder(images: Path, tmp_path: Path) -> Path:
    """Return the test's folder, with links to all images."""
    for source in images.iterdir():
        (tmp_path / source.name).symlink_to(source)
    return tmp_path


def shorten(words: list[str], steps: int) -> list[str]:
    """Return a command that trains for `steps` steps at most, on small crops."""
    if words[0] != "train":
        return words
    short = list(words)
    if "--steps" in short:
        short[short.index("--steps") + 1] = str(steps)
    if "--resume" in short:
        return short
    small = [] if "--size" in short else ["--size", str(CROP)]
    return [*short, *small, *([] if "--steps" in short else ["--steps", str(steps)])]


@pytest.mark.parametrize("page", pages_with_mark("tested"), ids=page_path)
def test_the_commands_of_a_page_work(
    page: Path, folder: Path, trained: Path, run_command: Run
) -> None:
    for run in NEEDED_RUNS.get(page_path(page), ()):
        shutil.copytree(trained, folder / "runs" / run)
    steps = 2
    for block in code_blocks(page):
        for words in block.commands if block.mark == "tested" else ():
            steps += "--resume" in words
            result = run_command(*shorten(words, steps))
            assert result.code in CODES.get(words[0], (0,)), (words, result.out, result.err)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", pages_with_mark("tested, slow"), ids=page_path)
def test_the_commands_of_a_page_work_as_printed(page: Path, tmp_path: Path) -> None:
    text = "".join(
        block.text for block in code_blocks(page) if block.mark in ("tested", "tested, slow")
    )
    (tmp_path / "datasets").mkdir()
    sums = re.findall(r"^([0-9a-f]{64})  ", run_shell(text, tmp_path), re.MULTILINE)
    assert len(set(sums)) <= 1  # a page that prints checksums says that they are equal
