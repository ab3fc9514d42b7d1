"""Arguments of the Python interface are checked, with clear errors."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_runs
import torch

from translate.api import Translator, train
from translate.errors import ConfigError

WRONG_ARGUMENTS: list[tuple[str, Any]] = [
    *(("plugin", value) for value in (3, ["cyclegan"])),
    *(("domains", value) for value in ("A", 3, {"A": 1}, [1, 2], ["A", None])),
    *(("config", value) for value in (3, ["x"])),
    *(("options", value) for value in (["lr=1"], 3, "lr=1", {1: 2})),
    *(("data", value) for value in (3, ["."])),
    *(("settings", value) for value in ("train.steps=3", 3, [3], {3: 3})),
    *((name, value) for name in ("out", "resume", "init") for value in (3, ["x"], True)),
    *((name, 1.5) for name in ("steps", "epochs", "size", "batch_size", "seed", "device")),
    *(("progress", value) for value in (None, print)),
]


@pytest.mark.parametrize(("name", "value"), WRONG_ARGUMENTS)
def test_an_argument_of_the_wrong_type_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"train\(\): {name}: expected .*, got "):
        train(**{"plugin": "cyclegan", name: value})


def test_steps_and_epochs_cannot_be_given_together() -> None:
    with pytest.raises(ConfigError, match="leave out one"):
        train("cyclegan", steps=3, epochs=4)


def test_numpy_numbers_devices_and_paths_are_accepted(image_folder: Any, tmp_path: Path) -> None:
    domains = [image_folder(name, 2) for name in "AB"]
    out = tmp_path / "run"
    result = train(
        "cyclegan",
        domains=domains,
        options=small_runs.OPTIONS["cyclegan"],
        size=np.int64(32),  # type: ignore[arg-type]
        steps=np.int32(1),  # type: ignore[arg-type]
        device=torch.device("cpu"),
        out=out,
        progress=False,
    )
    assert result.step == 1
    model = Translator.load(out, device=torch.device("cpu"))
    with pytest.raises(ConfigError, match=r"Translator.*: to: expected text, got 3"):
        model(domains[0] / "0000.png", to=3)  # type: ignore[call-overload]
    with pytest.raises(ConfigError, match="batch_size: expected int, got 'x'"):
        model.folder(domains[0], tmp_path / "out", batch_size="x")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="count: expected int, got 'three'"):
        model.sample("three")  # type: ignore[arg-type]


def test_an_unknown_argument_is_refused_with_the_known_arguments() -> None:
    with pytest.raises(TypeError, match=r"^train\(\) .*'lr'. It takes plugin, domains, config, "):
        train("cyclegan", lr=1e-4)  # type: ignore[call-overload]
