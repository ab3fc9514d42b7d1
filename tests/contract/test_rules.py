"""Rules compare states exactly, and record the files and addresses that a plugin opens."""

import socket
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from translate.contract import rules


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64)),
        (torch.tensor([1.0]), torch.tensor([[1.0]])),
        (torch.tensor([1.0]), torch.tensor([1.0 + 2**-23])),
        (1, 1.0),
        (1, None),
    ],
)
def test_states_differ_by_value_type_and_shape(before: object, after: object) -> None:
    with pytest.raises(AssertionError, match="weight differs"):
        rules.require_equal({"weight": before}, {"weight": after}, "{} differs")


def test_states_with_nan_in_the_same_place_are_equal() -> None:
    state = {"weight": torch.tensor([torch.nan, 1.0]), "step": 3}
    rules.require_equal(state, dict(state), "{} differs")


def test_random_pixels_depend_on_the_shape_alone() -> None:
    assert torch.equal(rules.random_pixels(2, 3, 4, 4), rules.random_pixels(2, 3, 4, 4))
    assert rules.random_pixels(1, 1, 64, 64).abs().max() <= 1


def test_files_and_addresses_are_recorded_only_within_the_block(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.touch()
    with rules.record_io() as accesses:
        file.read_bytes()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)
    file.read_bytes()
    assert accesses[0].address == str(file)
    assert sum(access.address == str(file) for access in accesses) == 1
    assert any("127.0.0.1" in access.address for access in accesses)
