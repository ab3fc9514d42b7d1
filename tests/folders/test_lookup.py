"""The folder of a domain is found in each usual place, or the error names these places."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from layout_files import write_uniform

from translate.errors import ConfigError, DataError
from translate.folders.lookup import find_domains
from translate_plugins.layouts.images import OneDomain
from translate_plugins.layouts.pairs import Paired, SideBySide, Unpaired

ImageFolder = Callable[..., Path]


@pytest.mark.parametrize("folder_name", ["a/train", "train/a", "a", "traina"])
def test_a_domain_is_found_in_each_usual_place(
    folder_name: str, image_folder: ImageFolder, tmp_path: Path
) -> None:
    folder = image_folder(folder_name, 3)
    layout = OneDomain(tmp_path, ["a"], "train")
    assert len(layout) == 3
    assert list(layout.files) == sorted(folder.iterdir())
    assert layout.spec.names == ("a",)


def test_images_of_another_split_are_not_used(image_folder: ImageFolder, tmp_path: Path) -> None:
    image_folder("a/test", 3)
    with pytest.raises(DataError, match=r"domain 'a': no images in \S+/a\."):
        OneDomain(tmp_path, ["a"], "train")
    image_folder("a/deep", 2)
    assert len(OneDomain(tmp_path, ["a"], "train")) == 2


def test_D23_the_folder_of_a_split_is_found_in_any_case_and_images_next_to_it_are_counted(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    image_folder("a/Train", 3)
    skipped = image_folder("a", 2) / "0000.png"
    image_folder("a/test", 1)
    layout = OneDomain(tmp_path, ["a"], "train")
    assert [path.parent.name for path in layout.files] == ["Train"] * 3
    [note] = layout.notes
    assert note.startswith("skipped 2 images next to ") and note.endswith(f"first is {skipped}")
    image_folder("b/train", 1)
    assert OneDomain(tmp_path, ["b"], "train").notes == []


def test_an_empty_name_is_not_a_domain(image_folder: ImageFolder, tmp_path: Path) -> None:
    image_folder("a", 1)
    for empty in ("", " "):
        with pytest.raises(ConfigError, match="expected names or paths"):
            OneDomain(tmp_path, [empty], "train")


def test_a_missing_domain_names_the_folders_and_the_nearest(
    image_folder: ImageFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    image_folder("datasets/meadow/train", 1)
    places = "no folder for domain 'sumer': looked for datasets/sumer/train and datasets/sumer."
    with pytest.raises(DataError) as error:
        Unpaired(Path("datasets"), ["meadow", "sumer"], "train")
    assert str(error.value) == f"{places} Did you mean 'summer'?"  # a sample domain
    with pytest.raises(DataError, match="Did you mean 'meadow'"):
        OneDomain(Path("datasets"), ["medow"], "train")
    with pytest.raises(
        DataError,
        match=r"looked for nowhere/summer/train and nowhere/summer\. There is no folder nowhere: ",
    ):
        OneDomain(Path("nowhere"), ["summer"], "train")


def test_a_missing_domain_that_lies_in_a_split_is_found_by_the_hint(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    image_folder("set/val/blur", 1)
    hint = f"looked for {tmp_path}/set/blur. There is {tmp_path}/set/val/blur: pass --data"
    with pytest.raises(DataError, match=f"{re.escape(hint)} {tmp_path}/set/val"):
        OneDomain(tmp_path / "set", ["blur"], "")


@pytest.mark.parametrize("prefix", ["", "{root}/"])
def test_the_test_images_of_a_domain_called_trainA_are_in_testA(
    prefix: str, image_folder: ImageFolder, tmp_path: Path
) -> None:
    for name in ("trainA", "trainB", "testA", "testB"):
        image_folder(name, 1)
    domains = [prefix.format(root=tmp_path) + name for name in ("trainA", "trainB")]
    assert find_domains(tmp_path, ["testA"], "train")[0].path == tmp_path / "testA"
    for split, folders in (("train", "train"), ("test", "test"), ("val", "train")):
        expected = [tmp_path / f"{folders}{side}" for side in "AB"]
        assert [domain.path for domain in find_domains(tmp_path, domains, split)] == expected


def test_an_empty_domain_is_named(image_folder: ImageFolder, tmp_path: Path) -> None:
    image_folder("b", 1)
    (tmp_path / "a/train").mkdir(parents=True)
    with pytest.raises(DataError, match=r"domain 'a': no images in \S+/a/train and "):
        Unpaired(tmp_path, ["a", "b"], "train")


@pytest.mark.parametrize("layout", [Unpaired, Paired, SideBySide])
def test_the_number_of_domains_is_checked(layout: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"reads two domains, got 3: a, b, c\."):
        layout(tmp_path, ["a", "b", "c"], "train")
    with pytest.raises(ConfigError, match=r"'images' reads one domain, got 0\."):
        OneDomain(tmp_path, [], "train")


@pytest.mark.parametrize("root", ["", "photos"])
def test_a_glob_is_a_domain(
    root: str, image_folder: ImageFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        write_uniform(tmp_path / f"photos/a{number}.png")
        write_uniform(tmp_path / f"photos/deep/b{number}.PNG")
        write_uniform(tmp_path / f"photos/__MACOSX/b{number}.png")
    (tmp_path / "photos/a9.psd").touch()
    patterns = ["a*", "**/b*.PNG"] if root else ["photos/a*", "photos/**/b*.PNG"]
    layout = Unpaired(Path(root or "datasets"), patterns, "train")
    assert [path.name for path in layout.files] == [
        "a0.png", "a1.png", "a2.png", "b0.PNG", "b1.PNG", "b2.PNG",
    ]  # fmt: skip
    assert layout.notes[0].startswith("skipped 1 file without an image suffix (1 .psd)")
    image_folder("my [photos]", 1)
    assert len(OneDomain(Path(root), [str(tmp_path / "my [photos]")], "train")) == 1
    with pytest.raises(DataError, match=r"domain 'photos/c\*': no image matches this pattern"):
        OneDomain(Path("datasets"), ["photos/c*"], "train")


def test_D13_the_error_for_a_folder_without_images_lists_its_files(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    for name in ("1.dcm", "2.dcm", "3.mat", "4.PSD"):
        (tmp_path / "scans" / name).touch()
    write_uniform(tmp_path / "b/1.png")
    with pytest.raises(DataError) as error:
        Unpaired(tmp_path, ["scans", "b"], "train")
    text = str(error.value)
    assert text.startswith(
        f"domain 'scans': no images in {tmp_path / 'scans'}: skipped 4 files without an image "
        "suffix (2 .dcm, 1 .mat, 1 .psd)"
    )
    for advice in (".dcm: not read, save its slices", ".mat: not read", ".psd: not read, convert"):
        assert advice in text
