"""Fine-tuning: the weights of another run, and a fresh optimizer, schedule and step."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from safetensors.torch import load

from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.config import yaml
from translate.engine.disk import json_files
from translate.errors import CheckpointError

Pictures = Callable[..., Path]


@pytest.fixture
def root(image_folder: Pictures, tmp_path: Path) -> Path:
    image_folder("a", 3), image_folder("b", 3), image_folder("c", 3), image_folder("d", 3)
    small_runs.train(
        small_runs.config(tmp_path, train__steps=3, train__schedule="linear"), tmp_path / "old"
    )
    return tmp_path


def begin(root: Path, out: str, *assignments: str, **flags: Any) -> tuple[Path, str]:
    """Start from the weights of ``old``; return the new run, and what is said."""
    heard, init = small_runs.ProgressRecorder(), InitialWeights(root / "old")
    named = {key.replace("__", "."): value for key, value in flags.items()}
    asked = init.configuration(flags=named, assignments=assignments)
    small_runs.train(asked, root / out, heard, init=init)
    return root / out, str(heard)


def weights(run: Path, step: int) -> dict[str, torch.Tensor]:
    return load((run / f"checkpoints/step-{step:08d}/weights.safetensors").read_bytes())


def test_weights_are_those_of_the_run_and_everything_else_begins(root: Path) -> None:
    run, said = begin(root, "new", "train.log_every=1", data__domains=["c", "d"])
    old, new = weights(root / "old", 3), weights(run, 0)
    assert all(torch.equal(new[name], tensor) for name, tensor in old.items())
    assert f"weights of {root / 'old'}, step 3: {len(old)} of {len(old)} tensors taken; " in said
    assert json_files.read_lines(run / "log.jsonl")[0]["lr"]["generators"] == 2e-4
    assert small_runs.checkpoint_steps(run) == [0, 3]
    state = json.loads((run / "checkpoints/step-00000000/state.json").read_bytes())
    assert not state["optimizers"]["generators"]["state"]
    asked = yaml.read(str(run / "config.yaml"))
    assert asked["data"]["domains"] == ["c", "d"]
    assert asked["options"]["generator"] == small_runs.RESNET, "not given, so as it was"
    facts = json.loads((run / "run.json").read_bytes())["init"]
    assert facts == {"run": str(root / "old"), "step": 3, "taken": len(old), "missing": [],
                     "unused": [], "shapes": {}}  # fmt: skip


def test_what_does_not_fit_is_listed_by_name_and_the_rest_taken(root: Path) -> None:
    run, said = begin(root, "new", "options.generator.blocks=2", "options.discriminator.width=3")
    old, new = weights(root / "old", 3), weights(run, 0)
    facts = json.loads((run / "run.json").read_bytes())["init"]
    assert 0 < facts["taken"] < len(old) and facts["missing"] and facts["shapes"]
    assert sorted(new) == sorted(set(new) & set(old) | set(facts["missing"]))
    for name, tensor in new.items():
        fits = name in old and old[name].shape == tensor.shape
        assert fits == (name not in facts["missing"] and name not in facts["shapes"])
        assert not fits or torch.equal(tensor, old[name])
    assert facts["missing"][0] in said and next(iter(facts["shapes"])) in said
    assert "start as new, not there: " in said and "start as new, with another shape: " in said


def test_the_moving_average_is_what_is_taken_and_what_the_new_one_begins_with(root: Path) -> None:
    small_runs.train(small_runs.config(root, train__steps=3, train__ema=0.9), root / "old2")
    init = InitialWeights(root / "old2")
    asked = init.configuration(flags={"train.steps": 1})
    small_runs.train(asked, root / "new", init=init)
    average = load((root / "old2/checkpoints/step-00000003/ema.safetensors").read_bytes())
    for name in ("weights", "ema"):
        file = root / f"new/checkpoints/step-00000000/{name}.safetensors"
        found = load(file.read_bytes())
        assert all(torch.equal(found[key], tensor) for key, tensor in average.items()), name


def test_nothing_that_fits_is_refused_and_nothing_is_written(root: Path) -> None:
    init = InitialWeights(root / "old")
    asked = small_runs.config(root, "pix2pix", data__layout="unpaired")
    with pytest.raises(CheckpointError, match=r"none of its \d+ tensors fits .* of pix2pix"):
        small_runs.train(asked, root / "new", init=init)
    assert not (root / "new").exists()


def test_the_command_line_starts_from_a_run_or_one_of_its_checkpoints(
    run_command: Any, root: Path
) -> None:
    found = run_command(
        "train", "--init", "old", "--domains", "c", "d", "--steps", "1", "--out", "one"
    )
    assert (found.code, found.err) == (0, "")
    first = root / "old/checkpoints/step-00000000"
    assert run_command("train", "--init", first, "--steps", "1", "--out", "two").code == 0
    begun, old = weights(root / "two", 0), weights(root / "old", 0)
    assert all(torch.equal(begun[name], tensor) for name, tensor in old.items())
    assert "leave out --init" in run_command("train", "--resume", "old", "--init", "old").err
    typo = run_command("train", "--init", "od", "--steps", "1")
    assert (typo.code, typo.err) == (2, "Error: there is no run od.\n")
