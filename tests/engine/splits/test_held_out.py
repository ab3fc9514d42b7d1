"""Held-out items depend on their names: pairs, groups and scenes are in one split."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from identity_transform import IdentityTransform

from translate.batches import Item, Layout
from translate.engine.config.schema import Data
from translate.engine.data.check import open_layout
from translate.engine.splits.held_out import Subset, choose_held_out
from translate.errors import DataError

Folder = Callable[..., Path]


def held_out(root: Path, domains: tuple[str, ...], fraction: float = 0.3, seed: int = 0,
             **settings: Any) -> set[str]:  # fmt: skip
    """Return the files that are held out of the domains, relative to `root`."""
    data = Data(root=root, domains=domains, **settings)
    files = choose_held_out(open_layout(data), data, fraction, seed)
    assert len(files) == len(set(files))
    return {path.relative_to(root).as_posix() for path in files}


def test_about_the_given_fraction_is_held_out_and_depends_on_the_seed(image_folder: Folder) -> None:
    root = image_folder("a/train", 60, size=4).parent.parent
    held = held_out(root, ("a",), layout="images")
    assert 9 <= len(held) <= 27
    assert held_out(root, ("a",), layout="images") == held
    assert held_out(root, ("a",), seed=1, layout="images") != held


def test_new_files_and_another_folder_move_no_file_to_the_other_split(
    image_folder: Folder, tmp_path: Path
) -> None:
    root = image_folder("a", 20, size=4).parent
    held = held_out(root, ("a",), layout="images")
    image_folder("a/more", 20, size=4)
    image_folder("b", 3, size=4)
    later = held_out(root, ("a",), layout="images")
    assert {name for name in later if "more" not in name} == held
    (tmp_path / "a").rename(tmp_path / "elsewhere")
    moved = held_out(root, (str(tmp_path / "elsewhere"),), layout="images")
    assert {name.replace("elsewhere", "a") for name in moved} == later


def test_images_of_one_name_in_two_domains_are_in_one_split(image_folder: Folder) -> None:
    root = image_folder("a/train", 20, size=4).parent.parent
    image_folder("b/train", 20, size=4)
    held = held_out(root, ("a", "b"))
    assert {name.replace("a/", "b/") for name in held if name[0] == "a"} == {
        name for name in held if name[0] == "b"
    }


def test_both_images_of_a_pair_are_held_out(image_folder: Folder, tmp_path: Path) -> None:
    folder = image_folder("photos", 20, size=4)
    for path in sorted(folder.iterdir()):
        number = int(path.stem)
        path.rename(folder / f"{number // 2}_{'in' if number % 2 else 'out'}.png")
    layout = {"name": "suffix", "source": "_in", "target": "_out"}
    held = held_out(tmp_path, ("photos",), layout=layout)
    scenes = [Path(name).name.partition("_")[0] for name in held]
    assert held and all(scenes.count(scene) == 2 for scene in scenes)


def test_pairs_that_share_a_file_stay_together(image_folder: Folder, tmp_path: Path) -> None:
    image_folder("a", 9, size=4), image_folder("b", 3, size=4)
    rows = "".join(f"a/{n:04}.png,b/{n % 3:04}.png\n" for n in range(9))
    (tmp_path / "pairs.csv").write_text(f"source,target\n{rows}")
    held = held_out(tmp_path, ("a", "b"), layout={"name": "csv", "file": "pairs.csv"})
    numbers = {int(Path(name).stem) for name in held if name[0] == "b"}
    assert 0 < len(numbers) < 3
    assert {int(Path(name).stem) % 3 for name in held if name[0] == "a"} == numbers
    assert len(held) == 4 * len(numbers)


def test_V9_a_group_is_in_one_split_in_every_domain(image_folder: Folder, tmp_path: Path) -> None:
    for domain in ("a", "b"):
        folder = image_folder(domain, 24, size=4)
        for path in sorted(folder.iterdir()):
            number = int(path.stem)
            path.rename(folder / f"P{number // 4}_slice{number}{domain}.png")
    held = held_out(tmp_path, ("a", "b"), groups=r"(P\d+)_")
    patients = {Path(name).name.partition("_")[0] for name in held}
    assert 0 < len(patients) < 6
    assert len(held) == 8 * len(patients)


def test_every_class_has_images_in_both_splits(image_folder: Folder, tmp_path: Path) -> None:
    for label in range(8):
        image_folder(f"digits/train/{label}", 3, size=4)
    held = held_out(tmp_path, ("digits",), 0.05, layout="labelled")
    classes = [name.split("/")[2] for name in held]
    assert set(classes) == set("01234567")
    assert all(1 <= classes.count(label) <= 2 for label in classes)


def test_a_domain_of_one_image_or_group_cannot_be_split(image_folder: Folder) -> None:
    root = image_folder("a", 1, size=4).parent
    image_folder("b", 9, size=4)
    with pytest.raises(DataError, match=r"data.validation: the domain 'a' has 1 image, too few"):
        held_out(root, ("a", "b"))
    with pytest.raises(DataError, match=r"the domain 'b' has 1 group of data.groups, too few"):
        held_out(root, ("b",), layout="images", groups="(0)")


class FiveItems(Layout):
    """Five items that are parts of one file, which the layout has read."""

    batch = tuple

    def __init__(self, root: Path) -> None:
        self.sources, self.files = [root / "numbers.idx"], []
        self.spec = open_layout(Data(root=root, domains=("a",), layout="images")).spec

    def __len__(self) -> int:
        return 5

    def pick(self, index: int, random: Random) -> Any:  # noqa: ARG002
        return Item((self.sources[0],), index)

    def load(self, item: Any, transform: Any) -> Any:  # noqa: ARG002
        return item.key


def test_items_of_a_layout_without_files_are_held_out_by_their_keys(
    image_folder: Folder, tmp_path: Path
) -> None:
    image_folder("a", 1, size=4)
    layout = FiveItems(tmp_path)
    data = Data(root=tmp_path, domains=("a",))
    held = choose_held_out(layout, data, 0.4, 0)
    assert 0 < len(held) < 5
    subset = Subset(layout, held)
    transform = IdentityTransform()
    items = [subset.load(subset.pick(i, Random(0)), transform) for i in range(len(subset))]
    assert items == held
