"""`translate show` prints a complete configuration that can be saved, edited and used."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from subprocesses import run_python

from translate.cli.parameters.catalogue import TITLES
from translate.engine.config import layers

Run = Callable[..., Any]


def test_settings_can_be_saved_edited_and_used(run_command: Run, tmp_path: Path) -> None:
    text = run_command("show", "pix2pix").out
    (tmp_path / "mine.yaml").write_text(text.replace("pixel_weight: 100.0", "pixel_weight: 3"))
    edited = layers.resolve(config=str(tmp_path / "mine.yaml"))
    expected = layers.resolve("pix2pix", flags={"data.domains": ["A", "B"]})
    assert edited.options == {**expected.options, "pixel_weight": 3.0}
    assert edited.train == expected.train
    (tmp_path / "again.yaml").write_text(run_command("show", "mine.yaml").out)
    assert layers.resolve(config=str(tmp_path / "again.yaml")) == edited


def test_a_configuration_and_a_run_are_shown_in_full(
    run_command: Run, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    assert "batch_size: 1" in run_command("show", "cyclegan-small").out
    image_folder("a", 2), image_folder("b", 2)
    small_runs.train(small_runs.config(tmp_path, train__steps=1), tmp_path / "runs/mine")
    text = run_command("show", "runs/mine").out
    assert "pool_size: 3" in text
    assert "steps: 1 " in text
    step = "runs/mine/checkpoints/step-00000001"
    assert run_command("show", step).out.replace(step, "runs/mine") == text
    assert text.startswith(
        "# step-00000001 of cyclegan: step 1\n"
        "# Translates images to a:\n#   translate infer runs/mine SOURCE OUT --to a\n"
    )
    (tmp_path / "again.yaml").write_text(text)
    assert layers.resolve(config="again.yaml").options["pool_size"] == 3


def test_show_without_a_name_lists_all_names_by_kind(run_command: Run) -> None:
    lines = run_command("show").out.splitlines()
    for name in ("cyclegan", "cyclegan-small", "paired", "resnet", "patch", "lsgan", "summer"):
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert len(line.split()) > 3, line
    entries = json.loads(run_command("show", "--json").out)
    kinds = set(TITLES) - {"command"}  # none of our plugins adds one
    assert {entry["kind"] for entry in entries} == kinds
    assert not [entry for entry in entries if not entry["summary"]]
    quiet = run_command("show", "--kind", "layout", "--quiet").out.split()
    assert quiet == [entry["name"] for entry in entries if entry["kind"] == "layout"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "cyclegan-smal",
            "no recipe, part, configuration or run is called 'cyclegan-smal'. "
            "Did you mean 'cyclegan-small'? `translate show` lists all names.",
        ),
        ("none.yaml", "there is no file none.yaml."),
        (
            "empty.yaml",
            "empty.yaml: expected a mapping with recipe, options, data and train, got None.",
        ),
        (
            "nameless.yaml",
            "which recipe? Name one with --plugin, or a configuration with --config: "
            "`translate show` lists them.",
        ),
        ("odd.yaml", "data: expected a mapping, got None."),
        ("wrong.yaml", "train.stepz: unknown key. Did you mean 'steps'?"),
        (
            "net_G.pth",
            "net_G.pth is a file: expected a run folder, or one of its checkpoints. "
            "To convert weights: translate import net_G.pth --out RUN",
        ),
        (".", ". holds no whole checkpoint."),
    ],
)
def test_an_unknown_name_is_an_error_of_one_line(
    name: str, message: str, run_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "nameless.yaml").write_text("train: {steps: 3}\n")
    (tmp_path / "odd.yaml").write_text("recipe: cyclegan\ndata:\n")
    (tmp_path / "net_G.pth").write_bytes(b"")
    (tmp_path / "wrong.yaml").write_text("recipe: cyclegan\ntrain: {stepz: 3}\n")
    result = run_command("show", name)
    assert (result.code, result.out, result.err) == (2, "", f"Error: {message}\n")


@pytest.mark.slow
def test_the_settings_of_a_recipe_are_shown_without_the_compiler_of_pytorch() -> None:
    code = (
        "import sys; from translate.cli.show import describe; describe('cyclegan'); "
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    run_python(code)
