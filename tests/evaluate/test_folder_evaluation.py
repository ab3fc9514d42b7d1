"""Folders of images: pairs, masks, baselines, and folders that cannot be compared."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.errors import ConfigError, DataError, NothingUsableError
from translate.evaluate.folder_evaluation import evaluate_folders
from translate.evaluate.result import EvaluationResult
from translate.images.source import read_image


def save(folder: Path, *shapes: tuple[int, ...], seed: int = 0, suffix: str = ".png") -> Path:
    random = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    for number, shape in enumerate(shapes):
        pixels = random.integers(0, 256, shape).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}{suffix}")
    return folder


@pytest.fixture
def real(tmp_path: Path) -> Path:
    return save(tmp_path / "real", (20, 24, 3), (20, 24, 3), (16, 16, 3), seed=1)


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    return save(tmp_path / "fake", (20, 24, 3), (20, 24, 3), (16, 16, 3), seed=2, suffix=".bmp")


def evaluate(real: Path, fake: Path, *metrics: str, **options: object) -> EvaluationResult:
    return evaluate_folders(real, fake, metrics=metrics, device="cpu", **options)  # type: ignore[arg-type]


def value(result: EvaluationResult, name: str) -> float:
    number = result.values[name].value
    assert number is not None
    return number


def test_pairs_are_compared_by_name(real: Path, fake: Path) -> None:
    result = evaluate(real, fake, "mae", paired=True)
    each = [
        np.abs(read_image(real / f"{n}.png").astype(float) - read_image(fake / f"{n}.bmp")).mean()
        for n in range(3)
    ]
    assert value(result, "mae") == pytest.approx(np.mean(each), rel=1e-5)
    assert [result.per_image[str(n)]["mae"] for n in range(3)] == pytest.approx(each, rel=1e-5)
    assert result.protocol["ground truth"] == "pairs"


def test_unpaired_folders_have_only_distances_of_sets(real: Path, fake: Path) -> None:
    result = evaluate(real, fake)
    assert "psnr" not in result.values
    assert value(result, "kd-lite0") != 0
    (real / "0.png").unlink()
    assert evaluate(real, fake, "kd-lite0").protocol["real images"] == 2


def test_values_inside_masks_are_next_to_those_of_whole_images(
    real: Path, fake: Path, tmp_path: Path
) -> None:
    (tmp_path / "mask").mkdir()
    for n, shape in enumerate([(20, 24), (20, 24), (16, 16)]):
        mask = np.zeros(shape, np.uint8)
        mask[:8] = 255
        Image.fromarray(mask).save(tmp_path / f"mask/{n}.png")
    result = evaluate(real, fake, "mae", "kd-lite0", paired=True, mask=tmp_path / "mask")
    assert list(result.values) == ["mae", "mae in mask", "kd-lite0"]
    inside = [
        np.abs(
            read_image(real / f"{n}.png")[:8].astype(float) - read_image(fake / f"{n}.bmp")[:8]
        ).mean()
        for n in range(3)
    ]
    assert value(result, "mae in mask") == pytest.approx(np.mean(inside), rel=1e-5)


def test_inputs_and_training_images_give_baselines(tmp_path: Path) -> None:
    shapes = [(16, 16, 3)] * 3
    real, fake = (
        save(tmp_path / "r", *shapes, seed=1),
        save(tmp_path / "f", *shapes, seed=2),
    )
    source = save(tmp_path / "s", *shapes, seed=3)
    train = save(tmp_path / "t", (32, 48, 3), (16, 16, 3), seed=4)
    result = evaluate(real, fake, "psnr", paired=True, source=source, train=train)
    assert {*result.baselines} == {
        "untouched input",
        "best constant shift",
        "mean target image",
        "1 training image repeated",
        "colour statistics of training images",
        "nearest training image",
    }
    assert not evaluate(real, fake, "psnr", paired=True).baselines


def test_a_folder_has_no_distance_to_itself(real: Path) -> None:
    result = evaluate(real, real, "mae", "psnr", "kd-lite0", "fd-lite0", paired=True)
    assert value(result, "mae") == 0
    assert value(result, "psnr") == pytest.approx(148.13, abs=0.01)
    assert value(result, "fd-lite0") == pytest.approx(0, abs=1e-6)


def test_a_limit_measures_the_first_images(real: Path, fake: Path) -> None:
    result = evaluate(real, fake, "mae", paired=True, limit=2)
    assert list(result.per_image) == ["0", "1"]


def test_a_size_scales_the_shorter_sides(tmp_path: Path) -> None:
    real = save(tmp_path / "r", (32, 48, 3))
    fake = save(tmp_path / "f", (16, 24, 3))
    assert evaluate(real, fake, "mae", paired=True, size=16).values["mae"].value is not None


def test_real_images_without_a_fake_are_noted(real: Path, fake: Path) -> None:
    (fake / "1.bmp").unlink()
    result = evaluate(real, fake, "mae", paired=True)
    assert result.values["mae"].count == 2
    assert result.notes == (f"1 images in {real} have no partner: they are not measured",)


def refusal(real: Path, fake: Path, **options: object) -> str:
    with pytest.raises((ConfigError, DataError, NothingUsableError)) as caught:
        evaluate(real, fake, **options)
    return str(caught.value)


def test_V3_images_without_a_partner_are_refused(real: Path, fake: Path) -> None:
    (real / "1.png").unlink()
    assert "1 of 3 images" in refusal(real, fake, paired=True)


def test_V3_pairs_of_other_sizes_are_refused(real: Path, fake: Path) -> None:
    save(fake, (24, 24, 3), suffix=".bmp")
    message = refusal(real, fake, paired=True)
    assert "has 24x24 pixels, its ground truth 24x20" in message
    assert "--size 20" in message


def test_V3_gray_images_are_not_compared_with_colour(real: Path, tmp_path: Path) -> None:
    gray = save(tmp_path / "gray", (20, 24), (20, 24), (16, 16))
    assert "holds gray images" in refusal(real, gray, paired=True)
    assert "holds gray images" in refusal(gray, real)
    assert evaluate(gray, gray, "mae", paired=True).values["mae"].value == 0


def test_V3_files_that_are_no_images_are_named(real: Path, fake: Path) -> None:
    (fake / "1.bmp").write_bytes(b"no image")
    assert "1.bmp" in refusal(real, fake)


def test_V3_empty_and_missing_folders_are_named(real: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert f"there is no image in {tmp_path / 'empty'}" in refusal(real, tmp_path / "empty")
    assert f"there is no folder {tmp_path / 'none'}" in refusal(tmp_path / "none", real)


def test_two_images_of_one_name_are_refused(real: Path, fake: Path) -> None:
    save(real, (20, 24, 3), suffix=".bmp")
    assert "have the same name" in refusal(real, fake)


def test_masks_without_the_names_or_sizes_of_the_images_are_refused(
    real: Path, fake: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "mask"
    masks.mkdir()
    Image.fromarray(np.full((4, 4), 255, np.uint8)).save(masks / "0.png")
    assert "2 of 3 images have no mask" in refusal(real, fake, paired=True, mask=masks)
    for n in (1, 2):
        Image.fromarray(np.full((4, 4), 255, np.uint8)).save(masks / f"{n}.png")
    assert "that of 0 has 4x4 pixels" in refusal(real, fake, paired=True, mask=masks)
