"""`translate infer` that is stopped by a signal, or runs in several processes."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import small_checkpoints
from torch import Tensor

from translate import hookimpl
from translate.recipe import Recipe, adam
from translate.registry import create_generator

Run = Callable[..., Any]


class SendsASignal(Recipe[Any]):
    """Sends a signal to the process during its second translation."""

    number = signal.SIGTERM

    def __init__(self, spec: Any) -> None:  # noqa: ARG002
        super().__init__()
        self.generator, self.count = create_generator("resnet", in_channels=3, out_channels=3), 0

    def optimizers(self) -> Any:
        return {"generator": adam(self.generator)}

    def step(self, batch: Any) -> Any:  # noqa: ARG002
        yield

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        self.count += 1
        if self.count == 2:
            os.kill(os.getpid(), self.number)
        return images


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_current_image(
    tmp_path: Path,
    image_folder: Callable[..., Path],
    register_plugin: Callable[..., object],
    run_command: Run,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    hook = hookimpl(lambda: {"interrupted": SendsASignal}, specname="register_recipes")
    register_plugin(SimpleNamespace(register_recipes=hook))
    small_checkpoints.write_run(tmp_path / "run", "interrupted")
    image_folder("in", 5)
    monkeypatch.setattr(SendsASignal, "number", number)
    result = run_command("infer", "run", "in", "out")
    assert result.code == 128 + number
    message, summary = result.out.splitlines()
    assert message == "finishing the current image; a second Ctrl-C stops at once"
    assert summary == "2 done, 0 skipped (already there), 0 listed, 3 not started"
    assert run_command("infer", "run", "in", "out", "--limit", 3).code == 0


def test_a_listed_image_does_not_stop_the_other_processes(
    run_and_domains: Path, run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("datasets/summer/test/bad.png").touch()
    monkeypatch.setenv("WORLD_SIZE", "2")
    codes = []
    for rank in "01":
        monkeypatch.setenv("RANK", rank)
        codes.append(run_command("infer", run_and_domains, "datasets/summer/test", "out").code)
    assert codes == [0, 0]
    assert len(list(Path("out").glob("*.png"))) == 3
