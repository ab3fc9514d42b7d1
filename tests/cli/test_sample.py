"""`translate sample`: files, messages and exit codes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
from command_result import CommandResult

from translate.engine.inference import sampling
from translate.images.source import read_image

Run = Callable[..., CommandResult]


def test_images_and_a_sheet_are_written(run_command: Run, tmp_path: Path) -> None:
    model = small_checkpoints.gan(tmp_path / "run")
    result = run_command("sample", model, tmp_path / "out", "--count", "9", "--grid")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "9 done, 0 skipped (already there), 0 listed"
    assert len(list((tmp_path / "out").glob("0*.png"))) == 9
    assert read_image(tmp_path / "out/grid.png").shape == (28, 28, 3)
    again = run_command("sample", model, tmp_path / "out", "--count", "9")
    assert again.out.splitlines()[-1] == "0 done, 9 skipped (already there), 0 listed"


def test_a_walk_is_written_as_one_sheet(run_command: Run, tmp_path: Path) -> None:
    model = small_checkpoints.cgan(tmp_path / "run")
    result = run_command("sample", model, tmp_path / "out", "--walk", "--count", "7")
    assert result.code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["walk.png"]
    assert read_image(tmp_path / "out/walk.png").shape == (28, 68, 3)


def test_a_sample_that_is_not_finite_is_listed_with_exit_code_3(
    run_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = sampling.draw_batch

    def first_sample_not_finite(*arguments: Any) -> list[Any]:
        return [None, *draw(*arguments)[1:]]

    monkeypatch.setattr(sampling, "draw_batch", first_sample_not_finite)
    result = run_command(
        "sample", small_checkpoints.gan(tmp_path / "run"), tmp_path / "out", "--count", 3
    )
    assert result.code == 3
    assert "2 done, 0 skipped (already there), 1 listed in " in result.out
    assert len(list((tmp_path / "out").glob("*.png"))) == 2


def test_G12_a_recipe_that_cannot_draw_names_its_line(
    run_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from translate.registry import find

    model = small_checkpoints.gan(tmp_path / "run")

    def fail(*_: object, **__: object) -> None:
        raise KeyError("colour")

    for member in ("draw", "latents", "conditions"):
        with monkeypatch.context() as patch:
            patch.setattr(find("recipe", "gan"), member, fail)
            result = run_command("sample", model, tmp_path / "out", "--count", 3)
        assert result.code == 2
        assert f"GAN.{member} raised KeyError: 'colour' ({__file__}, line" in result.err
