"""Values are stored in memory, and in scratch files beyond its limit."""

from pathlib import Path

import pytest
import torch

from translate.engine.tiling.store import Store
from translate.engine.traced.regions import Region, Span

REGION = Region(Span(2, 5), Span(1, 8))


@pytest.mark.parametrize("memory", [1 << 20, 0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8, torch.bool])
def test_a_written_region_is_read_back(memory: int, dtype: torch.dtype, tmp_path: Path) -> None:
    store = Store(memory, tmp_path)
    value = store.allocate((1, 3, 6, 9), dtype)
    pixels = (torch.rand(1, 3, 3, 7) * 9).to(dtype)
    value.write(REGION, pixels)
    assert torch.equal(value.read(REGION), pixels)
    assert not value.read(Region(Span(0, 2), Span(0, 9))).any(), "other pixels are 0"
    value.close()
    assert store.memory == memory and not store.values


def test_only_values_beyond_the_memory_limit_are_in_scratch_files(tmp_path: Path) -> None:
    store = Store(100, tmp_path)
    first, second = (store.allocate((1, 1, 4, 5), torch.float32) for _ in range(2))
    assert store.memory == 20
    first.close()
    assert store.memory == 100
    second.close()
    store.close()
