"""The benchmark of a GPU survives blocks that fail, hang or have no time."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def gpu(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("gpu")


def test_a_block_has_its_fraction_of_the_remaining_time(gpu: ModuleType) -> None:
    names = list(gpu.BLOCKS)
    remaining, seconds = 600.0, []
    for number in range(len(names)):
        seconds.append(gpu.share_of(remaining, names[number:]))
        remaining -= seconds[-1]
    assert sum(seconds) == pytest.approx(600)
    assert seconds == pytest.approx([600 * gpu.BLOCKS[name].share for name in names])
    assert gpu.share_of(600.0, names[1:]) > seconds[1], "time that a block saves goes to the others"
    assert gpu.share_of(-5.0, names) == 0


@pytest.mark.parametrize(
    ("code", "seconds", "result"),
    [
        ("print('a table')", 20, "done"),
        ("raise SystemExit(3)", 20, "failed: exit code 3"),
        ("import time; time.sleep(60)", 1, "stopped: it took more than 1 s"),
        ("print('never')", 0.5, "skipped: 0 s are left"),
    ],
)
def test_the_report_has_the_end_of_each_block(
    code: str,
    seconds: float,
    result: str,
    tmp_path: Path,
    gpu: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu, "LEAST_SECONDS", 1)
    (tmp_path / "speed.txt").write_text("of an earlier call")
    (tmp_path / "gpu_speed.json").write_text("{}")
    assert gpu.run("speed", ["-c", code], seconds, tmp_path).startswith(result)
    assert gpu.result_files(tmp_path) == [], "results of an earlier call are removed"
    log = tmp_path / "speed.txt"
    assert not log.exists() or "earlier" not in log.read_text()
