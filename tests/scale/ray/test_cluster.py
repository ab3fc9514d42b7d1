"""The connection to Ray on this machine or at an address, and errors of Ray as one line."""

import os
import sys

import pytest

from translate.errors import ConfigError, TranslateError
from translate.scale.ray.cluster import ENVIRONMENT, connect


@pytest.mark.slow  # the import of Ray
def test_a_local_cluster_has_enough_cpus_and_its_errors_have_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No cluster is started here: `ray.init` is replaced."""
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
def test_an_address_without_a_cluster_is_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")

    def refuse(**_: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.")

    monkeypatch.setattr(ray, "init", refuse)
    with (
        pytest.raises(ConfigError, match="address: no Ray cluster answers at auto: Could not find"),
        connect(address="auto", actors=1, cpus=1, gpus=0),
    ):
        pass
