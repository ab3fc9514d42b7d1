"""Ray is started on this machine, or answers at an address; a missing one has one clear line."""

import os
import sys

import pytest

from translate.errors import ConfigError, MissingPackageError, TranslateError
from translate.scale.ray.cluster import ENVIRONMENT, connect


def test_a_missing_ray_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.errors.find_spec", lambda _: None)
    with (
        pytest.raises(MissingPackageError, match=r'pip install "translate-kit\[ray\]"'),
        connect(address=None, actors=1, cpus=1, gpus=0),
    ):
        pass


@pytest.mark.slow  # the import of Ray
def test_errors_of_ray_have_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `connect` takes of Ray, without a cluster: how it starts one is a slow test."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, ENVIRONMENT[name])
    ray = pytest.importorskip("ray")
    calls: list[dict[str, object]] = []
    monkeypatch.setattr(ray, "init", lambda **options: calls.append(options))
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 4.0})
    with (
        pytest.raises(TranslateError, match=r"^Ray: the cause$"),
        connect(address=None, actors=3, cpus=2, gpus=0) as module,
    ):
        assert module is sys.modules["ray"]
        raise ray.exceptions.RayError("Traceback ...\n\nthe cause\n")
    assert calls[0]["num_cpus"] == max(os.cpu_count() or 1, 8)
    assert calls[0]["include_dashboard"] is False
    with (
        pytest.raises(ConfigError, match=r"3 actors with 0\.5 each need 1\.5 GPUs"),
        connect(address=None, actors=3, cpus=1, gpus=0.5),
    ):
        pass
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.slow
def test_an_address_without_a_cluster_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")

    def refuse(**_: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.")

    monkeypatch.setattr(ray, "init", refuse)
    with (
        pytest.raises(ConfigError, match="address: no Ray cluster answers at auto: Could not find"),
        connect(address="auto", actors=1, cpus=1, gpus=0),
    ):
        pass
