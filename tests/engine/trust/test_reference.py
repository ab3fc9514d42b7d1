"""What is usual for a model is measured once, saved in its run, and never trusted blindly."""

from pathlib import Path
from shutil import rmtree

import pytest
import torch
from safetensors.torch import save
from trust_models import processor

from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.reference import Reference, open_reference, read
from translate.engine.trust.training_inputs import TrainingInputs
from translate.errors import CheckpointError


def opened(processor: ImageProcessor) -> Reference | None:
    return open_reference(processor, TrainingInputs(processor))


def test_limits_are_what_5_percent_of_the_training_images_exceed() -> None:
    hundred = torch.arange(101) / 100
    found = Reference(torch.zeros(0, 1), {"cycle": hundred, "spread": torch.zeros(4)}).limits
    assert found == {"cycle": pytest.approx(0.95), "spread": 0.001}


def test_it_is_measured_on_the_training_images_once(
    cycle: ImageProcessor, photos: Path, messages: list[str]
) -> None:
    found = opened(cycle)
    assert found is not None
    assert {name: len(values) for name, values in found.measures.items()} == {
        "distance": 8,
        "cycle": 8,
    }
    (file,) = (photos / "run/trust").iterdir()
    before = file.read_bytes()
    rmtree(photos / "a")
    again = opened(cycle)
    assert again is not None and again.limits == found.limits
    assert torch.equal(again.features, found.features)
    assert file.read_bytes() == before
    assert messages == ["trust: measuring the reference on 8 training images, once"]


def test_each_direction_has_its_own_whatever_the_seed_is(cycle_run: Path, noisy_run: Path) -> None:
    one, other = opened(processor(cycle_run, "a")), opened(processor(cycle_run, "b"))
    assert one is not None and other is not None
    assert (len(one.features), len(other.features)) == (4, 8)
    noisy = opened(processor(noisy_run, seed=3))
    assert noisy is not None and noisy.measures.keys() == {"distance", "spread"}
    assert opened(processor(noisy_run, seed=4)) is not None
    assert len([*(noisy_run / "trust").iterdir()]) == 1


def test_a_damaged_one_is_measured_again(
    cycle: ImageProcessor, photos: Path, messages: list[str]
) -> None:
    opened(cycle)
    (file,) = (photos / "run/trust").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    opened(cycle)
    assert file.read_bytes() == whole
    assert messages[1].endswith("It is measured again.")


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
def test_a_file_of_other_tensors_is_no_reference(
    tmp_path: Path, tensors: dict[str, torch.Tensor]
) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes(save(tensors))
    with pytest.raises(CheckpointError, match="holds no reference of trust"):
        read(file)
    file.write_bytes(save({"features": ROWS, "distance": torch.ones(3)}))
    assert read(file).limits == {"distance": 1.0}
    file.write_bytes(b"\xff" * 64)
    with pytest.raises(CheckpointError, match="is no tensor file, or truncated"):
        read(file)


def test_V12_without_the_training_images_there_is_none_and_that_is_reported(
    cycle: ImageProcessor, photos: Path, messages: list[str]
) -> None:
    rmtree(photos / "a")
    assert opened(cycle) is None
    (message,) = messages
    assert "cannot be read" in message and "there is no distance and no trust" in message
