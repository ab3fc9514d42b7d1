"""The metrics that are selected: by name, or all that the images have the fields for."""

import pytest

from translate.batches import UNNAMED
from translate.errors import ConfigError, MissingWeightsError
from translate.evaluate import selection
from translate.evaluate.selection import SelectedMetric, select_metrics

ALL_FIELDS = frozenset(
    {"fake", "target", "source", "cycle", "mask", "real", "labels", "real_labels"}
)


def select(metric_names: list[str], fields: frozenset[str] = ALL_FIELDS) -> list[SelectedMetric]:
    return select_metrics(
        metric_names, fields, domain=UNNAMED, source_domain=UNNAMED, classes=(), skipped={}
    )


def test_without_names_all_fitting_metrics_are_selected_and_biased_ones_are_last() -> None:
    names = [each.name for each in select([], frozenset({"fake", "target", "real"}))]
    assert {"mae", "psnr", "ssim"} < {*names}
    assert names.index("psnr") < names.index("kd-lite0") < names.index("fd-lite0")
    assert "mae" not in [each.name for each in select([], frozenset({"fake", "real"}))]


def test_with_masks_a_masked_metric_is_selected_for_whole_images_and_for_masks() -> None:
    selected = [(each.name, each.masked) for each in select(["psnr", "kd-lite0"])]
    assert selected == [("psnr", False), ("psnr", True), ("kd-lite0", False)]


def test_a_metric_that_is_named_and_does_not_fit_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'psnr' needs target, which these images do not have"):
        select(["psnr"], frozenset({"fake", "real"}))
    with pytest.raises(ConfigError, match=r"no metric is called 'pnsr'\. Did you mean 'psnr'"):
        select(["pnsr"])


def test_V1_a_metric_without_its_package_is_noted(monkeypatch) -> None:
    from translate import errors

    monkeypatch.setattr(errors, "find_spec", lambda _: None)
    skipped: dict[str, list[str]] = {}
    selected = select_metrics(
        [], ALL_FIELDS, domain=UNNAMED, source_domain=UNNAMED, classes=(), skipped=skipped
    )
    assert "psnr" in [each.name for each in selected]
    assert "kd-lite0" not in [each.name for each in selected]
    reason = 'the package torch_fidelity is not installed: pip install "translate-kit[metrics]"'
    assert {"kd-lite0", "fd-lite0"} <= {*skipped[reason]}
    with pytest.raises(ConfigError, match="translate-kit"):
        select(["kd-lite0"])


def test_metrics_without_weights_are_skipped_for_the_same_reason() -> None:
    skipped: dict[str, list[str]] = {}
    for name in ("fid", "lpips"):
        selection.skip(skipped, name, MissingWeightsError(f"{name}.pth is missing: download it"))
    assert skipped == {selection.MISSING: ["fid", "lpips"]}
