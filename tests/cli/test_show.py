"""`translate show`: a full configuration as YAML, to be saved, edited and used."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny

from translate.engine import config
from translate.engine.config import KEYS, SECTIONS

Run = Callable[..., Any]


def test_every_setting_has_its_meaning_beside_it(run: Run) -> None:
    text = run("show", "cyclegan").out
    assert text.splitlines()[0] == "recipe: cyclegan"
    for section in SECTIONS:
        for key in KEYS[section]:
            line = next(ln for ln in text.splitlines() if ln.startswith(f"  {key}: "))
            meaning = SECTIONS[section].model_fields[key].description
            assert meaning and line.endswith(f"# {meaning}")
    assert re.search(r"^  cycle_weight: 10\.0 +# of the way there and back, L1$", text, re.M)
    assert re.search(r"^  epochs: 200 +# times to see", text, re.M)
    assert re.search(r"^  steps: null +# ", text, re.M)


def test_what_parts_take_is_shown_with_what_it_is_against(run: Run) -> None:
    text = run("show", "pix2pix").out
    assert re.search(r"^  # adversarial: \{name: vanilla\} takes$", text, re.M)
    assert re.search(
        r"^  #   smooth: 0\.0 +# .*against an overconfident discriminator$", text, re.M
    )
    assert re.search(r"^  # \{name: noisy, of: patch\} +# Noise .*: against ", text, re.M)
    assert re.search(r"^  #   until: 0\.5 +# share of training", text, re.M)
    assert "size_average" not in text  # torch's own option of l1 has no meaning to show


def test_what_is_shown_can_be_saved_edited_and_used(run: Run, tmp_path: Path) -> None:
    text = run("show", "pix2pix").out
    (tmp_path / "mine.yaml").write_text(text.replace("pixel_weight: 100.0", "pixel_weight: 3"))
    edited = config.resolve(config=str(tmp_path / "mine.yaml"))
    plain = config.resolve("pix2pix", flags={"data.domains": ["A", "B"]})
    assert edited.options == {**plain.options, "pixel_weight": 3.0}
    assert edited.train == plain.train
    (tmp_path / "again.yaml").write_text(run("show", "mine.yaml").out)
    assert config.resolve(config=str(tmp_path / "again.yaml")) == edited


def test_a_config_and_a_run_are_shown_complete(
    run: Run, tmp_path: Path, pictures: Callable[..., Path]
) -> None:
    assert "batch_size: 1" in run("show", "cyclegan-small").out
    pictures("a", 2), pictures("b", 2)
    tiny.start(tiny.settings(tmp_path, train__steps=1), tmp_path / "runs/mine")
    text = run("show", "runs/mine").out
    assert "pool_size: 3" in text
    assert "steps: 1 " in text
    assert run("show", "runs/mine/checkpoints/step-00000001").out == text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "cyclgan",
            "no recipe, configuration or run is called 'cyclgan'. Did you mean 'cyclegan'?",
        ),
        (
            "cyclegan-smal",
            "no recipe, configuration or run is called 'cyclegan-smal'. "
            "Did you mean 'cyclegan-small'?",
        ),
        ("none.yaml", "there is no file none.yaml."),
        ("empty.yaml", "empty.yaml: expected recipe, options, data and train, got None."),
        (
            "nameless.yaml",
            "which recipe? Name one with --plugin, or a configuration with --config.",
        ),
        ("odd.yaml", "data: expected a mapping, got None."),
        ("wrong.yaml", "train.stepz: unknown key. Did you mean 'steps'?"),
        ("net_G.pth", "net_G.pth is a file: expected a run folder, or one of its checkpoints."),
        (".", ". holds no whole checkpoint."),
    ],
)
def test_what_cannot_be_shown_is_said(name: str, said: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "nameless.yaml").write_text("train: {steps: 3}\n")
    (tmp_path / "odd.yaml").write_text("recipe: cyclegan\ndata:\n")
    (tmp_path / "net_G.pth").write_bytes(b"")
    (tmp_path / "wrong.yaml").write_text("recipe: cyclegan\ntrain: {stepz: 3}\n")
    found = run("show", name)
    assert (found.code, found.out, found.err) == (2, "", f"Error: {said}\n")
