"""The log of training: means of each interval, skipped steps, and a message on long training."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from run_files import log_lines, run_record, saved_weights
from specs import image_spec
from two_player_recipe import TwoPlayers

from translate.batches import Images
from translate.engine.loading.cache import Cache
from translate.engine.optimization.build import build_training
from translate.engine.training.monitoring.interval_log import report_long_training
from translate.recipe import Turn


def test_skipped_turns_are_counted_in_the_log_and_training_continues(
    two_players: type[TwoPlayers], configure: Any, tmp_path: Path
) -> None:
    two_players.nan_losses = {1: {"one"}, 2: {"one", "two"}}
    small_runs.train(configure(train__log_every=1, train__steps=5), tmp_path / "run")
    lines = log_lines(tmp_path / "run")
    assert [line["skipped"] for line in lines] == [0, 1, 3, 3, 3]
    without_loss = [line["step"] for line in lines if line["losses"]["one/distance"] is None]
    assert without_loss == [2, 3]
    assert all(tensor.isfinite().all() for tensor in saved_weights(tmp_path / "run").values())
    assert run_record(tmp_path / "run")["outcome"] == "finished"


def test_T8_images_of_a_skipped_step_are_named(
    two_players: type[TwoPlayers], configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, paths = Cache.read, list[str]()

    def record_path(cache: Cache, path: Path) -> Any:
        paths.append(str(path))
        return read(cache, path)

    monkeypatch.setattr(Cache, "read", record_path)
    two_players.nan_losses, recorder = {3: {"one"}, 6: {"two"}}, small_runs.ProgressRecorder()
    config = configure(train__log_every=2, train__steps=8, train__batch_size=3, data__cache=0.0)
    small_runs.train(config, tmp_path / "run", recorder)
    skipped_files = [line.get("skipped_files", {}) for line in log_lines(tmp_path / "run")]
    trained_files = paths[-8 * 3 :]  # after the reads of the data check
    step_4, step_7 = (list(dict.fromkeys(trained_files[first : first + 3])) for first in (9, 18))
    assert skipped_files == [{}, {"4": step_4}, {}, {"7": step_7}]
    (line,) = [line for line in recorder.lines if "not finite" in line]
    assert line == (
        "step 4: a loss or gradient of one was not finite, and updated no weights. The images: "
        + ", ".join(step_4)
    )


def test_a_line_of_the_log_has_the_documented_keys(configure: Any, tmp_path: Path) -> None:
    recorder = small_runs.ProgressRecorder()
    config = configure(
        train__steps=8, train__log_every=2, train__schedule="linear", train__batch_size=3
    )
    small_runs.train(config, tmp_path / "run", recorder)
    lines = log_lines(tmp_path / "run")
    assert [line["step"] for line in lines] == [2, 4, 6, 8]
    assert [line["epoch"] for line in lines] == [1.5, 3.0, 4.5, 6.0]  # a step takes 3 of 4 images
    assert [line["lr"]["one"] for line in lines] == pytest.approx([0.1, 0.1, 0.06, 0.02])
    assert lines[0].pop("first_losses").keys() == lines[0]["losses"].keys()
    for line in lines:
        assert set(line) == {
            "step", "epoch", "losses", "lr", "grad_norm", "images_per_second", "data_wait",
            "memory_mb", "skipped", "threads",
        }  # fmt: skip
        assert set(line["losses"]) == {"one/distance", "two/distance"}
        assert set(line["lr"]) == set(line["grad_norm"]) == {"one", "two"}
        assert 0 <= line["data_wait"] <= 1
        assert line["memory_mb"] > 10
    assert [(r.step, r.steps) for r in recorder.reports] == [(2, 8), (4, 8), (6, 8), (8, 8)]
    assert recorder.reports[-1].seconds_left == 0
    assert recorder.reports[0].losses == lines[0]["losses"]


def test_a_logged_loss_is_the_mean_of_its_interval(configure: Any, tmp_path: Path) -> None:
    losses = {}
    for interval in (1, 4):
        run = tmp_path / f"every-{interval}"
        small_runs.train(configure(train__steps=4, train__log_every=interval), run)
        losses[interval] = [line["losses"]["one/distance"] for line in log_lines(run)]
    assert losses[4] == [pytest.approx(sum(losses[1]) / 4, rel=1e-6)]


def test_values_of_turn_log_are_metrics_averaged_over_the_interval(
    two_players: type[TwoPlayers],
    configure: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def step(recipe: TwoPlayers, batch: Images) -> Iterator[Turn]:
        level = batch.images.mean().reshape(1)
        score = torch.tensor([recipe.iteration, recipe.iteration + 2.0])
        yield Turn("one", distance=recipe.one(level) ** 2).log(real_score=score)
        yield Turn("two", distance=recipe.two(level) ** 2)

    monkeypatch.setattr(two_players, "step", step)
    small_runs.train(configure(train__steps=4, train__log_every=2), tmp_path / "run")
    metrics = [line["metrics"] for line in log_lines(tmp_path / "run")]
    assert metrics == [{"one/real_score": 1.5}, {"one/real_score": 3.5}]


@pytest.fixture
def training() -> Any:
    config = small_runs.config(Path("nowhere"), train__log_every=50)
    return build_training(config, image_spec((16, 16), ("a", "b")), torch.device("cpu"))


def test_short_training_is_not_reported(training: Any, messages: list[str]) -> None:
    report_long_training(0.5, training, 100)
    assert not messages


def test_slow_steps_are_reported_with_the_time_left(training: Any, messages: list[str]) -> None:
    report_long_training(2.0, training, 1800)
    assert messages == ["2.0 s per step, 60 min left"]


def test_days_on_a_cpu_name_the_small_configuration(training: Any, messages: list[str]) -> None:
    report_long_training(2.0, training, 100_000)
    assert messages == [
        "2.0 s per step, 2 d 8 h left",
        "For faster training on a CPU: --config cyclegan-small",
    ]
