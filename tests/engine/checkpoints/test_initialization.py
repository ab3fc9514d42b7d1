"""Fine-tuning: weights of another run, but a new optimizer, schedule and step."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from equal_tensors import assert_equal_tensors
from safetensors.torch import load

from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.config import yaml_text
from translate.engine.disk.records import json_files
from translate.errors import CheckpointError

ImageFolder = Callable[..., Path]


@pytest.fixture
def root(image_folder: ImageFolder, tmp_path: Path) -> Path:
    """Train the run ``old`` on the domains a and b; return its parent, with domains c and d."""
    for domain in "abcd":
        image_folder(domain, 3)
    config = small_runs.config(tmp_path, train__steps=3, train__schedule="linear")
    small_runs.train(config, tmp_path / "old")
    return tmp_path


def fine_tune(root: Path, *assignments: str, domains: str = "ab") -> tuple[Path, str]:
    """Start from the weights of ``old``; return the new run and its output."""
    recorder, init = small_runs.ProgressRecorder(), InitialWeights(root / "old")
    config = init.configuration(flags={"data.domains": [*domains]}, assignments=assignments)
    small_runs.train(config, root / "new", recorder, init=init)
    return root / "new", str(recorder)


def weights(run: Path, step: int) -> dict[str, torch.Tensor]:
    return load((run / f"checkpoints/step-{step:08d}/weights.safetensors").read_bytes())


def test_weights_come_from_the_old_run_and_everything_else_is_new(root: Path) -> None:
    run, output = fine_tune(root, "train.log_every=1", domains="cd")
    old = weights(root / "old", 3)
    assert_equal_tensors(weights(run, 0), old)
    assert f"weights of {root / 'old'}, step 3: {len(old)} of {len(old)} tensors taken; " in output
    assert json_files.read_lines(run / "log.jsonl")[0]["lr"]["generators"] == 2e-4
    assert small_runs.checkpoint_steps(run) == [0, 3]
    state = json.loads((run / "checkpoints/step-00000000/state.json").read_bytes())
    assert not state["optimizers"]["generators"]["state"]
    config = yaml_text.read(str(run / "config.yaml"))
    assert config["data"]["domains"] == ["c", "d"]
    assert config["options"]["generator"] == small_runs.RESNET, "not set, so unchanged"
    record = json.loads((run / "run.json").read_bytes())["init"]
    assert record == {"run": str(root / "old"), "step": 3, "taken": len(old), "missing": [],
                     "unused": [], "shapes": {}}  # fmt: skip


def test_tensors_that_do_not_fit_are_listed_and_the_others_loaded(root: Path) -> None:
    run, output = fine_tune(root, "options.generator.blocks=2", "options.discriminator.width=3")
    old, new = weights(root / "old", 3), weights(run, 0)
    record = json.loads((run / "run.json").read_bytes())["init"]
    assert 0 < record["taken"] < len(old) and record["missing"] and record["shapes"]
    assert sorted(new) == sorted(set(new) & set(old) | set(record["missing"]))
    for name, tensor in new.items():
        fits = name in old and old[name].shape == tensor.shape
        assert fits == (name not in record["missing"] and name not in record["shapes"])
        assert not fits or torch.equal(tensor, old[name])
    assert f"start as new, not in that run: {record['missing'][0]}; " in output
    assert f"start as new, with another shape: {next(iter(record['shapes']))} was " in output


def test_the_moving_average_is_loaded_and_starts_the_new_average(root: Path) -> None:
    small_runs.train(small_runs.config(root, train__steps=3, train__ema=0.9), root / "old2")
    init = InitialWeights(root / "old2")
    config = init.configuration(flags={"train.steps": 1})
    small_runs.train(config, root / "new", init=init)
    average = load((root / "old2/checkpoints/step-00000003/ema.safetensors").read_bytes())
    for name in ("weights", "ema"):
        file = root / f"new/checkpoints/step-00000000/{name}.safetensors"
        assert_equal_tensors(load(file.read_bytes()), average)


def test_weights_without_any_match_are_refused_and_nothing_is_written(root: Path) -> None:
    init = InitialWeights(root / "old")
    config = small_runs.config(root, "pix2pix", data__layout="unpaired")
    with pytest.raises(CheckpointError, match=r"none of its \d+ tensors fits .* of pix2pix"):
        small_runs.train(config, root / "new", init=init)
    assert not (root / "new").exists()


def test_the_option_init_takes_a_run_or_one_of_its_checkpoints(
    run_command: Any, root: Path
) -> None:
    result = run_command(
        "train", "--init", "old", "--domains", "c", "d", "--steps", "1", "--out", "one"
    )
    assert (result.code, result.err) == (0, "")
    first = root / "old/checkpoints/step-00000000"
    assert run_command("train", "--init", first, "--steps", "1", "--out", "two").code == 0
    assert_equal_tensors(weights(root / "two", 0), weights(root / "old", 0))
    assert "leave out --init" in run_command("train", "--resume", "old", "--init", "old").err
    typo = run_command("train", "--init", "od", "--steps", "1")
    assert (typo.code, typo.err) == (2, "Error: there is no run od.\n")


def test_settings_by_domain_go_to_the_new_domains(root: Path) -> None:
    config = small_runs.config(root, train__steps=1, data__channels={"a": 3, "b": 3})
    small_runs.train(config, root / "old3")
    init = InitialWeights(root / "old3")
    new = init.configuration(flags={"data.domains": ["c", "d"]})
    assert new.data.channels == {"c": 3, "d": 3}
    assert init.configuration().data.channels == {"a": 3, "b": 3}
