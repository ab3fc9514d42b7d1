"""The metrics of generated images, on values that can be computed by hand."""

import gzip
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch_fidelity.metric_fid import (
    KEY_METRIC_FID,
    fid_features_to_statistics,
    fid_statistics_to_metric,
)

from translate.images.encode import write_image
from translate.images.source import read_image

Import = Callable[[str], ModuleType]


@pytest.fixture
def digit_metrics(import_benchmark: Import) -> ModuleType:
    return import_benchmark("digit_metrics")


@pytest.fixture
def captioned_scenes(import_benchmark: Import) -> ModuleType:
    return import_benchmark("captioned_scenes")


def test_digits_are_read_in_order_without_padding_and_without_sheets(
    digit_metrics: ModuleType, tmp_path: Path
) -> None:
    for number in (2, 1):
        padded = np.zeros((32, 32, 1), np.uint8)
        padded[:28, :28] = number
        write_image(tmp_path / f"{number:06}.png", padded)
    write_image(tmp_path / "grid.png", np.zeros((66, 66, 3), np.uint8))
    result = digit_metrics.read_digits(tmp_path)
    assert result.shape == (2, 28, 28)
    assert [image.min() for image in result] == [1, 2]


def test_images_of_another_size_are_refused_as_digits(
    digit_metrics: ModuleType, tmp_path: Path
) -> None:
    write_image(tmp_path / "1.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(SystemExit, match="28x28 or 32x32 pixels, got 64x64"):
        digit_metrics.read_digits(tmp_path)


def test_pixel_averages_are_of_two_images(digit_metrics: ModuleType) -> None:
    images = np.stack([np.zeros((4, 4), np.uint8), np.full((4, 4), 200, np.uint8)])
    assert set(np.unique(digit_metrics.average_pairs(images, 50))) == {0, 100, 200}


def test_the_distance_of_digits_is_that_of_torch_fidelity(digit_metrics: ModuleType) -> None:
    random = np.random.default_rng(0)
    features = [random.normal(size=(300, 128)).clip(0), random.exponential(size=(200, 128))]
    gaussians = [fid_features_to_statistics(torch.from_numpy(rows)) for rows in features]
    expected = fid_statistics_to_metric(*gaussians, verbose=False)[KEY_METRIC_FID]
    digits = [digit_metrics.Predictions(*np.zeros((2, len(f))), f) for f in features]
    assert digit_metrics.frechet_distance(*digits) == pytest.approx(expected, rel=1e-9)


def test_idx_files_are_read_as_published(tmp_path: Path, import_benchmark: Import) -> None:
    mnist = import_benchmark("mnist")
    (tmp_path / "mnist").mkdir()
    images = np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8)
    header = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28])
    compressed = gzip.compress(header + images.tobytes())
    (tmp_path / "mnist/t10k-images-idx3-ubyte.gz").write_bytes(compressed)
    labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 4])
    (tmp_path / "mnist/t10k-labels-idx1-ubyte").write_bytes(labels)
    pixels, digits = mnist.read(tmp_path, "test")
    assert (pixels.ravel() == images).all()
    assert digits.tolist() == [7, 4]


def test_spearmans_correlation_depends_on_the_order_only(import_benchmark: Import) -> None:
    evaluations = import_benchmark("digit_evaluations")
    assert evaluations.rank_correlation([1, 2, 30], [0.1, 0.5, 0.6]) == pytest.approx(1)
    assert evaluations.rank_correlation([3, 2, 1], [0.1, 0.5, 0.6]) == pytest.approx(-1)
    assert evaluations.rank_correlation([1, 2, 3], [2, 1, 3]) == pytest.approx(0.5)  # 1 - 6*2/24


def test_classes_are_read_by_their_folders(tmp_path: Path, import_benchmark: Import) -> None:
    for name in ("7", "0", ".translate"):
        (tmp_path / name).mkdir()
    write_image(tmp_path / "0/1.png", np.zeros((28, 28, 1), np.uint8))
    write_image(tmp_path / "7/1.png", np.ones((28, 28, 1), np.uint8))
    result = import_benchmark("digit_evaluations").read_classes(tmp_path)
    assert {name: images.max() for name, images in result.items()} == {"0": 0, "7": 1}


def test_bounds_are_checked_one_by_one(import_benchmark: Import) -> None:
    targets = import_benchmark("targets")
    bounds = (targets.at_least("C", 10), targets.at_most("FD", 0.8, 0.25))
    assert targets.check({"C": 10, "FD": 0.8}, bounds, "required") == "pass: C ≥ 10 ✓, FD ≤ 0.8 ✓"
    assert targets.check({"C": 9, "FD": 0.2}, bounds, "required") == "miss: C ≥ 10 ✗, FD ≤ 0.8 ✓"
    assert targets.check({"C": 9, "FD": 0.3}, bounds, "goal") == "miss: FD ≤ 0.25 ✗"
    assert targets.check({"C": 9, "FD": float("nan")}, bounds, "goal") == "miss: FD ≤ 0.25 ✗"


def test_values_are_rounded(import_benchmark: Import) -> None:
    values = [10, 2.2834, 0.0123, 103.62, 2500, float("nan")]
    texts = [import_benchmark("targets").format_value(value) for value in values]
    assert texts == ["10", "2.28", "0.0123", "103.6", "2500", "nan"]


def test_every_evaluated_configuration_has_targets(import_benchmark: Import) -> None:
    assert set(import_benchmark("methods").EVALUATIONS) == set(import_benchmark("targets").TARGETS)


def test_a_sheet_has_its_rows_and_whole_sheets_below_them(
    tmp_path: Path, import_benchmark: Import
) -> None:
    sample_sheet = import_benchmark("sample_sheet")
    write_image(tmp_path / "walk.png", np.zeros((10, 100, 3), np.uint8))
    rows = sample_sheet.square(np.zeros((20, 28, 28), np.uint8), side=4)
    rows.append(np.zeros((2, 32, 32, 3), np.uint8))
    sample_sheet.write(tmp_path / "sheet.png", rows, [tmp_path / "walk.png"])
    height, width = 4 * (28 + 2) + (32 + 2) + (10 + 2), max(4 * (28 + 2), 2 * (32 + 2), 100)
    assert read_image(tmp_path / "sheet.png").shape == (2 * height, 2 * width, 3)


def test_a_sheet_of_folders_has_a_named_row_of_each_evenly_spaced(
    tmp_path: Path, import_benchmark: Import
) -> None:
    sample_sheet = import_benchmark("sample_sheet")
    for i in range(23):
        write_image(tmp_path / f"many/{i:02}.png", np.full((28, 28, 1), i, np.uint8))
    write_image(tmp_path / "many/grid.png", np.zeros((99, 99, 3), np.uint8))
    write_image(tmp_path / "few/only.png", np.zeros((32, 32, 3), np.uint8))
    folders = [f"{name}={tmp_path / name}" for name in ("many", "few")]
    sample_sheet.main(tmp_path / "sheet.png", *folders)
    sheet = read_image(tmp_path / "sheet.png")
    assert sheet.shape == (2 * (28 + 2 + 32 + 2), 2 * (64 + 12 * (28 + 2)), 3)
    assert sheet[0, 128 : -2 * 28 : 60, 0].tolist() == list(range(0, 23, 2))
    assert sheet[:60, :128].min() < 128  # a name is written


def test_a_caption_is_parsed(captioned_scenes: ModuleType) -> None:
    attributes = captioned_scenes.parse(
        "two red houses by a frozen lake under a low sun, four firs and a bare tree, hills, "
        "two clouds, in winter"
    )
    assert attributes == captioned_scenes.Attributes(1, 1, 1, 5, 2, (1, 0, 0, 0))
    bare = captioned_scenes.parse("a meadow under a high sun, a leafy tree, mountains, in summer")
    assert bare == captioned_scenes.Attributes(0, 0, 0, 1, 0, (0, 0, 0, 0))


def test_captions_agree_with_their_scenes(captioned_scenes: ModuleType) -> None:
    for number in range(40):
        scene = captioned_scenes.compose(f"test/{number}")
        attributes = captioned_scenes.parse(captioned_scenes.RENDERINGS["winter"].caption(scene))
        walls = {house.walls for house in scene.houses}
        assert attributes[:2] == (1, int(scene.lake is not None))
        assert (attributes.trees, attributes.houses) == (len(scene.trees), len(scene.houses))
        assert attributes.colours == tuple(
            int(colour in walls) for colour in captioned_scenes.COLOURS
        )


def test_three_trees_are_skipped_and_colours_count_where_there_are_houses(
    captioned_scenes: ModuleType, import_benchmark: Import
) -> None:
    scene_evaluation = import_benchmark("scene_evaluation")
    attributes = [
        captioned_scenes.Attributes(1, 0, 0, 3, 1, (1, 0, 0, 0)),
        captioned_scenes.Attributes(0, 1, 0, 5, 0, (0, 0, 0, 0)),
    ]
    yes, no = 1.0, -1.0
    season_lake_trees_sun = [[yes, no, no, no], [yes, yes, yes, no]]
    houses = [[no, yes, no], [no, no, yes]]
    colours = [[yes, no, no, no], [yes, yes, yes, yes]]
    rows = np.hstack([season_lake_trees_sun, houses, colours])
    result = scene_evaluation.agreement(torch.from_numpy(rows), attributes)
    expected = {"season": 0.5, "lake": 1, "trees": 1, "sun": 1, "houses": 0.5, "colour": 1}
    assert result == expected
