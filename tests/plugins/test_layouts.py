"""The layouts of one domain, of unpaired domains, of pairs and of images side by side."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from identity_transform import IdentityTransform
from layout_files import relative_pairs, write_uniform

from translate.errors import BadImage, ConfigError, DataError
from translate.images.encode import write_image
from translate.images.source import read_image
from translate.images.tensors import as_tensor
from translate_plugins.layouts.images import OneDomain
from translate_plugins.layouts.pairs import Paired, SideBySide, Unpaired

ImageFolder = Callable[..., Path]


def test_published_archives_are_read_unchanged(shared_images: Path) -> None:
    for domains in (["trainA", "trainB"], ["A", "B"]):
        layout = Unpaired(shared_images / "horse2zebra", domains, "train")
        assert len(layout) == 120
        assert len(layout.files) == 240
    assert len(Unpaired(shared_images / "horse2zebra", ["A", "B"], "test")) == 40
    assert len(Paired(shared_images / "reds_blur", ["blur", "sharp"], "train")) == 40
    facades = SideBySide(
        shared_images / "facades", ["labels", "photo"], "train", sides=["photo", "labels"]
    )
    assert len(facades) == 240
    item = facades.load(facades.pick(0, Random(0)), IdentityTransform())
    assert item.source.shape == item.target.shape == (3, 256, 256)
    both_sides = as_tensor(read_image(facades.files[0]))
    assert (item.target == both_sides[..., :256]).all()
    assert (item.source == both_sides[..., 256:]).all()


def test_a_path_is_accepted_in_place_of_a_name(image_folder: ImageFolder, tmp_path: Path) -> None:
    flat, split = image_folder("elsewhere/flat", 2), image_folder("elsewhere/split/train", 3)
    layout = Unpaired(tmp_path / "datasets", [str(flat), str(split.parent)], "train")
    assert (len(layout.source), len(layout.target)) == (2, 3)


def test_a_name_takes_precedence_over_a_folder_in_the_working_directory(
    image_folder: ImageFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, outside = image_folder("root/a", 1), image_folder("here/a", 2)
    monkeypatch.chdir(outside.parent)
    assert list(OneDomain(tmp_path / "root", ["a"], "train").files) == list(inside.iterdir())
    assert len(OneDomain(tmp_path / "other", ["a"], "train")) == 2


def test_a_file_is_a_domain_of_one_image(tmp_path: Path) -> None:
    files = [write_uniform(tmp_path / "x/a.png"), write_uniform(tmp_path / "x/b.png", level=9)]
    layout = Unpaired(tmp_path, [str(files[0]), "x/b.png"], "train")
    assert list(layout.files) == files


def test_a_pattern_that_the_shell_expanded_is_recognized(tmp_path: Path) -> None:
    names = [f"photos/a{number}.jpg" for number in range(40)]
    with pytest.raises(ConfigError, match=r"got 40: .*, \.\.\.\. Quote a pattern"):
        Unpaired(tmp_path, names, "train")


@pytest.mark.parametrize(("sources", "targets"), [(5, 2), (2, 5)])
def test_an_epoch_has_each_image_of_the_longer_domain_once(
    sources: int, targets: int, image_folder: ImageFolder, tmp_path: Path
) -> None:
    image_folder("a", sources)
    image_folder("b", targets)
    layout = Unpaired(tmp_path, ["a", "b"], "train")
    assert len(layout) == 5
    epoch = [layout.pick(index, Random(index)).files for index in range(5)]
    assert {path.parent.name for path, _ in epoch} == {"a"}
    assert {path.parent.name for _, path in epoch} == {"b"}
    longer = [pair[0 if sources > targets else 1] for pair in epoch]
    assert sorted(longer) == sorted(longer[0].parent.iterdir())


def test_the_two_sides_of_an_unpaired_item_have_their_own_roles(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    image_folder("a")
    image_folder("b")
    layout, transform = Unpaired(tmp_path, ["a", "b"], "train"), IdentityTransform()
    layout.load(layout.pick(0, Random(0)), transform)
    assert transform.roles == ["source", "target"]


def test_leaving_out_an_image_equals_removing_it(image_folder: ImageFolder, tmp_path: Path) -> None:
    files = sorted(image_folder("a", 3).iterdir())
    image_folder("b", 1)
    layout = Unpaired(tmp_path, ["a", "b"], "train", leave_out=[files[1]])
    files[1].unlink()
    after_removal = Unpaired(tmp_path, ["a", "b"], "train")
    assert layout.files == after_removal.files
    for index in range(2):
        assert layout.pick(index, Random(0)) == after_removal.pick(index, Random(0))
    with pytest.raises(DataError, match="not one of its 1 images can be read"):
        Unpaired(tmp_path, ["a", "b"], "train", leave_out=(tmp_path / "b").iterdir())


def test_pairs_have_one_name_whatever_their_suffixes_and_depth(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/deep/2.jpg", "b/1.jpg", "b/deep/2.bmp"):
        write_uniform(tmp_path / name)
    layout = Paired(tmp_path, ["a", "b"], "train")
    assert relative_pairs(layout, tmp_path) == [
        ["a/1.png", "b/1.jpg"],
        ["a/deep/2.jpg", "b/deep/2.bmp"],
    ]


def test_D17_unpaired_files_are_listed_and_a_flag_drops_them(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.png", "b/2.png", "b/long-name.png", "b/4.png"):
        write_uniform(tmp_path / name)
    with pytest.raises(DataError) as error:
        Paired(tmp_path, ["a", "b"], "train")
    *table, rule, flag = str(error.value).splitlines()
    assert table == [
        "images without a partner: 1 of a, 2 of b",
        "  only in a  only in b",
        "  1          4",
        "             long-name",
    ]
    assert rule.startswith("Pairs have the same name in both folders. ")
    assert "{name: suffix, source: _in, target: _out}" in rule
    assert "{name: csv, file: pairs.csv}" in rule
    assert flag == "--drop-unpaired skips images without a partner."
    layout = Paired(tmp_path, ["a", "b"], "train", drop_unpaired=True)
    assert len(layout) == 1
    assert layout.notes == ["skipped 3 images without a partner; 1 pairs are left"]


def test_folders_without_a_pair_are_refused(tmp_path: Path) -> None:
    write_uniform(tmp_path / "a/1.png")
    write_uniform(tmp_path / "b/2.png")
    with pytest.raises(DataError, match="no two files have the same name"):
        Paired(tmp_path, ["a", "b"], "train", drop_unpaired=True)


def test_D21_an_image_that_is_its_own_partner_by_a_link_is_refused(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    source, target = image_folder("a", 3) / "0000.png", image_folder("b", 3) / "0000.png"
    target.unlink()
    for link_to in (target.symlink_to, target.hardlink_to):
        link_to(source)
        with pytest.raises(DataError, match="1 of 3 pairs are links to one file"):
            Paired(tmp_path, ["a", "b"], "train")
        layout = Paired(tmp_path, ["a", "b"], "train", drop_unpaired=True)
        assert len(layout) == 2
        assert layout.notes == ["skipped 1 pairs of one file; 2 pairs are left"]
        target.unlink()


def test_D21_names_of_a_pair_may_differ_in_unicode_form(tmp_path: Path) -> None:
    write_uniform(tmp_path / "a" / unicodedata.normalize("NFC", "é.png"))
    write_uniform(tmp_path / "b" / unicodedata.normalize("NFD", "é.png"))
    assert len(Paired(tmp_path, ["a", "b"], "train")) == 1


def test_two_files_of_one_name_cannot_be_paired(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/1.bmp", "b/1.png"):
        write_uniform(tmp_path / name)
    with pytest.raises(DataError, match=r"a/1\.bmp and \S+a/1\.png have the same name"):
        Paired(tmp_path, ["a", "b"], "train")


def test_a_pair_of_two_sizes_is_a_bad_image(shared_images: Path, tmp_path: Path) -> None:
    for side in ("blur", "sharp"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "test1.jpg").symlink_to(shared_images / f"nasty_pairs/test1_{side}.jpg")
    layout = Paired(tmp_path, ["blur", "sharp"], "train")
    with pytest.raises(BadImage, match=r"1000x911, but its partner \S+/sharp/test1\.jpg 1000x913"):
        layout.load(layout.pick(0, Random(0)), IdentityTransform())


def test_sides_name_the_halves_and_domains_the_direction(tmp_path: Path) -> None:
    both_sides = np.zeros((4, 8, 3), np.uint8)
    both_sides[:, 4:] = 255
    write_image(tmp_path / "1.png", both_sides)
    for domains, level in ((["black", "white"], 0), (["white", "black"], 255)):
        layout = SideBySide(tmp_path, domains, "train", sides=["black", "white"])
        item = layout.load(layout.pick(0, Random(0)), IdentityTransform())
        assert (item.source == level).all()
        assert (item.target == 255 - level).all()


def test_an_odd_width_cannot_be_halved(tmp_path: Path) -> None:
    write_uniform(tmp_path / "train/1.png", size=(4, 7))
    layout = SideBySide(tmp_path, ["a", "b"], "train", sides=["a", "b"])
    with pytest.raises(BadImage, match="cannot be halved: it is 7 pixels wide"):
        layout.load(layout.pick(0, Random(0)), IdentityTransform())


def test_sides_must_be_named_and_domains_be_among_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\{name: side-by-side, sides: \[labels, photo\]\}"):
        SideBySide(tmp_path, ["labels", "photo"], "train")
    with pytest.raises(ConfigError, match=r"no side is called 'foto'\. Did you mean 'photo'\?"):
        SideBySide(tmp_path, ["labels", "foto"], "train", sides=["photo", "labels"])
    with pytest.raises(DataError, match=r"no folder for pairs of a and b: looked for \S+/train an"):
        SideBySide(tmp_path / "no", ["a", "b"], "train", sides=["a", "b"])


def test_the_images_of_one_domain_are_read(image_folder: ImageFolder, tmp_path: Path) -> None:
    image_folder("a", 2)
    layout, transform = OneDomain(tmp_path, ["a"], "train"), IdentityTransform()
    item = layout.load(layout.pick(1, Random(0)), transform)
    assert item.images.shape == (3, 32, 32)
    assert transform.roles == ["source"]
