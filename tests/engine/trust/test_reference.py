"""The reference of trust is measured once, saved in the run, and validated when it is read."""

from pathlib import Path
from shutil import rmtree

import pytest
import torch
from safetensors.torch import save
from trust_models import image_processor

from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.reference import Reference, open_reference, read
from translate.engine.trust.training_inputs import TrainingInputs
from translate.errors import CheckpointError


def reference_of(image_processor: ImageProcessor) -> Reference:
    reference = open_reference(image_processor, TrainingInputs(image_processor))
    assert reference is not None
    return reference


def test_5_percent_of_the_training_images_exceed_a_limit() -> None:
    measures = {"cycle": torch.arange(101) / 100, "spread": torch.zeros(4)}
    limits = Reference(torch.zeros(0, 1), measures).limits
    assert limits == {"cycle": pytest.approx(0.95), "spread": 0.001}


def test_a_reference_is_measured_on_the_training_images_once(
    cycle: ImageProcessor, photos: Path, messages: list[str]
) -> None:
    measured = reference_of(cycle)
    lengths = {name: len(values) for name, values in measured.measures.items()}
    assert lengths == {"distance": 8, "cycle": 8}
    (file,) = (photos / "run/trust").iterdir()
    before = file.read_bytes()
    rmtree(photos / "a")
    saved = reference_of(cycle)
    assert saved.limits == measured.limits
    assert torch.equal(saved.features, measured.features)
    assert file.read_bytes() == before
    assert messages == ["trust: measuring the reference on 8 training images, once"]


def test_each_direction_has_one_reference_for_all_seeds(cycle_run: Path, noisy_run: Path) -> None:
    assert len(reference_of(image_processor(cycle_run, "a")).features) == 4
    assert len(reference_of(image_processor(cycle_run, "b")).features) == 8
    noisy = reference_of(image_processor(noisy_run, seed=3))
    assert noisy.measures.keys() == {"distance", "spread"}
    reference_of(image_processor(noisy_run, seed=4))
    assert len([*(noisy_run / "trust").iterdir()]) == 1


def test_a_damaged_reference_is_measured_again(
    cycle: ImageProcessor, photos: Path, messages: list[str]
) -> None:
    reference_of(cycle)
    (file,) = (photos / "run/trust").iterdir()
    complete = file.read_bytes()
    file.write_bytes(complete[:-40])
    reference_of(cycle)
    assert file.read_bytes() == complete
    assert messages[1].endswith("The reference of trust is measured again.")


ROWS = torch.zeros(3, 2)


@pytest.mark.parametrize(
    "tensors",
    [
        {"features": ROWS},
        {"features": ROWS, "distance": torch.ones(2)},
        {"features": ROWS, "distance": torch.ones(3), "cycle": torch.tensor([torch.nan])},
        {"features": ROWS, "distance": torch.ones(3), "cycle": torch.ones(0)},
        {"features": ROWS[0], "distance": torch.ones(2)},
        {"features": ROWS, "distance": torch.ones(3), "other": torch.ones(3)},
        {"features": ROWS, "distance": torch.ones(3, dtype=torch.int64)},
    ],
)
def test_other_tensors_are_refused(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes(save(tensors))
    with pytest.raises(CheckpointError, match="holds no reference of trust"):
        read(file)
    file.write_bytes(save({"features": ROWS, "distance": torch.ones(3)}))
    assert read(file).limits == {"distance": 1.0}
    file.write_bytes(b"\xff" * 64)
    with pytest.raises(CheckpointError, match="is no tensor file, or truncated"):
        read(file)


def test_V12_missing_training_images_are_reported_and_leave_no_reference(
    cycle: ImageProcessor, photos: Path, messages: list[str]
) -> None:
    rmtree(photos / "a")
    assert open_reference(cycle, TrainingInputs(cycle)) is None
    (message,) = messages
    assert "cannot be read" in message and "there is no distance and no trust" in message
