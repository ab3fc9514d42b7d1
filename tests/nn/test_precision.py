"""Losses are computed in at least 32 bits."""

import pytest
import torch

from translate.nn.precision import at_least_float32


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_half_precision_becomes_single_and_the_rest_stays(
    before: torch.dtype, after: torch.dtype
) -> None:
    assert at_least_float32(torch.ones(2, dtype=before)).dtype == after
