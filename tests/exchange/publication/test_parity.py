"""A model reproduces its reference output, and another model does not."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints

from translate.engine.models.model import load
from translate.errors import CheckpointError
from translate.exchange.publication.parity import difference, make_parity


@pytest.mark.parametrize("write", [small_checkpoints.cyclegan, small_checkpoints.gan])
def test_only_the_same_model_reproduces_the_reference_output(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    model, _ = load(write(tmp_path / "run"), device="cpu")
    other, _ = load(write(tmp_path / "other", seed=1), device="cpu")
    reference = make_parity(model)
    path = tmp_path / "parity.safetensors"
    path.write_bytes(reference.data)
    assert difference(model, reference.record, path) == 0
    assert difference(other, reference.record, path) > reference.record.tolerance
    path.write_bytes(reference.data[:-9])
    with pytest.raises(CheckpointError, match="the reference output cannot be read"):
        difference(model, reference.record, path)
