"""All detectors together find no failure in synthetic healthy runs."""

import time

import numpy as np
import pytest
from histories import make_log, make_preview, photographs

from translate.engine.diagnosis.all_detectors import PREVIEW_DETECTORS, detect_in_log
from translate.engine.diagnosis.log import Log
from translate.engine.diagnosis.preview import persistent


def healthy_log(records: int = 100) -> Log:
    random = np.random.default_rng(0)
    return make_log(
        losses={
            "generator/gan": list(random.normal(1, 0.2, records)),
            "discriminator/gan": list(random.normal(0.5, 0.1, records)),
        },
        metrics={"discriminator/auc": list(random.uniform(0.6, 1, records))},
        grad_norm={"generator": list(random.lognormal(0, 1, records))},
    )


def test_a_healthy_log_has_no_detection() -> None:
    assert detect_in_log(healthy_log(), memory_limit_mb=1000) == []
    assert detect_in_log(Log([], 0)) == []


def test_a_healthy_translation_has_no_detection() -> None:
    previews = [make_preview(photographs(seed=seed), step=1000 * seed) for seed in (9, 8, 7)]
    assert [d for each in PREVIEW_DETECTORS for d in persistent(each, previews)] == []


@pytest.mark.parametrize("series", ["losses", "grad_norm", "lr", "metrics"])
def test_series_of_nan_are_neither_a_failure_nor_an_error(series: str) -> None:
    nothing = {series: {"critic/gan": [float("nan")] * 40}}
    assert detect_in_log(make_log(**nothing)) == []


def test_all_detectors_read_a_long_log_in_under_200_ms() -> None:
    log, start = healthy_log(204), time.perf_counter()
    detect_in_log(log, memory_limit_mb=1000)
    assert time.perf_counter() - start < 0.2
