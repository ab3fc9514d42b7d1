"""A backend exports a model at the first use, and later reads it from the cache."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
from small_exports import InvertingExporter, InvertingPlugin

from translate.engine.disk import user_cache
from translate.engine.exports import backends, cache
from translate.errors import ConfigError


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, register_plugin: Callable[..., Any]
) -> Path:
    monkeypatch.setenv(user_cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(InvertingExporter, "writes", 0)
    monkeypatch.setattr(InvertingExporter, "network", InvertingExporter.network)
    register_plugin(InvertingPlugin())
    return small_checkpoints.cyclegan(tmp_path / "run")


def test_a_model_is_exported_once_for_each_domain_and_checkpoint(run: Path) -> None:
    model, _ = backends.load_with_backend(run, "inverter")
    assert model.domains == ("winter",)
    assert (model.name, model.recipe_name, model.step) == (str(run), "cyclegan", 1)
    backends.load_with_backend(run, "inverter")
    assert InvertingExporter.writes == 1
    back, _ = backends.load_with_backend(run, "inverter", to="summer")
    assert back.choose_target("summer") == "summer"
    assert InvertingExporter.writes == 2
    small_checkpoints.cyclegan(run, step=2, seed=1)
    newer, _ = backends.load_with_backend(run, "inverter")
    assert (newer.step, InvertingExporter.writes) == (2, 3)
    assert newer.digest != model.digest


def test_a_damaged_model_in_the_cache_is_exported_again(run: Path) -> None:
    backends.load_with_backend(run, "inverter")
    (path,) = cache.folder().iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    model, _ = backends.load_with_backend(run, "inverter")
    assert InvertingExporter.writes == 2
    assert model.translate([np.zeros((8, 8, 3), np.uint8)], "winter")[0] is not None


def test_a_model_is_loaded_if_the_cache_cannot_be_written(
    run: Path, monkeypatch: pytest.MonkeyPatch, messages: list[str]
) -> None:
    (run.parent / "file").touch()
    monkeypatch.setenv(user_cache.VARIABLE, str(run.parent / "file/below"))
    assert backends.load_with_backend(run, "inverter")[0].domains == ("winter",)
    assert "could not be cached" in messages[-1]


def test_unknown_backends_and_devices_are_refused(run: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown backend 'openvin'\. Did you mean 'openvino'"):
        backends.load_with_backend(run, "openvin")
    with pytest.raises(ConfigError, match="computes on the CPU, got 'cuda'"):
        backends.load_with_backend(run, "inverter", device="cuda")
    assert backends.other_backend("torch") is backends.other_backend(None) is None
    assert backends.other_backend("openvino") == "openvino"
