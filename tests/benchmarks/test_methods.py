"""The marks of drawn pictures, on things that can be worked out by hand."""

import gzip
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from translate.images.decode import read_image
from translate.images.encode import write_image

FOLDER = Path(__file__).parents[2] / "benchmarks"
OURS = {path.stem for path in FOLDER.glob("*.py")}


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make benchmarks/ importable: it is no package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in OURS:
        sys.modules.pop(name, None)


@pytest.fixture
def marks() -> ModuleType:
    return import_module("marks")


@pytest.fixture
def scenes() -> ModuleType:
    return import_module("scenes")


# -- marks of digits -------------------------------------------------------------------------------


def test_the_distance_of_gaussians_that_commute_is_that_of_their_deviations(
    marks: ModuleType,
) -> None:
    first = marks.Gaussian(np.array([1.0, 0.0]), np.diag([4.0, 9.0]))
    second = marks.Gaussian(np.array([1.0, 3.0]), np.diag([1.0, 25.0]))
    assert marks.frechet(first, second) == pytest.approx(3**2 + (2 - 1) ** 2 + (3 - 5) ** 2)


def test_the_distance_of_any_gaussians_is_that_of_the_plain_formula(marks: ModuleType) -> None:
    random = np.random.default_rng(0)
    factors = random.normal(size=(2, 5, 5))
    first, second = (f @ f.T for f in factors)
    root = np.sqrt(np.linalg.eigvals(first @ second).astype(complex)).sum().real
    zero = np.zeros(5)
    found = marks.frechet(marks.Gaussian(zero, first), marks.Gaussian(zero, second))
    assert found == pytest.approx(np.trace(first) + np.trace(second) - 2 * root)


def test_equal_gaussians_are_not_apart_even_where_features_never_vary(marks: ModuleType) -> None:
    flat = marks.Gaussian(np.ones(3), np.diag([2.0, 0.0, 1.0]))
    assert marks.frechet(flat, flat) == pytest.approx(0, abs=1e-12)


def test_the_entropy_of_two_equal_classes_is_the_logarithm_of_two(marks: ModuleType) -> None:
    assert marks.entropy(np.array([3, 3, 8, 8])) == pytest.approx(np.log(2))
    assert marks.entropy(np.array([5, 5])) == 0


def test_a_class_counts_from_one_in_a_hundred_on(marks: ModuleType) -> None:
    assert marks.classes(np.array([0] * 98 + [1] * 1 + [2] * 1)) == 3
    assert marks.classes(np.array([0] * 198 + [1] * 1 + [2] * 1)) == 1


def test_purity_is_each_codes_largest_share_and_says_how_many_digits_codes_have(
    marks: ModuleType,
) -> None:
    codes = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    digits = np.array([7, 7, 7, 1, 7, 7, 2, 3])
    assert marks.purity(codes, digits) == ((0.75 + 0.5) / 2, 1)


def test_double_exposures_are_the_mean_of_two_pictures(marks: ModuleType) -> None:
    pictures = np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 200, np.uint8)])
    assert set(np.unique(marks.averages(pictures))) == {0, 100, 200}


def test_digits_are_read_in_order_without_padding_and_without_sheets(
    marks: ModuleType, tmp_path: Path
) -> None:
    for number in (2, 1):
        padded = np.zeros((32, 32, 1), np.uint8)
        padded[:28, :28] = number
        write_image(tmp_path / f"{number:06}.png", padded)
    write_image(tmp_path / "grid.png", np.zeros((66, 66, 3), np.uint8))
    found = marks.read(tmp_path)
    assert found.shape == (2, 28, 28)
    assert [picture.min() for picture in found] == [1, 2]


def test_pictures_that_are_no_digits_are_refused(marks: ModuleType, tmp_path: Path) -> None:
    write_image(tmp_path / "1.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(SystemExit, match="64x64"):
        marks.read(tmp_path)


def test_idx_files_are_read_as_published(tmp_path: Path) -> None:
    mnist = import_module("mnist")
    (tmp_path / "mnist").mkdir()
    pictures = np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8)
    head = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28])
    packed = gzip.compress(head + pictures.tobytes())
    (tmp_path / "mnist/t10k-images-idx3-ubyte.gz").write_bytes(packed)
    labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 4])
    (tmp_path / "mnist/t10k-labels-idx1-ubyte").write_bytes(labels)
    read, digits = mnist.read(tmp_path, "test")
    assert (read.ravel() == pictures).all()
    assert digits.tolist() == [7, 4]


def test_spearmans_correlation_sees_the_order_alone() -> None:
    measures = import_module("measures")
    assert measures.rank_correlation([1, 2, 30], [0.1, 0.5, 0.6]) == pytest.approx(1)
    assert measures.rank_correlation([3, 2, 1], [0.1, 0.5, 0.6]) == pytest.approx(-1)
    assert measures.rank_correlation([1, 2, 3], [2, 1, 3]) == pytest.approx(0.5)  # 1 - 6*2/24


def test_classes_are_told_by_their_folders(tmp_path: Path) -> None:
    for name in ("7", "0", ".translate"):
        (tmp_path / name).mkdir()
    write_image(tmp_path / "0/1.png", np.zeros((28, 28, 1), np.uint8))
    write_image(tmp_path / "7/1.png", np.ones((28, 28, 1), np.uint8))
    found = import_module("measures").by_class(tmp_path)
    assert {name: pictures.max() for name, pictures in found.items()} == {"0": 0, "7": 1}


def test_bounds_are_marked_one_by_one() -> None:
    wanted = import_module("wanted")
    limits = (wanted.least("C", 10), wanted.most("FD", 0.8, 0.25))
    assert wanted.verdict({"C": 10, "FD": 0.8}, limits, "must") == "pass: C ≥ 10 ✓, FD ≤ 0.8 ✓"
    assert wanted.verdict({"C": 9, "FD": 0.2}, limits, "must") == "miss: C ≥ 10 ✗, FD ≤ 0.8 ✓"
    assert wanted.verdict({"C": 9, "FD": 0.3}, limits, "goal") == "miss: FD ≤ 0.25 ✗"
    assert wanted.verdict({"C": 9, "FD": float("nan")}, limits, "goal") == "miss: FD ≤ 0.25 ✗"


def test_figures_are_short() -> None:
    values = [10, 2.2834, 0.0123, 103.62, 2500, float("nan")]
    found = [import_module("wanted").short(value) for value in values]
    assert found == ["10", "2.28", "0.0123", "103.6", "2500", "nan"]


def test_every_measured_configuration_has_bounds() -> None:
    assert set(import_module("methods").MEASURES) == set(import_module("wanted").LIMITS)


def test_a_sheet_has_its_rows_and_whole_sheets_below_them(tmp_path: Path) -> None:
    contact = import_module("contact")
    write_image(tmp_path / "walk.png", np.zeros((10, 100, 3), np.uint8))
    rows = contact.square(np.zeros((20, 28, 28), np.uint8), side=4)
    rows.append(np.zeros((2, 32, 32, 3), np.uint8))
    contact.write(tmp_path / "sheet.png", rows, [tmp_path / "walk.png"])
    height, width = 4 * (28 + 2) + (32 + 2) + (10 + 2), max(4 * (28 + 2), 2 * (32 + 2), 100)
    assert read_image(tmp_path / "sheet.png").shape == (2 * height, 2 * width, 3)


def test_a_sheet_of_folders_has_a_named_row_of_each_evenly_spaced(tmp_path: Path) -> None:
    contact = import_module("contact")
    for i in range(23):
        write_image(tmp_path / f"many/{i:02}.png", np.full((28, 28, 1), i, np.uint8))
    write_image(tmp_path / "many/grid.png", np.zeros((99, 99, 3), np.uint8))
    write_image(tmp_path / "few/only.png", np.zeros((32, 32, 3), np.uint8))
    contact.main(tmp_path / "sheet.png", f"many={tmp_path / 'many'}", f"few={tmp_path / 'few'}")
    sheet = read_image(tmp_path / "sheet.png")
    assert sheet.shape == (2 * (28 + 2 + 32 + 2), 2 * (64 + 12 * (28 + 2)), 3)
    assert sheet[0, 128 : -2 * 28 : 60, 0].tolist() == list(range(0, 23, 2))
    assert sheet[:60, :128].min() < 128  # a name is written


# -- marks of scenes -------------------------------------------------------------------------------


def test_a_caption_is_read(scenes: ModuleType) -> None:
    told = scenes.parse(
        "two red houses by a frozen lake under a low sun, four firs and a bare tree, hills, "
        "two clouds, in winter"
    )
    assert told == scenes.Told(1, 1, 1, 5, 2, (1, 0, 0, 0))
    bare = scenes.parse("a meadow under a high sun, a leafy tree, mountains, in summer")
    assert bare == scenes.Told(0, 0, 0, 1, 0, (0, 0, 0, 0))


def test_captions_say_what_their_scenes_hold(scenes: ModuleType) -> None:
    for number in range(40):
        scene = scenes.compose(f"test/{number}")
        told = scenes.parse(scenes.RENDERINGS["winter"].caption(scene))
        walls = {house.walls for house in scene.houses}
        assert told[:2] == (1, int(scene.lake is not None))
        assert (told.trees, told.houses) == (len(scene.trees), len(scene.houses))
        assert told.colours == tuple(int(colour in walls) for colour in scenes.COLOURS)


def test_the_distance_within_sets_is_a_mean_over_pairs(scenes: ModuleType) -> None:
    one, three = (np.full((1, 1, 1), level, np.uint8) for level in (1, 3))
    assert scenes.apart([np.stack([one, three, three]), np.stack([one, one])]) == pytest.approx(
        ((2 + 2 + 0) / 3 + 0) / 2
    )


def test_three_trees_are_left_out_and_colours_count_where_there_are_houses(
    scenes: ModuleType,
) -> None:
    scenery = import_module("scenery")
    told = [scenes.Told(1, 0, 0, 3, 1, (1, 0, 0, 0)), scenes.Told(0, 1, 0, 5, 0, (0, 0, 0, 0))]
    yes, no = 1.0, -1.0
    plain = [[yes, no, no, no], [yes, yes, yes, no]]  # season, lake, many trees, low sun
    houses = [[no, yes, no], [no, no, yes]]
    colours = [[yes, no, no, no], [yes, yes, yes, yes]]
    rows = np.hstack([plain, houses, colours])
    found = scenery.agreement(torch.from_numpy(rows), told)
    expected = {"season": 0.5, "lake": 1, "trees": 1, "sun": 1, "houses": 0.5, "colour": 1}
    assert found == expected
