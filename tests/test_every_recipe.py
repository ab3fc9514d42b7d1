"""Whatever a recipe keeps, a resume has: every one that is registered, killed while it saves."""

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

from translate.contract.verdicts import small_options
from translate.engine.checkpoints import retention
from translate.engine.config import schema
from translate.engine.data import check
from translate.engine.disk import files
from translate.engine.training import shape_check
from translate.errors import ConfigError
from translate.registry import names

RECIPES = sorted(names("recipe"))
SAMPLED = RECIPES[2::16]
"""those that are tried every time; `check_recipe` resumes each of all the others"""


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a folder that every layout reads: domains, classes, pairs and captions."""
    for domain in "ab":
        found = [image_folder(f"{domain}/{kind}", 3) for kind in ("first", "second")]
        lines = [{"file": f"{folder.name}/0001.png", "text": folder.name} for folder in found]
        for line in lines:
            files.append(tmp_path / domain / "captions.jsonl", line)
    return tmp_path


def settings(root: Path, name: str) -> schema.Config:
    """Return a tiny configuration of any recipe, on as many domains as its layout reads."""
    # 6 steps, for a generator may wait for its critic, and what has not moved cannot be forgotten
    course = {"steps": 8, "batch_size": 2, "schedule": "linear", "ema": 0.5, "keep": 3}
    due = {"log_every": 1, "save_every": 6, "preview_every": 3}
    flags = {
        "data__size": 32,
        **{f"options__{key}": value for key, value in small_options("recipe", name).items()},
        **{f"train__{key}": value for key, value in {**course, **due}.items()},
    }
    for domains in (["a", "b"], ["a"]):
        asked = small_runs.config(root, name, data__domains=domains, **flags)
        with suppress(ConfigError):
            check.open_layout(asked.data)
            return asked
    raise AssertionError(f"{name} reads neither one domain nor two")


def kill_at_operations(name: str, root: Path, disk: FaultyDisk, points: int) -> None:
    """Kill a run at operations on the disk, one in each stretch of it; go on and compare."""
    asked, draw = settings(root, name), random.Random(name)
    total = small_runs.count_disk_operations(asked, root / "straight", disk)
    straight = small_runs.checkpoint_tensors(root / "straight")
    for part in range(points):
        at, run = 1 + int((part + draw.random()) * total / points), root / "killed"
        small_runs.train_with_kill(asked, run, disk, at)
        assert small_runs.checkpoint_tensors(run) == straight, at
        assert not list(run.rglob(".*")), at
        shutil.rmtree(run)  # large networks are among them


@pytest.mark.parametrize("name", RECIPES)
def test_T20_every_recipe_takes_a_step_on_blank_crops_of_the_meta_device(
    name: str, root: Path
) -> None:
    asked = settings(root, name)
    layout = check.open_layout(asked.data)
    assert shape_check.failure(asked, layout, asked.data.crop, asked.train.batch_size) is None


def parts(path: Path) -> dict[str, dict[str, Tensor]]:
    """Return what a checkpoint holds, by what it belongs to: a network, a player, a pool."""
    found: dict[str, dict[str, Tensor]] = {}
    for file in sorted(path.glob("*.safetensors")):
        depth = 2 if file.stem == "training" else 1
        for key, tensor in load(file.read_bytes()).items():
            owner = "/".join(key.replace(".", "/").split("/")[:depth])
            found.setdefault(f"{file.name}/{owner}", {})[key] = tensor
    return found


def forget(path: Path, part: str, begun: Mapping[str, Tensor]) -> None:
    """Put one part of a checkpoint back to what it was when the run had `begun`."""
    name = part.partition("/")[0]
    kept = {k: v for p, found in parts(path).items() if p != part for k, v in found.items()
            if p.partition("/")[0] == name}  # fmt: skip
    small_runs.replace_checkpoint_file(path, name, save({**kept, **begun}))


def forget_number(path: Path, name: str) -> None:
    """Put a number that a checkpoint holds back to what it was when the run began."""
    state = json.loads((path / "state.json").read_bytes())
    small_runs.replace_checkpoint_file(path, "state.json", json.dumps({**state, name: 0}).encode())


def forget_each_part(name: str, root: Path) -> set[str]:
    """Go on from the middle of a run as often as it has parts, each time without one of them.

    Returns the parts; each one's loss must have shown, and nothing else may.
    """
    asked, run = settings(root, name), root / "run"
    small_runs.train(asked, run)
    straight = small_runs.checkpoint_tensors(run)
    begun, stopped = (run / f"checkpoints/step-0000000{step}" for step in (0, 6))
    before, after = parts(begun), parts(stopped)
    changed = [part for part in after if save(after[part]) != save(before.get(part, {}))]

    def ends_equal(how: Callable[..., None], *given: Any) -> bool:
        again = root / "again"
        shutil.copytree(run, again)
        shutil.rmtree(again / "checkpoints/step-00000008")
        how(again / "checkpoints/step-00000006", *given)
        small_runs.resume(again)
        equal = small_runs.checkpoint_tensors(again) == straight
        shutil.rmtree(again)
        return equal

    assert ends_equal(retention.verify), "nothing was forgotten"
    for part in changed:
        assert not ends_equal(forget, part, before.get(part, {})), part
    for number in ("step", "averaged"):
        assert not ends_equal(forget_number, number), number
    return set(changed)


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
def test_P1_a_resume_without_any_part_of_the_state_differs_if_forgotten(
    name: str, root: Path
) -> None:
    assert forget_each_part(name, root)
