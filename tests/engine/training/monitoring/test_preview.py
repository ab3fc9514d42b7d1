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
    small_runs.resume(run, steps=6)
    previews = sorted((run / "previews").iterdir())
    assert [path.name for path in previews] == [f"step-0000000{n}.png" for n in (2, 4, 5, 6)]
    assert len({path.read_bytes() for path in previews}) == 1  # the recipe previews its inputs


def return_list(recipe: TwoPlayers, batch: Images) -> list[Any]:  # noqa: ARG001
    return ["no tensor"]


def raise_error(recipe: TwoPlayers, batch: Images) -> list[Any]:  # noqa: ARG001
    raise KeyError("no preview")


@pytest.mark.parametrize("preview", [return_list, raise_error])
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
