"""The command that training prints last can be typed as it is."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs

from translate.contract.kinds import small_options
from translate.engine.config import yaml_text


def final_lines(run_command: Any, config: Any, out: str) -> list[str]:
    """Train a run with the command `train`; return the last three lines of its output."""
    Path("config.yaml").write_text(yaml_text.dump(config))
    result = run_command("train", "--config", "config.yaml", "--out", out)
    assert (result.code, result.err) == (0, "")
    return result.out.splitlines()[-3:]


def test_a_run_ends_with_its_folder_preview_and_the_next_command(
    run_command: Any, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("a/train", "a/test", "b/train"):
        image_folder(name, 2)
    config = small_runs.config(Path(), train__steps=2, train__preview_every=1)
    first, second, third = final_lines(run_command, config, "my run")
    assert first == "run: my run, 2 steps"
    assert second == "preview: my run/previews/step-00000002.png"
    assert third == "next: translate infer 'my run' a/train 'out/my run'"  # b has no test images
    image_folder("b/test", 2)
    *_, third = final_lines(run_command, config, "again")
    assert third == "next: translate infer again a/test out/again"
    arguments = shlex.split(third)[2:]
    assert run_command(*arguments).code == 0
    assert len(list((tmp_path / "out/again").glob("*.png"))) == 2


def test_the_next_command_of_a_generative_run_is_sample(
    run_command: Any, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    image_folder("a", 4)
    options = {f"options__{key}": value for key, value in small_options("recipe", "gan").items()}
    settings = {"data__domains": ["a"], "train__steps": 1, "data__size": 16, **options}
    *_, last = final_lines(run_command, small_runs.config(Path(), "gan", **settings), "drawn")
    assert last == "next: translate sample drawn out/drawn --count 16 --grid"
    assert run_command(*shlex.split(last)[2:]).code == 0
    assert list((tmp_path / "out/drawn").rglob("*.png"))


def test_the_next_command_does_not_translate_targets(
    run_command: Any, image_folder: Callable[..., Path]
) -> None:
    folder = image_folder("p", 4)
    for number, name in enumerate(("x_in", "x_out", "y_in", "y_out")):
        (folder / f"000{number}.png").rename(folder / f"{name}.png")
    layout = {"name": "suffix", "source": "_in", "target": "_out"}
    config = small_runs.config(Path(), train__steps=1, data__domains=["p"], data__layout=layout)
    *_, last = final_lines(run_command, config, "pairs")
    assert last == "next: translate infer pairs 'p/*_in.*' out/pairs"
    assert run_command(*shlex.split(last)[2:]).code == 0
    outputs = sorted(path.name for path in Path("out/pairs").glob("*.png"))
    assert outputs == ["x_in.png", "y_in.png"]


@pytest.mark.parametrize(
    ("splits", "proposed"),
    [(["train"], "train"), (["train", "val"], "val"), (["train", "val", "test"], "test")],
)
def test_the_next_command_prefers_images_outside_the_training_set_and_names_a_side(
    run_command: Any, image_folder: Callable[..., Path], splits: list[str], proposed: str
) -> None:
    for split in splits:
        image_folder(split, 2, size=64)
    layout = {"name": "side-by-side", "sides": ["b", "a"]}
    config = small_runs.config(Path(), train__steps=1, data__layout=layout)
    *_, last = final_lines(run_command, config, "joined")
    assert last == f"next: translate infer joined {proposed} out/joined --side a"
    if proposed == "train":
        assert run_command(*shlex.split(last)[2:]).code == 0
