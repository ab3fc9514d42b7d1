"""The sample of a model gives the same output again, and another model another one."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints

from translate.engine.models.model import load
from translate.errors import CheckpointError
from translate.exchange.publication.parity import difference, make_parity


@pytest.mark.parametrize("write", [small_checkpoints.cyclegan, small_checkpoints.gan])
def test_a_sample_is_made_again_exactly_and_not_by_another_model(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    model, _ = load(write(tmp_path / "run"), device="cpu")
    other, _ = load(write(tmp_path / "other", seed=1), device="cpu")
    sample = make_parity(model)
    path = tmp_path / "parity.safetensors"
    path.write_bytes(sample.data)
    assert difference(model, sample.record, path) == 0
    assert difference(other, sample.record, path) > sample.record.tolerance
    path.write_bytes(sample.data[:-9])
    with pytest.raises(CheckpointError, match="the reference output cannot be read"):
        difference(model, sample.record, path)
