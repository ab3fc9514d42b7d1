"""What is printed after training works as it is typed."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs

from translate.contract.verdicts import small_options


def ended(run: Any, asked: Any, out: str) -> list[str]:
    """Train by the command; return the last lines."""
    from translate.engine.config import yaml

    Path("asked.yaml").write_text(yaml.dump(asked))
    found = run("train", "--config", "asked.yaml", "--out", out)
    assert (found.code, found.err) == (0, "")
    return found.out.splitlines()[-3:]


@pytest.mark.usefixtures("run_command")
def test_a_run_ends_with_its_folder_its_preview_and_the_command_to_type(
    run_command: Any, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("a/train", "a/test", "b/train"):
        image_folder(name, 2)
    asked = small_runs.config(Path(), train__steps=2, train__preview_every=1)
    first, second, third = ended(run_command, asked, "my run")
    assert first == "run: my run, 2 steps"
    assert second == "preview: my run/previews/step-00000002.png"
    assert third == "next: translate infer 'my run' a/train 'out/my run'"  # b has no test images
    image_folder("b/test", 2)
    *_, third = ended(run_command, asked, "again")
    assert third == "next: translate infer again a/test out/again"
    typed = shlex.split(third)[2:]
    assert run_command(*typed).code == 0
    assert len(list((tmp_path / "out/again").glob("*.png"))) == 2


def test_what_draws_is_sampled(
    run_command: Any, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    image_folder("a", 4)
    options = {f"options__{key}": value for key, value in small_options("recipe", "gan").items()}
    asked = small_runs.config(
        Path(), "gan", data__domains=["a"], train__steps=1, data__size=16, **options
    )
    *_, last = ended(run_command, asked, "drawn")
    assert last == "next: translate sample drawn out/drawn --count 16 --grid"
    assert run_command(*shlex.split(last)[2:]).code == 0
    assert list((tmp_path / "out/drawn").rglob("*.png"))


def test_targets_in_the_folder_of_the_sources_are_not_to_be_translated(
    run_command: Any, image_folder: Callable[..., Path]
) -> None:
    folder = image_folder("p", 2)
    (folder / "0000.png").rename(folder / "x_in.png")
    (folder / "0001.png").rename(folder / "x_out.png")
    layout = {"name": "suffix", "source": "_in", "target": "_out"}
    asked = small_runs.config(Path(), train__steps=1, data__domains=["p"], data__layout=layout)
    *_, last = ended(run_command, asked, "pairs")
    assert last == "next: translate infer pairs p/x_in.png out/pairs"


def test_a_joined_pair_names_its_side(run_command: Any, image_folder: Callable[..., Path]) -> None:
    image_folder("train", 2, size=64)
    asked = small_runs.config(
        Path(), train__steps=1, data__layout={"name": "side-by-side", "sides": ["b", "a"]}
    )
    *_, last = ended(run_command, asked, "joined")
    assert last == "next: translate infer joined train out/joined --side a"
    assert run_command(*shlex.split(last)[2:]).code == 0
