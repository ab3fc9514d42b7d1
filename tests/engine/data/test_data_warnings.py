"""Warnings before the first step: lost information, skipped files, domains of one image."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from failing_layout import FailingLayout, batches_of
from odd_exceptions import PanicException
from PIL import Image
from small_data import checked_data

from translate.batches import Item
from translate.engine.config.schema import Data
from translate.engine.data.data_warnings import find_warnings, propose_range
from translate.images.source import read_image

ImageFolder = Callable[..., Path]


def test_D16_a_domain_of_one_image_gets_one_warning(
    data_config: Callable[..., Data], image_folder: ImageFolder
) -> None:
    image = image_folder("one", 1) / "0000.png"
    expected = [f"{image} is the only image of its domain: networks will overfit it"]
    assert checked_data(data_config(layout="images", domains=("one",))).warnings == expected
    for domains in (("a", "one"), ("one", "b")):
        assert checked_data(data_config(domains=domains)).warnings == expected
    image_folder("two", 2)
    assert checked_data(data_config(domains=("two", "b"))).warnings == []


def test_D13_files_of_other_suffixes_are_counted_before_training(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    for name in ("a/train/x.psd", "a/train/Y.PSD", "b/train/notes", "b/train/.hidden",
                 "b/train/Thumbs.db", "elsewhere.txt"):  # fmt: skip
        (tmp_path / name).touch()
    (tmp_path / "a/train/folder.psd").mkdir()
    (warning,) = checked_data(data_config()).warnings
    assert warning.startswith(
        "skipped 3 files without an image suffix (2 .psd, 1 without suffix): "
        f"{tmp_path / 'a/train/Y.PSD'}, {tmp_path / 'a/train/x.psd'}, "
        f"{tmp_path / 'b/train/notes'}; .psd: not read, convert to PNG or TIFF"
    )


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("I;16", "16 bits a channel become 8"), ("CMYK", "CMYK becomes RGB"),
        ("P", "a palette becomes RGB"), ("RGBA", "transparency is composited over white"),
        ("LA", "transparency is composited over white"),
    ],
)  # fmt: skip
def test_D4_lost_information_is_listed_for_each_image(
    mode: str, text: str, data_config: Callable[..., Data], tmp_path: Path
) -> None:
    paths = [tmp_path / f"{name}.tif" for name in ("a/train/0001", "b/train/0001")]
    for path in paths:
        Image.new(mode, (32, 32)).save(path)
    dataset = checked_data(data_config())
    assert dataset.warnings == [f"{paths[0]} (and 1 more of 10): {text}"]
    assert [note.path for note in dataset.notes] == paths
    assert {(note.stage, note.reason, note.message) for note in dataset.notes} == {
        ("check", "note", text)
    }
    assert not dataset.problems


def test_colour_read_as_gray_is_noted_and_one_bit_read_as_gray_is_not(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    Image.new("1", (32, 32)).save(tmp_path / "a/train/0001.tif")
    assert not checked_data(data_config()).notes
    gray = checked_data(data_config(channels=1)).notes
    assert {note.message for note in gray} == {"colour becomes gray"}
    assert tmp_path / "a/train/0001.tif" not in [note.path for note in gray]


def test_T23_an_item_that_cannot_be_picked_is_listed_and_does_not_stop_the_check(
    tmp_path: Path,
) -> None:
    class FailsEveryFourthItem(FailingLayout):
        def pick(self, index: int, random: Any) -> Item:
            if index % 4 == 0:
                raise PanicException("fourth")
            return super().pick(index, random)

    layout = FailsEveryFourthItem(tmp_path, lambda: None)
    settings = Data(domains=("a",), size=8)
    assert find_warnings(layout, settings, [], [], read_image) == []
    reported = [problem for _, problems in batches_of(layout, 0, stop=2) for problem in problems]
    assert reported and all("PanicException: fourth" in problem.message for problem in reported)


@pytest.mark.parametrize("size", [(64, 32), (80, 32), (52, 32)])
def test_side_by_side_images_of_usual_proportions_get_no_warning(
    size: tuple[int, int], data_config: Callable[..., Data], tmp_path: Path
) -> None:
    assert warnings_for_sizes([size] * 3, data_config, tmp_path) == []


def test_images_that_are_too_narrow_for_two_sides_get_one_warning(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    (warning,) = warnings_for_sizes([(64, 32), (32, 32), (48, 32)], data_config, tmp_path)
    assert warning.startswith(
        f"2 of 3 images below {tmp_path / 'joined'} are not about twice as wide as high, as joined "
        "pairs are; the first is 32x32."
    )
    assert "--data DIR" in warning
    assert warnings_for_sizes([(64, 32), (64, 32), (32, 32)], data_config, tmp_path) == []


def warnings_for_sizes(
    sizes: list[tuple[int, int]], data_config: Callable[..., Data], folder: Path
) -> list[str]:
    root = folder / "joined"
    root.mkdir(exist_ok=True)
    for number, size in enumerate(sizes):
        Image.effect_noise(size, 80).save(root / f"{number}.png")
    layout = {"name": "side-by-side", "sides": ["a", "b"]}
    return checked_data(data_config(root=root, layout=layout, size=16)).warnings


@pytest.mark.parametrize(
    ("dtype", "smallest", "largest", "expected"),
    [
        ("uint16", 16, 4080, (0, 4095)),
        ("uint16", 0, 4096, (0, 8191)),
        ("uint16", 0, 0, (0, 0)),
        ("int16", -1000, 900, (-1000, 900)),
    ],
)
def test_the_proposed_range_of_unsigned_values_ends_at_a_power_of_two_less_one(
    dtype: str, smallest: float, largest: float, expected: tuple[float, float]
) -> None:
    assert propose_range(dtype, smallest, largest) == expected
