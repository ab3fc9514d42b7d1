"""Previews show the same inputs each time, and one that fails never stops a run."""

from pathlib import Path
from typing import Any

import pytest
import small_runs
from run_files import listed_problems
from two_player_recipe import TwoPlayers

from translate.batches import Images


def test_previews_show_the_same_inputs_each_time(configure: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    small_runs.train(configure(train__preview_every=2, train__steps=5), run)
    first, *others = sorted((run / "previews").iterdir())
    assert first.name == "step-00000002.png"
    assert [p.name for p in others] == ["step-00000004.png", "step-00000005.png"]
    assert len({p.read_bytes() for p in (first, *others)}) == 1  # the recipe previews its inputs
    small_runs.resume(run, steps=6)
    assert (run / "previews/step-00000006.png").read_bytes() == first.read_bytes()


def wrong_rows(recipe: TwoPlayers, batch: Images) -> list[Any]:  # noqa: ARG001
    return ["no tensor"]


def no_rows(recipe: TwoPlayers, batch: Images) -> list[Any]:  # noqa: ARG001
    raise KeyError("nothing to see")


@pytest.mark.parametrize("preview", [wrong_rows, no_rows])
def test_G12_a_preview_that_fails_is_listed_once_and_the_run_continues(
    preview: Any,
    two_players: type[TwoPlayers],
    configure: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(two_players, "preview", preview)
    result = small_runs.train(configure(train__preview_every=1), tmp_path / "run")
    assert (result.step, result.listed) == (4, 1)
    (problem,) = listed_problems(tmp_path / "run")
    assert (problem["path"], problem["reason"]) == ("previews", "failed")
    assert "TwoPlayers.preview raised " in problem["message"]
    assert "must return a dict of rows" in problem["message"]
