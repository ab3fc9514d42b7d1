"""Domains must not have the same images, under whatever names."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.errors import DataError

ImageFolder = Callable[..., Path]
LAYOUTS: tuple[Any, ...] = (
    "unpaired", "paired", "captioned", {"name": "suffix", "source": "", "target": "_b"},
)  # fmt: skip


@pytest.fixture
def root(image_folder: ImageFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    image_folder("a/train", 3)
    image_folder("b/train", 3)
    (tmp_path / "link").symlink_to("a")
    return tmp_path


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "other", ["a", "./a", "link", "a/train", "../here/a", "ABSOLUTE", "a/t*/*"]
)
def test_D24_one_folder_is_not_two_domains(layout: Any, other: str, root: Path) -> None:
    other = other.replace("ABSOLUTE", str(root / "a")).replace("here", root.name)
    for domains in (("a", other), (other, "a")):
        with pytest.raises(DataError, match=r"are the same|share 3 of their images"):
            check.open_layout(Data(root=Path(), domains=domains, layout=layout))


@pytest.mark.usefixtures("root")
def test_D24_a_domain_inside_another_is_refused(image_folder: ImageFolder) -> None:
    image_folder("all/deep", 2)
    image_folder("all", 1)
    with pytest.raises(DataError, match=r"'all' and 'all/deep' share 2 of their images, the first"):
        check.open_layout(Data(root=Path(), domains=("all", "all/deep")))


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_D24_a_folder_of_links_to_all_of_another_is_refused(
    link: Callable[[Path, Path], None], root: Path
) -> None:
    (root / "copy").mkdir()
    files = sorted((root / "a/train").iterdir())
    for path in files[:2]:
        link(path, root / "copy" / path.name)
    data = Data(root=root, domains=("a", "copy"))
    assert len(check.open_layout(data)) == 3  # some equal files are allowed
    link(files[2], root / "copy" / files[2].name)
    with pytest.raises(DataError, match="are the same 3 files under two names"):
        check.open_layout(data)


def test_D24_both_sides_of_side_by_side_images_are_needed(root: Path) -> None:
    side_by_side = {"name": "side-by-side", "sides": ["x", "y"]}
    with pytest.raises(DataError, match=r"domains 'x' and 'x' are the same"):
        check.open_layout(Data(root=root, domains=("x", "x"), layout=side_by_side))


def test_D24_one_folder_as_two_domains_is_refused_before_any_work(
    run_command: Callable[..., Any], tmp_path: Path
) -> None:
    result = run_command("train", "--plugin", "cyclegan", "--domains", "summer", "summer")
    assert result.code == 2
    assert "domains 'summer' and 'summer' are the same" in result.err
    assert not list(tmp_path.iterdir())  # no sample data was generated
    check_result = run_command("datasets", "check", "summer", "./datasets/summer")
    assert (check_result.code, list(tmp_path.iterdir())) == (2, [])


def test_equal_images_in_different_files_are_two_domains(root: Path) -> None:
    (root / "same").mkdir()
    for path in (root / "a/train").iterdir():
        (root / "same" / path.name).write_bytes(path.read_bytes())
    assert len(check.open_layout(Data(root=root, domains=("a", "same"), layout="paired"))) == 3
