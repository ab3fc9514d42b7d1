"""Blocks of pages that need a bucket, the Hub, Slurm or several processes run with stand-ins.

They run as printed, but each training ends after two steps.
"""

import shutil
from pathlib import Path

import pytest
from command_result import ROOT
from page_blocks import pages_with_stand_ins
from page_images import train_run, write_images, write_shards
from page_programs import program_environment, write_programs
from page_stand_ins import STAND_INS
from subprocesses import run_shell

RUNS = ("first", "cyclegan-summer-winter")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with images and two runs."""
    root = tmp_path_factory.mktemp("pages")
    write_shards(write_images(root))
    (root / "mixed").symlink_to(root / "datasets/summer/test")
    run = train_run(root, root / "run")
    for name in RUNS:
        shutil.copytree(run, root / "runs" / name)
    return root


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """Return the test's folder, with programs that stand in for others first on the path."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True, symlinks=True)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "horse2zebra").mkdir()
    for name, domain in (("trainA", "horses"), ("trainB", "zebras")):
        (tmp_path / "horse2zebra" / name).symlink_to(tmp_path / "datasets" / domain / "train")
    (tmp_path / "facades").symlink_to(tmp_path / "wide/labels")
    write_programs(tmp_path / "programs")
    return tmp_path


def test_every_mark_names_a_stand_in() -> None:
    assert {stand_in for _, stand_in, _ in pages_with_stand_ins()} == set(STAND_INS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("stand_in", "script"),
    [
        pytest.param(stand_in, script, id=f"{page.stem} with {stand_in}")
        for page, stand_in, script in pages_with_stand_ins()
    ],
)
def test_the_blocks_of_a_page_run_with_their_stand_in(
    stand_in: str, script: str, folder: Path
) -> None:
    with STAND_INS[stand_in](folder) as environment:
        run_shell(script, folder, {**program_environment(folder / "programs"), **environment})
