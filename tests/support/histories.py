"""Synthetic logs and previews for detectors of training failures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from translate.engine.diagnosis.log import Log
from translate.engine.diagnosis.preview import ImageRow, Preview
from translate.run import LogRecord


def make_log(every: int = 50, end: int | None = None, **series: Mapping[str, Sequence[Any]]) -> Log:
    """Return a log with series of values, by field and name.

    ``make_log(losses={"generator/gan": [1, 2, 3]})`` has three records; all other values are those
    of a healthy run. Scalar fields have the series ``{"": [...]}``.
    """
    count = max(len(values) for field in series.values() for values in field.values())
    records = []
    for number in range(count):
        fields: dict[str, Any] = {
            "losses": {"generator/gan": 1.0, "discriminator/gan": 0.5},
            "lr": {"generator": 2e-4, "discriminator": 2e-4},
            "grad_norm": {"generator": 1.0, "discriminator": 1.0},
            "images_per_second": 10.0,
            "data_wait": 0.1,
            "memory_mb": 100,
            "threads": 1,
        }
        for field, values in series.items():
            if "" in values:
                fields[field] = values[""][number]
            else:
                fields[field] = {
                    **fields.get(field, {}),
                    **{name: value[number] for name, value in values.items()},
                }
        step = every * (number + 1)
        records.append(LogRecord(step=step, epoch=step / 40, **fields))
    return Log(records, end or every * count)


def photographs(count: int = 4, side: int = 32, seed: int = 0) -> ImageRow:
    """Return smooth random images, (count, side, side, 3), with values in [0, 255]."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    across, down = random.uniform(0.5, 2, (2, 3 * count, 1, 1))
    start = random.random((3 * count, 1, 1))
    waves = np.sin(2 * np.pi * (across * x + down * y + start))
    noise = random.normal(0, 2, (count, side, side, 3))
    return 128 + 90 * waves.reshape(count, 3, side, side).transpose(0, 2, 3, 1) + noise


def make_preview(output: ImageRow, step: int = 500, source: ImageRow | None = None) -> Preview:
    """Return a preview of a translation, with photographs as source and target."""
    rows = {
        "source": photographs(seed=1) if source is None else source,
        "translated": output,
        "target": photographs(seed=2),
    }
    return Preview(step, rows, frozenset({"source", "target"}), {"translated": "source"})
