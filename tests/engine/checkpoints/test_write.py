"""Checkpoints: everything comes back, damage is noticed, and nothing good is removed for bad."""

import copy
import json
import os
import random
import re
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import small_runs
import torch
import two_processes
from disk_faults import (
    Fault,
    FaultyDisk,
    ProcessKilled,
    disk_full,
    flip_bit,
    io_error,
    kill_process,
    short_write,
)
from power_cut import DiskRecorder, write_tree
from safetensors.torch import load
from specs import image_spec
from torch import Tensor

from translate.batches import Pair
from translate.engine.checkpoints import read, retention, write
from translate.engine.checkpoints.references import resolve
from translate.engine.checkpoints.state import TrainingState
from translate.engine.disk import files, folders
from translate.engine.system import randomness
from translate.engine.training.build import build_training
from translate.engine.training.step import take_turns
from translate.errors import CheckpointError, SaveError

CPU = torch.device("cpu")


def save(run: Path, training: TrainingState, **given: Any) -> Path:
    return write.save(run, training, training, **given)


def build(recipe: str = "cyclegan", **flags: Any) -> TrainingState:
    size = small_runs.SIZES[recipe]
    asked = small_runs.config(Path("nowhere"), recipe, **flags)
    return build_training(asked, image_spec((size, size), ("a", "b")), CPU)


def play(training: TrainingState, steps: int) -> None:
    size = training.spec.size
    for _ in range(steps):
        batch = Pair(*(torch.rand(2, 1, 3, *size) * 2 - 1))
        take_turns(training.recipe, batch, training.optimizers)
        training.step += 1
        if training.average:
            training.average.update_parameters(training.recipe)


def reborn(path: Path) -> TrainingState:
    found = read.read_checkpoint(path)
    training = build_training(found.config, found.spec, CPU)
    read.restore(training, found)
    return training


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


# -- round trips -----------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_everything_comes_back(recipe: str, ema: float, tmp_path: Path) -> None:
    training = build(recipe, train__ema=ema)
    play(training, 5)
    random.gauss(0, 1), np.random.normal()  # each keeps a second number in hand
    path = save(tmp_path, training)
    expected = [
        torch.rand(3),
        random.gauss(0, 1),
        random.random(),
        np.random.normal(),
        np.random.rand(),
    ]

    again = reborn(path)
    assert (again.step, again.spec, again.config) == (5, training.spec, training.config)
    for key, tensor in training.recipe.state_dict().items():
        assert torch.equal(again.recipe.state_dict()[key], tensor), key
    for key, tensor in training.recipe.training_state().items():
        assert torch.equal(again.recipe.training_state()[key], tensor), key
    for player, optimizer in training.optimizers.items():
        before, after = optimizer.state_dict(), again.optimizers[player].state_dict()
        assert before["param_groups"] == after["param_groups"]
        assert before["state"].keys() == after["state"].keys()
        for index, values in before["state"].items():
            for name, value in values.items():
                assert torch.equal(after["state"][index][name], value)
                assert after["state"][index][name].dtype == value.dtype
    if ema:
        assert training.average and again.average
        assert again.average.n_averaged == training.average.n_averaged == 5
        for key, tensor in training.average.module.state_dict().items():
            assert torch.equal(again.average.module.state_dict()[key], tensor), key
    drawn = [
        torch.rand(3),
        random.gauss(0, 1),
        random.random(),
        np.random.normal(),
        np.random.rand(),
    ]
    assert torch.equal(drawn[0], expected[0])
    assert drawn[1:] == expected[1:]


def test_a_run_in_a_folder_whose_name_is_not_text_is_read_as_any_other(tmp_path: Path) -> None:
    training = build()
    play(training, 1)
    expected = contents(save(tmp_path / "one", training))
    run = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff\xfe"))
    path = save(run, training)
    assert contents(save(tmp_path / "again", reborn(path))) == expected


def test_equal_states_are_equal_bytes(tmp_path: Path) -> None:
    first, second = build("pix2pix", train__ema=0.5), build("pix2pix", train__ema=0.5)
    for training in (first, second):
        torch.manual_seed(1)
        play(training, 3)
        save(tmp_path / str(id(training)), training)
    one, other = (
        contents(next(retention.list_checkpoints(tmp_path / str(id(t))))[1])
        for t in (first, second)
    )
    assert one == other
    assert set(one) == {
        "weights.safetensors",
        "ema.safetensors",
        "training.safetensors",
        "state.json",
        "MANIFEST.json",
    }


def test_saving_what_was_loaded_writes_the_same_bytes(tmp_path: Path) -> None:
    training = build("cyclegan", train__ema=0.5)
    play(training, 4)
    path = save(tmp_path / "one", training)
    assert contents(save(tmp_path / "two", reborn(path))) == contents(path)


def test_a_tensor_file_holds_tensors_and_no_metadata(tmp_path: Path) -> None:
    training = build()
    play(training, 1)
    path = save(tmp_path, training)
    for file in path.glob("*.safetensors"):
        data = file.read_bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        assert "__metadata__" not in header
    weights = load((path / "weights.safetensors").read_bytes())
    assert weights.keys() == training.recipe.state_dict().keys()


def test_there_is_no_pickle_in_a_checkpoint(tmp_path: Path) -> None:
    path = save(tmp_path, build())
    assert {file.suffix for file in path.iterdir()} == {".safetensors", ".json"}
    for file in path.glob("*.json"):
        json.loads(file.read_bytes())


def test_a_checkpoint_describes_itself(tmp_path: Path) -> None:
    training = build("pix2pix", data__channels=3)
    path = save(tmp_path, training)
    state = json.loads((path / "state.json").read_bytes())
    assert state["config"]["recipe"] == "pix2pix"
    assert state["config"]["options"]["generator"] == small_runs.UNET
    assert [domain["name"] for domain in state["spec"]["domains"]] == ["a", "b"]
    assert state["images"]["range"] == [-1, 1]
    assert set(state["versions"]) == {"translate-kit", "torch"}
    recipe = read.rebuild_recipe(read.read_checkpoint(path))
    read.restore_weights(recipe, path)
    for key, tensor in training.recipe.state_dict().items():
        assert torch.equal(recipe.state_dict()[key], tensor)


def test_an_empty_pool_and_a_full_one_come_back(tmp_path: Path) -> None:
    training = build()
    assert reborn(save(tmp_path, training)).recipe.training_state()["source_pool"].numel() == 0
    play(training, 6)
    pool = reborn(save(tmp_path, training)).recipe.training_state()["source_pool"]
    assert pool.shape == (3, 3, 16, 16)


def test_channels_last_weights_are_saved_as_the_same_bytes_and_train_on_the_same(
    tmp_path: Path,
) -> None:
    plain, other = build(), build()
    other.recipe.to(memory_format=torch.channels_last)
    paths = [save(tmp_path / str(i), t) for i, t in enumerate((plain, other))]
    assert contents(paths[0]) == contents(paths[1])

    torch.manual_seed(0)
    play(other, 2)
    found = read.read_checkpoint(save(tmp_path / "run", other))
    again = build_training(found.config, found.spec, CPU)
    again.recipe.to(memory_format=torch.channels_last)
    read.restore(again, found)
    for training in (other, again):
        torch.manual_seed(9)
        play(training, 2)
    for key, tensor in other.recipe.state_dict().items():
        assert torch.equal(again.recipe.state_dict()[key], tensor), key


def test_inference_takes_the_average_where_there_is_one(tmp_path: Path) -> None:
    training = build(train__ema=0.9)
    play(training, 3)
    path = save(tmp_path, training)
    found = read.read_checkpoint(path)
    averaged, plain = read.rebuild_recipe(found), read.rebuild_recipe(found)
    read.restore_weights(averaged, path, averaged=True)
    read.restore_weights(plain, path)
    assert training.average
    key = "source_to_target.model.1.weight"
    assert torch.equal(averaged.state_dict()[key], training.average.module.state_dict()[key])
    assert torch.equal(plain.state_dict()[key], training.recipe.state_dict()[key])
    assert not torch.equal(plain.state_dict()[key], averaged.state_dict()[key])


# -- damage ----------------------------------------------------------------------------------------


def two_checkpoints(run: Path) -> tuple[Path, Path]:
    training = build(train__ema=0.5)
    play(training, 1)
    first = save(run, training)
    play(training, 1)
    return first, save(run, training)


@pytest.mark.parametrize(
    "name",
    [
        "weights.safetensors",
        "ema.safetensors",
        "training.safetensors",
        "state.json",
        "MANIFEST.json",
    ],
)
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "remove"])
def test_T5_a_damaged_checkpoint_is_replaced_by_the_previous_one(
    name: str, damage: str, tmp_path: Path
) -> None:
    first, second = two_checkpoints(tmp_path)
    assert retention.newest_checkpoint(tmp_path) == (second, [])
    data = bytearray((second / name).read_bytes())
    if damage == "remove":
        (second / name).unlink()
    else:
        data[len(data) // 2] ^= 1
        kept = {"flip": len(data), "cut": len(data) - 1, "empty": 0}[damage]
        (second / name).write_bytes(data[:kept])
    found, complaints = retention.newest_checkpoint(tmp_path)
    assert found == first
    (complaint,) = complaints
    assert str(second) in complaint


def test_a_byte_flipped_anywhere_in_the_manifest_is_noticed(tmp_path: Path) -> None:
    _, second = two_checkpoints(tmp_path)
    manifest = second / "MANIFEST.json"
    whole = manifest.read_bytes()
    unnoticed = []
    for place in range(0, len(whole), 7):
        data = bytearray(whole)
        data[place] ^= 1
        manifest.write_bytes(data)
        if retention.newest_checkpoint(tmp_path)[0] == second:
            unnoticed.append(chr(whole[place]))
    assert set(unnoticed) <= {" ", "\n"}  # which mean nothing


def test_T18_other_files_in_the_folder_are_not_checkpoints(tmp_path: Path) -> None:
    _, second = two_checkpoints(tmp_path)
    folder = tmp_path / "checkpoints"
    (folder / "step-99999999").write_text("a file")
    (folder / "step-best").mkdir()
    (folder / "best.state").write_text("")
    (folder / ".tmp-step-00000009").mkdir()
    (folder / "step-00000007").mkdir()  # empty: torn
    found, complaints = retention.newest_checkpoint(tmp_path)
    assert found == second
    assert complaints == [f"{folder / 'step-00000007' / 'MANIFEST.json'} is missing."]


def test_no_whole_checkpoint_is_said_with_what_is_wrong(tmp_path: Path) -> None:
    for path in two_checkpoints(tmp_path):
        (path / "state.json").unlink()
    with pytest.raises(
        CheckpointError, match=r"holds no whole checkpoint .*step-00000002.*step-00000001"
    ):
        retention.newest_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match=r"there is no run"):
        retention.newest_checkpoint(tmp_path / "typo")


def test_a_manifest_may_not_name_a_file_elsewhere(tmp_path: Path) -> None:
    _, path = two_checkpoints(tmp_path)
    manifest = json.loads((path / "MANIFEST.json").read_bytes())
    manifest["files"]["../../secret"] = {"sha256": "", "size": 0}
    (path / "MANIFEST.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match=r"names a file elsewhere"):
        retention.verify(path)


def test_F9_a_checkpoint_of_another_format_is_refused(tmp_path: Path) -> None:
    _, path = two_checkpoints(tmp_path)
    manifest = json.loads((path / "MANIFEST.json").read_bytes())
    (path / "MANIFEST.json").write_text(json.dumps({**manifest, "format": 2}))
    with pytest.raises(CheckpointError, match=r"has format 2, and this version reads 1"):
        retention.verify(path)


def test_a_manifest_of_nonsense_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    _, path = two_checkpoints(tmp_path)
    for nonsense in ({"files": 3}, {"files": {}}, {"files": {"weights.safetensors": 3}}, [], 7):
        text = json.dumps({"format": 1, **nonsense} if isinstance(nonsense, dict) else nonsense)
        (path / "MANIFEST.json").write_text(text)
        with pytest.raises(CheckpointError):
            retention.verify(path)


def test_F5_weights_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = save(tmp_path, build())
    other = build(options__generator={**small_runs.RESNET, "width": 3, "blocks": 2}).recipe
    with pytest.raises(CheckpointError) as caught:
        read.restore_weights(other, path)
    said = str(caught.value)
    assert said.startswith(f"{path / 'weights.safetensors'} does not fit CycleGAN: ")
    assert "source_to_target.model.1.bias is (2,) instead of (3,)" in said
    assert said.count(";") == 4  # the first five
    assert re.search(r"What fits is cyclegan as translate-kit [\d.]+ and its plugins", said)
    assert "options={'generator': {'name': 'resnet', 'width': 2" in said  # what would fit

    state = {
        k: v
        for k, v in build().recipe.state_dict().items()
        if k != "source_to_target.model.1.weight"
    }
    files.replace(
        path / "weights.safetensors", _saved({**state, "source_to_target.model.99": torch.zeros(1)})
    )
    with pytest.raises(CheckpointError) as caught:
        read.restore_weights(build().recipe, path)
    assert (
        "source_to_target.model.1.weight is missing; source_to_target.model.99 is unknown."
        in str(caught.value)
    )


def test_a_tensor_file_of_nonsense_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    path = save(tmp_path, build())
    for nonsense in (b"", b"\x80\x04pickle", b"\xff" * 64, (2**62).to_bytes(8, "little") + b"{}"):
        (path / "weights.safetensors").write_bytes(nonsense)
        with pytest.raises(CheckpointError, match=r"weights.safetensors"):
            read.restore_weights(build().recipe, path)


# -- saving ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [disk_full, io_error])
def test_a_disk_that_refuses_is_an_error_and_costs_nothing(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    training = build(train__keep=2)
    before = [save(tmp_path, training)]
    training.step = 1
    (tmp_path / "elsewhere/checkpoints").mkdir(parents=True)
    disk.arm(0, short_write)
    save(tmp_path / "elsewhere", training)
    writes = [i for i, name in enumerate(disk.operations, 1) if name == "write"]
    for at in writes:
        disk.arm(at, fault)
        with pytest.raises(SaveError, match=r"could not save step 1: "):
            save(tmp_path, training)
        disk.disarm()
        assert retention.newest_checkpoint(tmp_path) == (before[0], [])
        assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == [before[0].name]
    disk.disarm()
    assert retention.newest_checkpoint(tmp_path)[0] == before[0]
    save(tmp_path, training)
    assert retention.newest_checkpoint(tmp_path)[0].name == "step-00000001"


def test_T4_too_little_room_is_said_before_a_byte_is_written(
    tmp_path: Path, disk: FaultyDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = build(train__ema=0.5)
    play(training, 1)
    path = save(tmp_path, training)
    needed = sum(file.stat().st_size for file in path.glob("*.safetensors"))
    said = SimpleNamespace(f_blocks=10, f_bavail=needed // 2, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: said)
    training.step = 2
    disk.arm(0, short_write)
    with pytest.raises(SaveError) as caught:
        save(tmp_path, training)
    disk.disarm()
    free = f"it takes 0.1 MB, and {needed / 2e6:.1f} MB are free"
    assert str(caught.value) == f"could not save step 2: No space left on device: {free}"
    assert not {"open", "write"} & set(disk.operations)
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["step-00000001"]
    for enough in (needed, 0):  # a file system without blocks says nothing
        said.f_bavail, said.f_blocks, training.step = enough, enough, training.step + 1
        assert save(tmp_path, training).name == f"step-{training.step:08d}"


def test_T4_a_limit_of_the_system_costs_no_older_checkpoint(tmp_path: Path) -> None:
    training = build(train__ema=0.5)
    play(training, 1)
    first = save(tmp_path, training)
    largest = max(file.stat().st_size for file in first.iterdir())
    training.step = 2
    for part in range(10):
        limit = largest * part // 10

        def save_within(_: int, limit: int = limit) -> str:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # of this forked process
            with pytest.raises(SaveError) as caught:
                save(tmp_path, training)
            return str(caught.value)

        assert two_processes.run(save_within, world=1) == ["could not save step 2: File too large"]
        assert retention.newest_checkpoint(tmp_path) == (first, [])
        assert list((tmp_path / "checkpoints").iterdir()) == [first]


def test_T2_a_killed_save_leaves_an_intact_checkpoint_and_no_files_after_the_next_save(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    training = build(train__keep=2, train__ema=0.5)
    for step in (0, 1):
        training.step = step
        save(tmp_path, training)
    training.step = 2
    disk.arm(0, short_write)
    save(tmp_path, training)
    total = disk.count
    disk.disarm()
    assert total > 25
    steps = set()
    for at in range(1, total + 1):
        run = tmp_path / f"run-{at}"
        for step in (0, 1):
            training.step = step
            save(run, training)
        training.step = 2
        disk.arm(at, kill_process)
        with pytest.raises(ProcessKilled):
            save(run, training)
        disk.disarm()
        found, complaints = retention.newest_checkpoint(run)
        assert not complaints
        steps.add(read.read_checkpoint(found).step)
        save(run, training)
        names = sorted(p.name for p in (run / "checkpoints").iterdir())
        assert names == ["step-00000001", "step-00000002"]
    assert steps == {1, 2}


def test_T3_the_newest_complete_state_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, run = build(train__keep=2), tmp_path / "run"
    for step in (0, 1):
        training.step = step
        save(run, training)
    training.step = 2
    with monkeypatch.context() as patch:
        recorder = DiskRecorder(run, patch)
        save(run, training)

    def newest(name: str, first: int = 0) -> Iterator[tuple[bool, int]]:
        for number, (done, tree) in enumerate(recorder.crash_states(first=first)):
            found, _ = retention.newest_checkpoint(write_tree(tree, tmp_path / f"{name}-{number}"))
            yield done, read.read_checkpoint(found).step

    found = list(newest("synced"))
    assert len(found) > 24
    assert {step for _, step in found} == {1, 2}
    assert {step for done, step in found if done} == {2}, "what was saved is there to stay"
    whole = recorder.done
    for kind in (bytes, dict):
        recorder.done = whole
        recorder.forget_syncs(kind)
        last = newest(kind.__name__, len(recorder.done))
        assert {step for _, step in last} == {1, 2}, "it matters that they are synced"


def test_F3_random_numbers_are_saved_as_numbers(tmp_path: Path) -> None:
    training = build()
    path = save(tmp_path, training)
    saved = load((path / "training.safetensors").read_bytes())
    kinds = {name for name in saved if name.startswith("random/")}
    assert kinds >= {"random/torch", "random/python", "random/numpy"}
    expected = random.random(), np.random.rand(), torch.rand(()).item()
    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    read.restore(training, read.read_checkpoint(path))
    assert (random.random(), np.random.rand(), torch.rand(()).item()) == expected


def test_F8_weights_that_two_networks_share_come_back_shared(tmp_path: Path) -> None:
    one, other = build(), build(train__seed=1)
    for training in (one, other):
        training.recipe.source_to_target.model[1].weight = training.recipe.target_to_source.model[
            1
        ].weight  # type: ignore
    path = save(tmp_path, one)
    read.restore_weights(other.recipe, path)
    weights = other.recipe.state_dict()
    for name, tensor in one.recipe.state_dict().items():
        assert torch.equal(weights[name], tensor), name
    shared = [
        weights[f"{name}.model.1.weight"].data_ptr()
        for name in ("source_to_target", "target_to_source")
    ]
    assert shared[0] == shared[1]


def test_a_disk_that_returns_other_bytes_than_it_was_given_is_caught_before_anything_is_removed(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    training = build(train__keep=2)
    for step in (0, 1):
        training.step = step
        save(tmp_path, training)
    training.step = 2
    disk.arm(1, flip_bit, always=True)
    with pytest.raises(SaveError, match=r"could not save step 2: .*MANIFEST.json cannot be read"):
        save(tmp_path, training)
    disk.disarm()
    assert small_runs.checkpoint_steps(tmp_path)[:2] == [0, 1]
    assert retention.newest_checkpoint(tmp_path)[0].name == "step-00000001"


def test_the_newest_few_are_kept_and_at_least_two(tmp_path: Path) -> None:
    training = build(train__keep=3)
    for step in range(6):
        training.step = step
        save(tmp_path, training)
        assert small_runs.checkpoint_steps(tmp_path) == list(range(max(0, step - 2), step + 1))
    with pytest.raises(Exception, match=r"train.keep"):
        build(train__keep=1)


def test_T22_old_checkpoints_are_removed_after_the_new_one_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = build()
    for step in (0, 1):
        training.step = step
        save(tmp_path, training)
    order: list[str] = []
    verify, remove = retention.verify, folders.remove_folder
    monkeypatch.setattr(
        retention, "verify", lambda p, **_: (order.append(f"verify {p.name}"), verify(p))[1]
    )
    monkeypatch.setattr(
        folders, "remove_folder", lambda p: (order.append(f"remove {p.name}"), remove(p))[1]
    )
    training.step = 2
    save(tmp_path, training)
    assert order[-2:] == ["verify step-00000002", "remove step-00000000"]


def test_damaged_checkpoints_of_later_steps_do_not_push_out_whole_ones(tmp_path: Path) -> None:
    training = build()
    for step in (0, 1):
        training.step = step
        save(tmp_path, training)
    for step in (8, 9):  # what a run that fell back to step 1 finds ahead of it
        folder = tmp_path / f"checkpoints/step-{step:08d}"
        folder.mkdir()
        (folder / "MANIFEST.json").write_text("torn")
    for step in (2, 3, 8, 9):
        training.step = step
        save(tmp_path, training)
        whole = [s for s, path in retention.list_checkpoints(tmp_path) if retention.is_whole(path)]
        assert whole == [step, {2: 1, 3: 2, 8: 3, 9: 8}[step]]
    assert small_runs.checkpoint_steps(tmp_path) == [8, 9]


def test_a_checkpoint_that_is_there_whole_is_never_taken_away_to_write_it_again(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    training = build()
    path = save(tmp_path, training)
    before = contents(path)
    for at in range(1, 60):
        disk.arm(at, kill_process)
        with suppress(ProcessKilled):
            save(tmp_path, training)
        disk.disarm()
        assert contents(path) == before


# -- where a checkpoint is -------------------------------------------------------------------------


def test_a_run_a_step_and_a_checkpoint_folder_are_found(tmp_path: Path) -> None:
    first, second = two_checkpoints(tmp_path)
    assert resolve(tmp_path) == (second, [])
    assert resolve(f"{tmp_path}@1") == (first, [])
    assert resolve(first) == (first, [])
    with pytest.raises(CheckpointError, match=r"no checkpoint of step 7. There are: 1, 2; type"):
        resolve(f"{tmp_path}@7")


# -- several processes -----------------------------------------------------------------------------


def test_each_rank_gets_its_own_pools_and_random_numbers_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = build(), build()
    play(first, 4)
    mine = randomness.random_state()
    torch.manual_seed(77)
    play(second, 5)
    theirs = randomness.random_state()
    other = _saved(
        {**theirs, **{f"recipe/{k}": v for k, v in second.recipe.training_state().items()}}
    )
    randomness.restore_random_state(mine)
    monkeypatch.setattr(read.distributed, "gather_bytes", lambda data: [data, other])
    path = save(tmp_path, first)
    assert (path / "training-rank-1.safetensors").is_file()
    retention.verify(path)
    assert read.read_checkpoint(path).description["processes"] == 2

    for rank, training, random_state in ((0, first, mine), (1, second, theirs)):
        monkeypatch.setattr(read.distributed, "rank", lambda rank=rank: rank)
        again = reborn(path)
        _same(again.recipe.training_state(), training.recipe.training_state())
        _same(randomness.random_state(), random_state)
        _same(again.recipe.state_dict(), first.recipe.state_dict())


def test_a_rank_that_was_not_there_starts_from_its_own_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = build()
    play(training, 4)
    path = save(tmp_path, training)
    monkeypatch.setattr(read.distributed, "rank", lambda: 1)
    again = reborn(path)
    assert again.recipe.training_state()["source_pool"].numel() == 0
    expected = torch.Generator().manual_seed(training.config.train.seed + 1)
    assert torch.equal(torch.rand(3), torch.rand(3, generator=expected))
    assert again.step == 4


# -- helpers ---------------------------------------------------------------------------------------


def _saved(tensors: dict[str, Tensor]) -> bytes:
    from safetensors.torch import save

    return save(copy.deepcopy(tensors))


def _same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for key, tensor in one.items():
        assert torch.equal(tensor, other[key]), key
