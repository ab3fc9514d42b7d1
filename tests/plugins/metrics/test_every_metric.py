"""Promises of all built-in metrics: any range of pixel values, gray images, missing packages."""

import pytest
from metric_values import value_of
from subprocesses import run_python

from translate import errors
from translate.batches import Domain
from translate.contract.parts import metrics
from translate.errors import MissingPackageError
from translate.registry import create, names

IN_UNITS = {"mae", "cycle-error"}
"""metrics in the unit of the pixel values"""
TRAINED = {"class-accuracy", "tstr"}
"""metrics that train a classifier"""
PUBLISHED = {name for name, factory in names("metric").items() if factory.pretrained}
TORCHMETRICS = {"ms-ssim", "lpips", "dists"}
TORCH_FIDELITY = {"kd-lite0", "fd-lite0", "kid", "fid", "cmmd", "is-lite0", "inception-score"}


@pytest.mark.parametrize("name", sorted({*names("metric")} - IN_UNITS - PUBLISHED))
def test_values_are_the_same_for_gray_images_in_another_range(name: str) -> None:
    gray = {k: v[:, :1] if v.ndim == 4 else v for k, v in metrics.images().items()}
    wide = {k: v / 255 * 4000 - 1000 if v.ndim == 4 else v for k, v in gray.items()}
    part = {"name": name, "steps": 10} if name in TRAINED else name
    values = [
        value_of(part, domain, domain, **fields)
        for domain, fields in (
            (Domain("", channels=1), gray),
            (Domain("", channels=1, range=(-1000.0, 3000.0)), wide),
        )
    ]
    assert values[1] == pytest.approx(values[0], rel=1e-3, nan_ok=True)


@pytest.mark.parametrize("name", sorted(TORCHMETRICS | TORCH_FIDELITY))
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "torchmetrics" if name in TORCHMETRICS else "torch_fidelity"
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name == package else name)
    with pytest.raises(
        MissingPackageError,
        match=rf'{package} is not installed: pip install "translate-kit\[metrics',
    ):
        create("metric", name)


@pytest.mark.slow
def test_no_metric_imports_the_extra_before_it_measures() -> None:
    code = (
        "import sys; from translate.registry import create, names;"
        "[create('metric', name) for name in names('metric')];"
        "print(*{'timm', 'torchmetrics', 'torch_fidelity', 'efficientnet_lite_pytorch'}"
        "& {*sys.modules})"
    )
    assert run_python(code).stdout.strip() == ""
