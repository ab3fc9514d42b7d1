import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from translate.engine.config.schema import Data
from translate.engine.data import check as data
from translate.errors import DataError

Pictures = Callable[..., Path]
LAYOUTS: tuple[Any, ...] = (
    "unpaired", "paired", "captioned", {"name": "suffix", "source": "", "target": "_b"},
)  # fmt: skip


@pytest.fixture
def here(image_folder: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    image_folder("a/train", 3)
    image_folder("b/train", 3)
    (tmp_path / "link").symlink_to("a")
    return tmp_path


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("twin", ["a", "./a", "link", "a/train", "../here/a", "ABSOLUTE", "a/t*/*"])
def test_D24_one_folder_is_not_two_domains(layout: Any, twin: str, here: Path) -> None:
    twin = twin.replace("ABSOLUTE", str(here / "a")).replace("here", here.name)
    for domains in (("a", twin), (twin, "a")):
        with pytest.raises(DataError, match=r"are the same|share 3 of their images"):
            data.open_layout(Data(root=Path(), domains=domains, layout=layout))


@pytest.mark.usefixtures("here")
def test_D24_a_domain_inside_another_is_refused(image_folder: Pictures) -> None:
    image_folder("all/deep", 2)
    image_folder("all", 1)
    with pytest.raises(DataError, match=r"'all' and 'all/deep' share 2 of their images, the first"):
        data.open_layout(Data(root=Path(), domains=("all", "all/deep")))


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_D24_a_folder_of_links_to_all_of_another_is_refused(
    link: Callable[[Path, Path], None], here: Path
) -> None:
    (here / "copy").mkdir()
    files = sorted((here / "a/train").iterdir())
    for path in files[:2]:
        link(path, here / "copy" / path.name)
    assert len(data.open_layout(Data(root=here, domains=("a", "copy")))) == 3  # some are fine
    link(files[2], here / "copy" / files[2].name)
    with pytest.raises(DataError, match="are the same 3 files under two names"):
        data.open_layout(Data(root=here, domains=("a", "copy")))


def test_D24_both_sides_of_side_by_side_images_are_needed(here: Path) -> None:
    joined = {"name": "side-by-side", "sides": ["x", "y"]}
    with pytest.raises(DataError, match=r"domains 'x' and 'x' are the same"):
        data.open_layout(Data(root=here, domains=("x", "x"), layout=joined))


def test_D24_it_is_refused_before_any_work(run_command: Callable[..., Any], tmp_path: Path) -> None:
    done = run_command("train", "--plugin", "cyclegan", "--domains", "summer", "summer")
    assert done.code == 2
    assert "domains 'summer' and 'summer' are the same" in done.err
    assert not list(tmp_path.iterdir())  # nothing was drawn
    check = run_command("datasets", "check", "summer", "./datasets/summer")
    assert (check.code, list(tmp_path.iterdir())) == (2, [])


def test_equal_images_in_different_files_are_two_domains(here: Path) -> None:
    (here / "same").mkdir()
    for path in (here / "a/train").iterdir():
        (here / "same" / path.name).write_bytes(path.read_bytes())
    assert len(data.open_layout(Data(root=here, domains=("a", "same"), layout="paired"))) == 3
