"""Every command of the pages is run: for two steps here, as printed where marked slow."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from command_result import CommandResult
from page_blocks import blocks, name, with_mark
from PIL import Image

Run = Callable[..., CommandResult]
DOMAINS = ("summer", "winter", "labels", "horses", "zebras", "photo", "autumn", "spring")
SIDE, CROP = 64, 32
GIVEN = {
    "docs/doctor.md": ("cyclegan-summer-winter",),
    "docs/evaluate.md": ("first", "second"),
    "docs/large-images.md": ("first",),
    "docs/share.md": ("cyclegan-summer-winter",),
    "docs/scale.md": ("first",),
}
"""Runs that a page expects from another one."""
CODES = {"doctor": (0, 3)}
"""Exit codes of commands, where others than 0 are right."""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the domains that pages name, of small images."""
    root = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)

    def write(path: str, width: int = SIDE) -> None:
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.asarray(coarse.resize((width, SIDE), Image.Resampling.BICUBIC))
        if path.endswith(".png"):
            Image.fromarray(pixels).save(root / path)
        else:
            gray = pixels[..., 0].astype(np.int16) * 12 - (1024 if "ct" in path else 0)
            tifffile.imwrite(root / path, gray.astype(np.int16 if "ct" in path else np.uint16))

    for domain in DOMAINS:
        for number in range(1, 7):
            write(f"datasets/{domain}/train/{number:04}.png")
        for number in range(7, 10):
            write(f"datasets/{domain}/test/{number:04}.png")
    for domain in ("summer", "winter"):
        for number in range(1, 5):
            write(f"NEW/{domain}/train/{number:04}.png")
    for number in range(1, 5):
        write(f"datasets/both/{number}_in.png")
        write(f"datasets/both/{number}_out.png")
        write(f"wide/labels/{number}.png", 2 * SIDE)
        for domain in ("mr", "ct"):
            write(f"scans/{domain}/train/{number}.tif")
            write(f"scans/{domain}/test/{number + 4}.tif")
    rows = [f"datasets/photo/train/{n:04}.png,datasets/labels/train/{n:04}.png" for n in (1, 2, 3)]
    (root / "pairs.csv").write_text("\n".join(["source,target", *rows]))
    write("large.tif", 300)
    write("photos/photo.png")
    return root


@pytest.fixture(scope="module")
def trained(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of two steps, for pages that begin with one."""
    from translate.api import train

    folder = tmp_path_factory.mktemp("trained")
    domains = [str(images / "datasets" / name) for name in ("summer", "winter")]
    return train(
        config="cyclegan-small", domains=domains, steps=2, size=CROP, out=folder / "run"
    ).path


@pytest.fixture
def folder(images: Path, tmp_path: Path) -> Path:
    """Return the test's folder, with links to all images."""
    for source in images.iterdir():
        (tmp_path / source.name).symlink_to(source)
    return tmp_path


def shortened(words: list[str], steps: int) -> list[str]:
    """Return a command that trains for `steps` steps at most, on small crops."""
    if words[0] != "train":
        return words
    kept = list(words)
    if "--steps" in kept:
        kept[kept.index("--steps") + 1] = str(steps)
    if "--resume" in kept:
        return kept
    small = [] if "--size" in kept else ["--size", str(CROP)]
    return [*kept, *small, *([] if "--steps" in kept else ["--steps", str(steps)])]


@pytest.mark.parametrize("page", with_mark("tested"), ids=name)
def test_the_commands_of_a_page_work(
    page: Path, folder: Path, trained: Path, run_command: Run
) -> None:
    for run in GIVEN.get(name(page), ()):
        shutil.copytree(trained, folder / "runs" / run)
    steps = 2
    for block in blocks(page):
        for words in block.commands if block.mark == "tested" else ():
            steps += "--resume" in words
            result = run_command(*shortened(words, steps))
            assert result.code in CODES.get(words[0], (0,)), (words, result.out, result.err)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", with_mark("tested, slow"), ids=name)
def test_the_commands_of_a_page_work_as_printed(page: Path, tmp_path: Path) -> None:
    text = "".join(block.text for block in blocks(page) if block.mark.startswith("tested"))
    (tmp_path / "datasets").mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    sums = re.findall(r"^([0-9a-f]{64})  ", done.stdout, re.MULTILINE)
    assert len(set(sums)) <= 1  # a page that prints checksums says that they are equal
