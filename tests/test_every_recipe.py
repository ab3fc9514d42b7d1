"""A resume restores the whole state of every registered recipe, also after a kill during a save."""

import json
import random
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import small_runs
from disk_faults import FaultyDisk
from safetensors.torch import load, save
from torch import Tensor

from translate.contract.kinds import small_options
from translate.engine.checkpoints import retention
from translate.engine.checks import shapes
from translate.engine.config import schema
from translate.engine.data import check
from translate.engine.disk import files
from translate.errors import ConfigError
from translate.registry import names

RECIPES = sorted(names("recipe"))
SAMPLED = RECIPES[2:3]
"""the recipe that is always tested; `check_recipe` resumes each of the others"""


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a folder that every layout can read: domains, classes, pairs and captions."""
    for domain in "ab":
        folders = [image_folder(f"{domain}/{kind}", 3) for kind in ("first", "second")]
        lines = [{"file": f"{folder.name}/0001.png", "text": folder.name} for folder in folders]
        for line in lines:
            files.append(tmp_path / domain / "captions.jsonl", line)
    return tmp_path


def settings(root: Path, name: str) -> schema.Config:
    """Return a tiny configuration of any recipe, on as many domains as its layout reads."""
    # 6 steps: a generator may wait for its critic, and only changed state can be lost
    train = {"steps": 8, "batch_size": 2, "schedule": "linear", "ema": 0.5, "keep": 3}
    intervals = {"log_every": 1, "save_every": 6, "preview_every": 3}
    flags = {
        "data__size": 32,
        **{f"options__{key}": value for key, value in small_options("recipe", name).items()},
        **{f"train__{key}": value for key, value in {**train, **intervals}.items()},
    }
    for domains in (["a", "b"], ["a"]):
        config = small_runs.config(root, name, data__domains=domains, **flags)
        with suppress(ConfigError):
            check.open_layout(config.data)
            return config
    raise AssertionError(f"{name} reads neither one domain nor two")


def kill_at_operations(name: str, root: Path, disk: FaultyDisk, points: int) -> None:
    """Kill a run at `points` disk operations, evenly spread; resume and compare."""
    config, draw = settings(root, name), random.Random(name)
    total = small_runs.count_disk_operations(config, root / "uninterrupted", disk)
    uninterrupted = small_runs.checkpoint_tensors(root / "uninterrupted")
    for part in range(points):
        at, run = 1 + int((part + draw.random()) * total / points), root / "killed"
        small_runs.train_with_kill(config, run, disk, at)
        assert small_runs.checkpoint_tensors(run) == uninterrupted, at
        assert not list(run.rglob(".*")), at
        shutil.rmtree(run)  # some networks are large


@pytest.mark.parametrize("name", RECIPES)
def test_T20_every_recipe_takes_a_step_on_blank_crops_of_the_meta_device(
    name: str, root: Path
) -> None:
    config = settings(root, name)
    layout = check.open_layout(config.data)
    assert shapes.Trial(config, layout).failure() is None


def tensors_by_owner(path: Path) -> dict[str, dict[str, Tensor]]:
    """Return the tensors of a checkpoint by owner: a network, a player, a pool."""
    result: dict[str, dict[str, Tensor]] = {}
    for file in sorted(path.glob("*.safetensors")):
        depth = 2 if file.stem == "training" else 1
        for key, tensor in load(file.read_bytes()).items():
            owner = "/".join(key.replace(".", "/").split("/")[:depth])
            result.setdefault(f"{file.name}/{owner}", {})[key] = tensor
    return result


def reset_part(path: Path, part: str, initial: Mapping[str, Tensor]) -> None:
    """Replace one part of a checkpoint by its `initial` tensors."""
    name = part.partition("/")[0]
    others = {}
    for owner, tensors in tensors_by_owner(path).items():
        if owner != part and owner.partition("/")[0] == name:
            others.update(tensors)
    small_runs.replace_checkpoint_file(path, name, save({**others, **initial}))


def reset_number(path: Path, name: str) -> None:
    """Set a number of a checkpoint to its initial value."""
    state = json.loads((path / "state.json").read_bytes())
    small_runs.replace_checkpoint_file(path, "state.json", json.dumps({**state, name: 0}).encode())


def reset_each_part(name: str, root: Path) -> set[str]:
    """Resume from the middle of a run once for each part of its state, with that part reset.

    Each reset must change the result. Returns the parts.
    """
    config, run = settings(root, name), root / "run"
    small_runs.train(config, run)
    uninterrupted = small_runs.checkpoint_tensors(run)
    first, middle = (run / f"checkpoints/step-0000000{step}" for step in (0, 6))
    before, after = tensors_by_owner(first), tensors_by_owner(middle)
    changed_parts = [part for part in after if save(after[part]) != save(before.get(part, {}))]

    def ends_equal(change: Callable[..., None], *arguments: Any) -> bool:
        copy = root / "again"
        shutil.copytree(run, copy)
        shutil.rmtree(copy / "checkpoints/step-00000008")
        change(copy / "checkpoints/step-00000006", *arguments)
        small_runs.resume(copy)
        equal = small_runs.checkpoint_tensors(copy) == uninterrupted
        shutil.rmtree(copy)
        return equal

    assert ends_equal(retention.verify), "no part was reset"
    for part in changed_parts:
        assert not ends_equal(reset_part, part, before.get(part, {})), part
    for number in ("step", "averaged"):
        assert not ends_equal(reset_number, number), number
    return set(changed_parts)


@pytest.mark.parametrize("name", SAMPLED)
def test_P1_a_recipe_killed_at_file_operations_resumes_to_the_same_bytes(
    name: str, root: Path, disk: FaultyDisk
) -> None:
    kill_at_operations(name, root, disk, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_P1_every_recipe_killed_at_file_operations_resumes_to_the_same_bytes(
    name: str, root: Path, disk: FaultyDisk
) -> None:
    kill_at_operations(name, root, disk, 12)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in SAMPLED else [pytest.mark.slow]) for n in RECIPES]
)
def test_P1_a_resume_differs_if_any_part_of_the_state_is_forgotten(name: str, root: Path) -> None:
    assert reset_each_part(name, root)
