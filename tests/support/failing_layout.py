"""A layout with one item that fails, and the batches of a layout in training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from specs import image_spec

from translate.batches import Images, Item, Layout
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.loading import loader
from translate.engine.loading.transform import Augment

FAILING_FILE = "0006.png"


class FailingLayout(Layout):
    """Twelve black images, except `FAILING_FILE`, for which `load` returns ``fault()``."""

    batch = Images

    def __init__(self, folder: Path, fault: Callable[[], Any]) -> None:
        self.files = [folder / f"{n:04}.png" for n in range(12)]
        self.fault = fault
        self.spec = image_spec((8, 8), ("a",), 1)

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index: int, random: Any) -> Item:  # noqa: ARG002
        return Item((self.files[index],))

    def load(self, item: Item, transform: Any) -> Any:  # noqa: ARG002
        if item.files[0].name == FAILING_FILE:
            return self.fault()
        return Images(torch.zeros(1, 8, 8, dtype=torch.uint8))


def read_zeros(_: Path) -> Any:
    return np.zeros(1)


def batches_of(layout: Layout, workers: int, stop: int = 8) -> list[Any]:
    """Return the first batches of three items, each with the problems since the last batch."""
    settings = Data(domains=("a",), size=8, workers=workers)
    data = check.CheckedData(layout, Augment(settings, layout.spec, read_zeros), [], [])
    return list(loader.batches(data, settings, seed=1, batch_size=3, steps=range(stop)))
