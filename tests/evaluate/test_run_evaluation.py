"""Runs evaluated on their test images, with baselines and protocol."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import small_autoencoders
import small_checkpoints
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from translate.errors import ConfigError
from translate.evaluate.result import FLOOR
from translate.evaluate.run_evaluation import evaluate_run, versions

PIXELS = ["mae", "psnr"]


def test_a_paired_run_is_measured_next_to_all_baselines(paired_run: Path) -> None:
    result = evaluate_run(paired_run, device="cpu", metrics=PIXELS)
    assert result.values["psnr"].count == 5
    assert {*result.baselines} == {
        "untouched input",
        "best constant shift",
        "mean target image",
        "1 training image repeated",
        "colour statistics of training images",
        "nearest training image",
    }
    assert list(result.per_image) == [f"a/test/{number:04}.png" for number in range(5)]
    assert not result.trust, "metrics were named"


def test_the_untouched_input_is_the_test_image_itself(paired_run: Path, photos: Path) -> None:
    result = evaluate_run(paired_run, device="cpu", metrics=["psnr"], size=24)
    each = []
    for number in range(5):
        source, target = (
            np.asarray(Image.open(photos / name / f"test/{number:04}.png")) for name in "ab"
        )
        each.append(peak_signal_noise_ratio(target, source))
    assert result.baselines["untouched input"]["psnr"] == pytest.approx(np.mean(each), rel=1e-6)


def test_test_images_of_another_depth_are_measured_in_the_domains_of_the_run(
    paired_run: Path, photos: Path
) -> None:
    expected = evaluate_run(paired_run, device="cpu", metrics=PIXELS)
    for path in photos.glob("*/test/*.png"):
        cv2.imwrite(str(path), cv2.imread(str(path)).astype(np.uint16) * 257)
    result = evaluate_run(paired_run, device="cpu", metrics=PIXELS)
    assert (result.values, result.baselines) == (expected.values, expected.baselines)


def test_the_untouched_input_is_not_compared_with_itself(unpaired_run: Path) -> None:
    result = evaluate_run(unpaired_run, device="cpu", metrics=["edge-agreement", "kd-lite0"])
    assert {*result.baselines["untouched input"]} == {"kd-lite0"}
    assert "edge-agreement" in result.baselines["mean target image"]


def test_an_unpaired_run_has_no_ground_truth_but_distances_and_a_floor(unpaired_run: Path) -> None:
    result = evaluate_run(unpaired_run, device="cpu")
    assert {"kd-lite0", "fd-lite0"} <= {*result.values}
    assert not {"psnr", "ssim", "mae"} & {*result.values}
    assert {*result.baselines[FLOOR]} >= {"kd-lite0", "fd-lite0"}
    assert "best constant shift" not in result.baselines
    assert {*result.trust} == {f"a/test/{number:04}.png" for number in range(5)}
    assert all(row.keys() == {"trust", "cycle", "distance"} for row in result.trust.values())
    assert {*result.examples} <= {*result.trust}
    with pytest.raises(ConfigError, match="'psnr' needs target"):
        evaluate_run(unpaired_run, device="cpu", metrics=["psnr"])


def test_the_other_direction_is_measured_on_the_other_domain(unpaired_run: Path) -> None:
    forward = evaluate_run(unpaired_run, device="cpu", metrics=["kd-lite0"])
    backward = evaluate_run(unpaired_run, device="cpu", metrics=["kd-lite0"], to="a")
    assert (backward.protocol["from"], backward.protocol["to"]) == ("b", "a")
    assert backward.values != forward.values
    with pytest.raises(ConfigError, match="does not translate to 'c'"):
        evaluate_run(unpaired_run, device="cpu", to="c")


def test_a_generator_is_measured_on_as_many_samples_as_there_are_images(
    class_run: Path,
) -> None:
    result = evaluate_run(class_run, device="cpu", metrics=["kd-lite0"], seeds=(0, 1))
    measured = result.values["kd-lite0"]
    assert measured.count == 9
    assert measured.deviation is not None and measured.deviation > 0
    assert {*result.baselines} == {
        "mean target image",
        "1 training image repeated",
        FLOOR,
    }
    assert "from" not in result.protocol
    with pytest.raises(ConfigError, match="translates nothing"):
        evaluate_run(class_run, device="cpu", to="digits")


def test_only_recipes_that_draw_random_numbers_take_several_seeds(paired_run: Path) -> None:
    with pytest.raises(ConfigError, match="uses no random numbers, got 2 seeds"):
        evaluate_run(paired_run, device="cpu", seeds=(0, 1))


def test_reconstructions_are_measured_against_the_image(tmp_path: Path, photos: Path) -> None:
    run = small_checkpoints.write_run(
        tmp_path / "auto",
        "autoencoder",
        domains=("a",),
        options={**small_autoencoders.NETWORKS, "latent_dim": 2},
        size=8,
        data={"root": str(photos), "layout": "images"},
    )
    result = evaluate_run(run, device="cpu", metrics=["psnr"])
    assert result.values["psnr"].value is not None
    assert {*result.baselines} == {
        "mean target image",
        "1 training image repeated",
        "colour statistics of training images",
        "nearest training image",
    }, "the input is the ground truth itself"
    assert result.protocol["ground truth"] == "the original images"


def test_images_of_other_channels_have_no_baseline_of_their_input(
    tmp_path: Path, photos: Path
) -> None:
    data = {"root": str(photos), "layout": "paired", "channels": {"a": 1, "b": 3}}
    run = small_checkpoints.pix2pix(
        tmp_path / "gray", domains=("a", "b"), channels=(1, 3), data=data
    )
    result = evaluate_run(run, device="cpu", metrics=["psnr"])
    assert {*result.baselines} == {
        "mean target image",
        "1 training image repeated",
        "nearest training image",
    }


def test_the_protocol_lists_what_is_needed_to_repeat_the_evaluation(paired_run: Path) -> None:
    result = evaluate_run(paired_run, device="cpu", metrics=["psnr", "kd-lite0"], limit=4)
    manifest = paired_run / "checkpoints/step-00000001/MANIFEST.json"
    protocol = result.protocol
    assert protocol["checkpoint sha256"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    assert (protocol["step"], protocol["split"], protocol["images"]) == (1, "test", 4)
    assert (protocol["size"], protocol["seeds"]) == ([32, 32], [0])
    assert protocol["versions"] == versions()
    assert protocol["metrics"]["psnr"] == {"data range": "255", "mean": "over images, in dB"}
    assert len(protocol["metrics"]["kd-lite0"]["weights sha256"]) == 64


def test_a_second_evaluation_returns_equal_results(paired_run: Path) -> None:
    first, second = (evaluate_run(paired_run, device="cpu") for _ in range(2))
    assert first == second


@pytest.mark.slow
def test_baselines_of_the_sample_domains_are_the_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = small_checkpoints.cyclegan(tmp_path / "run", size=64)
    result = evaluate_run(run, device="cpu", metrics=["psnr"])
    assert result.protocol["ground truth"] == "hidden ground truth"
    assert result.baselines["mean target image"]["psnr"] == pytest.approx(14.89, abs=0.01)
    assert result.baselines["best constant shift"]["psnr"] == pytest.approx(11.96, abs=0.01)


def test_options_of_inference_are_in_the_protocol(paired_run: Path) -> None:
    result = evaluate_run(paired_run, device="cpu", metrics=["mae"], options={"dropout": False})
    assert result.protocol["options"] == {"dropout": False}
    with pytest.raises(ConfigError, match="translate has no option 'steps'"):
        evaluate_run(paired_run, device="cpu", metrics=["mae"], options={"steps": 3})
