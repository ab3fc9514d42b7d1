"""The layout of pairs in one folder with names that differ in a suffix."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from identity_transform import IdentityTransform
from layout_files import relative_pairs, write_uniform

from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.errors import BadImage, ConfigError, DataError
from translate_plugins.layouts.pairs import Paired
from translate_plugins.layouts.partners import common_ends
from translate_plugins.layouts.suffix import SuffixPairs

OpenLayout = Callable[..., SuffixPairs]


def write_images(folder: Path, *names: str, side: int = 8) -> None:
    """Write images of the levels 0, 1, ..."""
    for level, name in enumerate(names):
        write_uniform(folder / name, level, size=(side, side))


@pytest.fixture
def open_layout(tmp_path: Path) -> OpenLayout:
    def open_pairs(
        *domains: str, suffixes: tuple[str, str] = ("_in", "_out"), **options: Any
    ) -> SuffixPairs:
        source, target = suffixes
        names = domains or ("p",)
        return SuffixPairs(tmp_path, names, "train", source=source, target=target, **options)

    return open_pairs


@pytest.mark.parametrize("folder", ["p", "p/train", "train/p"])
def test_a_pair_is_two_files_with_names_that_differ_in_a_suffix(
    folder: str, open_layout: OpenLayout, tmp_path: Path
) -> None:
    write_images(tmp_path / folder, "1_in.png", "1_out.bmp", "deep/1_in.png", "deep/1_out.png")
    layout = open_layout()
    assert relative_pairs(layout, tmp_path / folder) == [
        ["1_in.png", "1_out.bmp"],
        ["deep/1_in.png", "deep/1_out.png"],
    ]
    assert layout.spec.names == ("in", "out")
    assert len(layout) == 2 and len(layout.files) == 4 and layout.notes == []
    pair = layout.load(layout.pick(0, Random(0)), IdentityTransform())
    assert (int(pair.source[0, 0, 0]), int(pair.target[0, 0, 0])) == (0, 1)


def test_an_empty_suffix_matches_names_without_the_other_suffix(
    open_layout: OpenLayout, tmp_path: Path
) -> None:
    write_images(tmp_path / "p", "1.png", "1_mask.png", "a_mask_2.png", "a_mask_2_mask.png")
    layout = open_layout(suffixes=("", "_mask"))
    assert relative_pairs(layout, tmp_path / "p") == [
        ["1.png", "1_mask.png"],
        ["a_mask_2.png", "a_mask_2_mask.png"],
    ]
    assert layout.spec.names == ("p", "mask")


def test_the_longer_suffix_takes_precedence(open_layout: OpenLayout, tmp_path: Path) -> None:
    write_images(tmp_path / "p", "1_in.png", "1_main_in.png")
    assert relative_pairs(open_layout(suffixes=("_in", "_main_in")), tmp_path / "p") == [
        ["1_in.png", "1_main_in.png"]
    ]


def test_D17_unpaired_files_are_listed_and_a_flag_drops_them(
    open_layout: OpenLayout, tmp_path: Path
) -> None:
    write_images(tmp_path / "p", "1_in.png", "1_out.png", "2_in.png", "3_out.png", "4_out.png")
    with pytest.raises(DataError) as error:
        open_layout()
    assert str(error.value).splitlines() == [
        "images without a partner: 1 of *_in, 2 of *_out",
        "  only in *_in  only in *_out",
        "  2             3",
        "                4",
        "A pair is NAME_in.png and NAME_out.png, with any file type.",
        "--drop-unpaired skips images without a partner.",
    ]
    layout = open_layout(drop_unpaired=True)
    assert len(layout) == 1
    assert layout.notes == ["skipped 3 images without a partner; 1 pairs are left"]


def test_images_with_neither_suffix_are_reported(open_layout: OpenLayout, tmp_path: Path) -> None:
    write_images(tmp_path / "p", "1_in.png", "1_out.png", "1_depth.png")
    (note,) = open_layout().notes
    assert note.startswith("skipped 1 images with names that end in neither '_in' nor '_out'")
    assert note.endswith("1_depth.png")


def test_two_domains_are_two_folders_or_names_for_source_and_target(
    open_layout: OpenLayout, tmp_path: Path
) -> None:
    write_images(tmp_path / "a", "1_in.png", "1_out.png")
    write_images(tmp_path / "b", "1_out.png", "1_in.png")
    layout = open_layout("a", "b")
    assert relative_pairs(layout, tmp_path) == [["a/1_in.png", "b/1_out.png"]]
    assert layout.spec.names == ("a", "b")
    assert layout.notes[0].startswith("skipped 2 images")
    write_images(tmp_path / "other/train", "1_in.png", "1_out.png")
    named = SuffixPairs(tmp_path / "other", ["photo", "mask"], "train", source="_in", target="_out")
    assert relative_pairs(named, tmp_path / "other/train") == [["1_in.png", "1_out.png"]]
    assert named.spec.names == ("photo", "mask")
    with pytest.raises(ConfigError, match="'suffix' reads two domains, got 3"):
        open_layout("a", "b", "c")


def test_D24_one_suffix_for_both_sides_is_refused(open_layout: OpenLayout, tmp_path: Path) -> None:
    write_images(tmp_path / "p", "1_in.png")
    with pytest.raises(ConfigError, match="source and target are both '_in', expected two"):
        open_layout(suffixes=("_in", "_in"))


def test_two_files_of_one_name_cannot_be_paired(open_layout: OpenLayout, tmp_path: Path) -> None:
    write_images(tmp_path / "p", "1_in.png", "1_in.bmp", "1_out.png")
    with pytest.raises(DataError, match=r"1_in\.bmp and \S+1_in\.png have the same name"):
        open_layout()


def test_a_pair_is_dropped_if_either_image_is_left_out(
    open_layout: OpenLayout, tmp_path: Path
) -> None:
    write_images(tmp_path / "p", "1_in.png", "1_out.png", "2_in.png", "2_out.png")
    assert len(open_layout(leave_out=[tmp_path / "p/2_out.png"])) == 1
    with pytest.raises(DataError, match="no pair NAME_in and NAME_out among 4 images such as"):
        open_layout(leave_out=(tmp_path / "p").iterdir())


def test_a_pair_of_images_of_different_sizes_cannot_be_read(
    open_layout: OpenLayout, tmp_path: Path
) -> None:
    write_images(tmp_path / "p", "1_in.png")
    write_images(tmp_path / "p", "1_out.png", side=9)
    layout = open_layout()
    with pytest.raises(BadImage, match=r"is 8x8, but its partner \S+1_out\.png 9x9"):
        layout.load(layout.pick(0, Random(0)), IdentityTransform())


def test_the_layout_is_selected_by_name_with_its_options(tmp_path: Path) -> None:
    write_images(tmp_path / "p", "1_in.png", "1_out.png", "2_in.png")
    layout = {"name": "suffix", "source": "_in", "target": "_out", "drop_unpaired": True}
    settings = Data(root=tmp_path, domains=("p",), layout=layout)
    assert check.open_layout(settings).spec.names == ("in", "out")
    with pytest.raises(ConfigError, match="needs the option 'source': end of the names of source"):
        check.open_layout(Data(root=tmp_path, domains=("p",), layout="suffix"))


@pytest.mark.parametrize(
    ("left", "right", "ends"),
    [
        (["10_sketch", "x/20_sketch"], ["10_photo", "x/20_photo"], ("_sketch", "_photo", 2)),
        (["10", "20"], ["10_mask", "20_mask"], ("", "_mask", 2)),
        (["1a", "2a"], ["3b", "4b"], ("a", "b", 0)),
    ],
)
def test_the_suffixes_that_all_names_of_a_side_have_are_recognized(
    left: list[str], right: list[str], ends: tuple[str, str, int]
) -> None:
    assert common_ends(left, right) == ends


def test_the_error_about_different_suffixes_has_the_setting_that_reads_them(
    open_layout: OpenLayout, tmp_path: Path
) -> None:
    write_images(tmp_path / "a", "1_in.png", "2_in.png")
    write_images(tmp_path / "b", "1-photo.png", "2-photo.png")
    with pytest.raises(DataError) as error:
        Paired(tmp_path, ["a", "b"], "train")
    assert '"data.layout={name: suffix, source: _in, target: -photo}"' in str(error.value)
    assert "2 pairs by" in str(error.value)
    assert len(open_layout("a", "b", suffixes=("_in", "-photo"))) == 2


def test_the_error_about_a_single_folder_has_a_layout_of_single_folders(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="side by side in one image: --set"):
        Paired(tmp_path, ["facades"], "train")
