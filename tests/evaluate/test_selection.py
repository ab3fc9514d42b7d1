"""Which metrics are measured."""

import pytest

from translate.batches import UNNAMED
from translate.errors import ConfigError, MissingWeightsError
from translate.evaluate import selection
from translate.evaluate.selection import SelectedMetric, select_metrics

ALL = frozenset({"fake", "target", "source", "cycle", "mask", "real", "labels", "real_labels"})


def chosen(wanted: list[str], fields: frozenset[str] = ALL) -> list[SelectedMetric]:
    return select_metrics(
        wanted, fields, domain=UNNAMED, source_domain=UNNAMED, classes=(), skipped={}
    )


def test_all_metrics_that_fit_are_chosen_those_biased_for_few_images_last() -> None:
    names = [each.name for each in chosen([], frozenset({"fake", "target", "real"}))]
    assert {"mae", "psnr", "ssim"} < {*names}
    assert names.index("psnr") < names.index("kd-lite0") < names.index("fd-lite0")
    assert "mae" not in [each.name for each in chosen([], frozenset({"fake", "real"}))]


def test_masks_add_the_values_inside_them() -> None:
    found = [(each.name, each.masked) for each in chosen(["psnr", "kd-lite0"])]
    assert found == [("psnr", False), ("psnr", True), ("kd-lite0", False)]


def test_a_metric_that_is_named_and_does_not_fit_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'psnr' needs target, which these images do not have"):
        chosen(["psnr"], frozenset({"fake", "real"}))
    with pytest.raises(ConfigError, match=r"no metric is called 'pnsr'\. Did you mean 'psnr'"):
        chosen(["pnsr"])


def test_V1_a_metric_without_its_package_is_noted(monkeypatch) -> None:
    from translate import errors

    monkeypatch.setattr(errors, "find_spec", lambda _: None)
    skipped: dict[str, list[str]] = {}
    found = select_metrics(
        [], ALL, domain=UNNAMED, source_domain=UNNAMED, classes=(), skipped=skipped
    )
    assert "psnr" in [each.name for each in found]
    assert "kd-lite0" not in [each.name for each in found]
    reason = 'the package torch_fidelity is not installed: pip install "translate-kit[metrics]"'
    assert {"kd-lite0", "fd-lite0"} <= {*skipped[reason]}
    with pytest.raises(ConfigError, match="translate-kit"):
        chosen(["kd-lite0"])


def test_metrics_without_weights_share_one_line() -> None:
    skipped: dict[str, list[str]] = {}
    for name in ("fid", "lpips"):
        selection.skip(skipped, name, MissingWeightsError(f"{name}.pth is missing: download it"))
    assert skipped == {selection.MISSING: ["fid", "lpips"]}
