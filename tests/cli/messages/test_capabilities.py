"""A run is shown with the commands that use its model."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import small_runs

Run = Callable[..., Any]


def test_a_run_is_shown_with_the_commands_that_use_its_model(
    run_command: Run, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("digits/one", 2), image_folder("digits/two", 2)
    small_runs.train(
        small_runs.config(tmp_path, "cgan", data__domains=["digits"], train__steps=1),
        tmp_path / "runs/digits",
    )
    text = run_command("show", "runs/digits").out
    assert "# Generates images of 16x16 pixels from noise:\n" in text
    assert "#   translate sample runs/digits OUT --class one\n" in text
    assert "#   classes: one, two, or all\n" in text
    assert "translate infer" not in text
    shutil.rmtree(tmp_path / "runs/digits/checkpoints")
    assert run_command("show", "runs/digits").out.startswith(
        "# Nothing can be translated or generated yet: "
    )
