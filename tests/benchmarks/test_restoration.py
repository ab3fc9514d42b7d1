"""The metrics of restored images and their baselines, against numbers computed by hand."""

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from translate.engine.config import layers
from translate.engine.config.yaml_text import to_yaml_types


@pytest.fixture
def restoration(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("restoration")


def gray(level: int, side: int = 16) -> np.ndarray:
    return np.full((side, side, 3), level, np.uint8)


def noise(height: int = 24, width: int = 20) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def hole() -> np.ndarray:
    mask = np.zeros((16, 16), np.uint8)
    mask[4:8, 4:12] = 255
    return mask


def task(restoration: ModuleType, folder: Path, recipe: str, *settings: str):
    """Return the task of a run of `recipe` at its defaults except for `settings`."""
    config = layers.resolve(recipe, flags={"data.domains": ["a"]}, assignments=settings)
    document = {"recipe": recipe, "options": to_yaml_types(config.options)}
    (folder / "config.yaml").write_text(json.dumps(document))
    return restoration.create_task(Namespace(run=folder, libjpeg=None), [noise()])


def test_only_pixels_in_the_hole_count(restoration: ModuleType, hole) -> None:
    truth, output = gray(100), gray(30)
    output[hole > 0] = 110
    ten = {"PSNR dB": round(20 * np.log10(255 / 10), 2), "L1 of 255": 10}
    assert restoration.measure_holes([truth], [output], [hole]) == ten
    all_values = restoration.measure([truth], [output], [hole])
    assert list(all_values) == ["PSNR dB", "L1 of 255", "SSIM", "perceptual", "perceptual, deep"]
    assert all_values | ten == all_values


def test_values_are_means_over_images(restoration: ModuleType) -> None:
    values = restoration.measure_holes(
        [gray(100), gray(100)], [gray(110), gray(120)], [gray(255)[..., 0]] * 2
    )
    ten, twenty = 20 * np.log10(255 / 10), 20 * np.log10(255 / 20)
    assert values == {"PSNR dB": round((ten + twenty) / 2, 2), "L1 of 255": 15}


def test_baselines_fill_holes_with_the_mean_of_all_or_of_the_surroundings(
    restoration: ModuleType, hole
) -> None:
    image = gray(0)
    image[1:11, 1:15] = 60  # a margin of three pixels around the hole
    image[hole > 0] = 255  # unknown to every method
    rows = restoration.fill_holes([image], [hole])
    known = 60 * (140 - 32) / (256 - 32)
    levels = {name: filled[hole > 0].mean() for name, (filled,) in rows.items()}
    assert levels["mean of the image"] == round(known)
    assert levels["mean of the surroundings"] == 60
    assert levels["OpenCV, Telea"] == pytest.approx(60, abs=2)
    assert levels["fill: smooth, no network"] == pytest.approx(60, abs=0.5)
    for (filled,) in rows.values():
        assert (filled[hole == 0] == image[hole == 0]).all()


def test_interpolation_keeps_flat_images_and_multiplies_sides(restoration: ModuleType) -> None:
    rows = restoration.enlarge([np.full((3, 5, 3), 77, np.uint8)], 4)
    assert {p.shape for (p,) in rows.values()} == {(12, 20, 3)}
    assert all((p == 77).all() for (p,) in rows.values())


def test_each_run_is_evaluated_on_its_task_with_a_fixed_seed(
    restoration: ModuleType, tmp_path: Path
) -> None:
    truth, small, rows, _ = task(restoration, tmp_path, "srgan", "options.scale=4")
    assert small[0].shape == (6, 5, 3)
    assert truth[0].shape == rows["bicubic (Pillow)"][0].shape == (24, 20, 3)
    for degradation in ("{name: noise, sigma: 0.1}", "jpeg"):
        setting = f"options.degradations=[{degradation}]"
        first, second = (task(restoration, tmp_path, "restore", setting) for _ in range(2))
        assert (first.inputs[0] == second.inputs[0]).all()
        assert (first.inputs[0] != noise()).any()
        assert (first.baselines["untouched"][0] == first.inputs[0]).all()
    fifth_of_the_area = ["options.hole_fraction=[0.2, 0.2]", "options.stroke_fraction=1"]
    _, inputs, _, holes = task(restoration, tmp_path, "inpaint", *fifth_of_the_area)
    assert (holes[0] == 255).sum() == pytest.approx(0.2 * 24 * 20, abs=3)
    assert (inputs[0][holes[0] > 0] == 128).all()
    assert (inputs[0][holes[0] == 0] == noise()[holes[0] == 0]).all()
    with pytest.raises(SystemExit, match="expected a run of srgan, inpaint or restore, not gan"):
        task(restoration, tmp_path, "gan")


def test_sides_are_cropped_to_a_multiple(restoration: ModuleType) -> None:
    cropped = restoration.crop_to_multiple(noise(23, 22), 4)
    assert cropped.shape == (20, 20, 3)
    assert (cropped == noise(23, 22)[:20, :20]).all()


def test_equal_images_have_no_error_and_different_ones_do(restoration: ModuleType) -> None:
    equal = restoration.measure([noise(32, 32)], [noise(32, 32)], [])
    assert [equal[name] for name in ("perceptual", "perceptual, deep", "SSIM")] == [0, 0, 1]
    different = restoration.measure([noise(32, 32)], [gray(128, 32)], [])
    assert different["perceptual"] > 1
    assert different["PSNR dB"] < 12
