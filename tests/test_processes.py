"""Training on two processes: one run, equal weights, and the gradients of the whole batch."""

import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
import two_processes
from disk_faults import FaultyDisk, no_space
from safetensors.torch import load, save
from specs import image_spec
from torch import Tensor, nn

from translate import hookimpl
from translate.batches import Images, Pair
from translate.engine.checkpoints import read, retention, state, write
from translate.engine.config import schema, yaml
from translate.engine.disk.records import json_files
from translate.engine.disk.records.problems import Problem
from translate.engine.loading import loader
from translate.engine.optimization.build import build_training
from translate.engine.optimization.step import take_turns
from translate.engine.processes import distributed
from translate.engine.training import loop, session
from translate.errors import SaveError, TrainingError
from translate.recipe import Recipe, Turn, adam
from translate.run import Run

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def no_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the environment variables of torchrun."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)


def train_and_record(config: schema.Config, run: Path) -> dict[str, Any]:
    """Train on this process; return its messages, its last step and hashes of its weights."""
    states, recorder = list[state.TrainingState](), small_runs.ProgressRecorder()

    def build(*arguments: Any) -> state.TrainingState:
        states.append(build_training(*arguments))
        return states[0]

    session.build_training = build  # in a forked process, which ends after this
    result = small_runs.train(config, run, recorder)
    (training,) = states
    weights = {key: tensor.contiguous() for key, tensor in training.recipe.state_dict().items()}
    parameters = {key: p.detach().contiguous() for key, p in training.recipe.named_parameters()}
    return {
        "lines": recorder.lines,
        "step": result.step,
        "signal": result.signal,
        "weights": sha256(save(weights)).hexdigest(),
        "parameters": sha256(save(parameters)).hexdigest(),
    }


def train_on_processes(config: schema.Config, run: Path, world: int = 2) -> list[dict[str, Any]]:
    return two_processes.run(lambda _: train_and_record(config, run), world=world)


def test_two_processes_write_one_run_and_end_with_equal_weights(root: Path) -> None:
    config = small_runs.config(
        root, train__batch_size=2, train__ema=0.5, train__log_every=2, train__preview_every=2
    )
    first, second = train_on_processes(config, root / "run")
    assert first["weights"] == second["weights"]
    assert (first["step"], second["step"]) == (4, 4)
    assert [line["step"] for line in json_files.read_lines(root / "run/log.jsonl")] == [2, 4]
    assert small_runs.checkpoint_steps(root / "run") == [0, 4]
    tensors = small_runs.checkpoint_tensors(root / "run")
    assert set(tensors) == {
        "ema.safetensors",
        "training.safetensors",
        "training-rank-1.safetensors",
        "weights.safetensors",
    }
    assert sha256(tensors["weights.safetensors"]).hexdigest() == first["weights"]
    pools = [load(tensors[f"training{rank}.safetensors"]) for rank in ("", "-rank-1")]
    assert pools[0]["recipe/source_pool"].shape == pools[1]["recipe/source_pool"].shape
    assert not torch.equal(pools[0]["recipe/source_pool"], pools[1]["recipe/source_pool"])
    assert not list((root / "run").rglob(".*"))


def test_batch_norm_and_dropout_train_on_two_processes_too(root: Path) -> None:
    config = small_runs.config(root, "pix2pix", train__batch_size=2, train__steps=2)
    results = train_on_processes(config, root / "run")
    assert results[0]["parameters"] == results[1]["parameters"]  # statistics are each process's own
    saved = small_runs.checkpoint_tensors(root / "run")["weights.safetensors"]
    assert (
        sha256(saved).hexdigest() == results[0]["weights"]
    )  # the saved ones are those of the first


def test_two_processes_resume_exactly_and_one_process_reports_the_difference(root: Path) -> None:
    def config(steps: int) -> schema.Config:
        return small_runs.config(
            root, train__batch_size=2, train__steps=steps, train__schedule="constant"
        )

    def resume(rank: int) -> list[str]:  # noqa: ARG001
        recorder = small_runs.ProgressRecorder()
        small_runs.resume(root / "pieces", recorder, steps=6)
        return recorder.lines

    two_processes.run(lambda _: small_runs.train(config(6), root / "straight").step)
    two_processes.run(lambda _: small_runs.train(config(3), root / "pieces").step)
    for lines in two_processes.run(resume):
        assert lines == [f"resuming {root / 'pieces'} from step 3"]
    assert small_runs.equal_checkpoints(root / "pieces", root / "straight")

    recorder = small_runs.ProgressRecorder()
    assert small_runs.resume(root / "pieces", recorder, steps=7).step == 7
    assert recorder.lines[0] == (
        "1 processes instead of 2: training continues, but not bit for bit as it would have."
    )


@pytest.mark.parametrize(("batch_size", "rounded"), [(1, 2), (3, 4)])
def test_a_batch_size_is_rounded_up_to_a_multiple_of_the_processes_with_a_message(
    batch_size: int, rounded: int, root: Path
) -> None:
    config = small_runs.config(root, train__batch_size=batch_size, train__steps=1)
    first, _ = train_on_processes(config, root / "run")
    assert first["lines"][0] == (
        f"train.batch_size is {rounded} instead of {batch_size}, to suit 2 processes"
    )
    assert yaml.read(str(root / "run/config.yaml"))["train"]["batch_size"] == rounded


def test_T19_a_signal_to_one_process_stops_both_at_one_step(
    root: Path, register_plugin: Callable[..., object]
) -> None:
    class Stopper:
        @hookimpl
        def losses_logged(self, step: int) -> None:  # called on the first process only
            if step == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    register_plugin(Stopper(), "stranger:stopper")
    config = small_runs.config(root, train__batch_size=2, train__steps=50, train__log_every=1)
    results = train_on_processes(config, root / "run")
    assert [(result["step"], result["signal"]) for result in results] == [(3, signal.SIGTERM)] * 2
    assert results[0]["weights"] == results[1]["weights"]
    assert small_runs.checkpoint_steps(root / "run") == [0, 3]


def test_T19_one_process_that_cannot_read_stops_both_with_a_checkpoint(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=50)
    batches = loader.batches

    def fail_after_three(*arguments: Any, **keywords: Any) -> Iterator[Any]:
        stream = batches(*arguments, **keywords)
        yield from islice(stream, 3)
        raise TrainingError("100 items in a row cannot be read.")

    def work(rank: int) -> str:
        if rank == 1:
            loader.batches = fail_after_three  # in a forked process, which ends after this
        with pytest.raises(TrainingError) as error:
            small_runs.train(config, root / "run")
        return str(error.value)

    assert two_processes.run(work) == [
        "another process cannot read its images.", "100 items in a row cannot be read.",
    ]  # fmt: skip
    assert small_runs.checkpoint_steps(root / "run") == [0, 3]


def test_T19_a_file_that_any_process_cannot_read_is_listed_once(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=4)
    bad = Problem(root / "a/\udcff.png", "training", "unreadable", "an empty file")
    batches = loader.batches

    def work(rank: int) -> int:
        def with_a_bad_file(*arguments: Any, **keywords: Any) -> Iterator[Any]:
            for number, (batch, problems) in enumerate(batches(*arguments, **keywords)):
                yield batch, [*problems, *([bad] if number == 2 - rank else [])]

        loader.batches = with_a_bad_file  # in a forked process, which ends after this
        return small_runs.train(config, root / "run").listed

    assert two_processes.run(work) == [1, 0]  # the first process has the list
    (line,) = json_files.read_lines(root / "run/problems.jsonl")
    assert line == bad.record()


@pytest.mark.parametrize("victim", [0, 2])
def test_T19_a_process_that_is_killed_ends_the_others_within_seconds(
    victim: int, root: Path
) -> None:
    config = small_runs.config(
        root, train__batch_size=3, train__steps=2000, train__save_every=2, train__log_every=1
    )
    take_step = loop.take_step

    def work(rank: int) -> tuple[str, float]:
        last = [time.monotonic()]

        def die_at_step_7(training: state.TrainingState, *arguments: Any) -> Any:
            if training.step == 7 and rank == victim:
                os.kill(os.getpid(), signal.SIGKILL)
            last[0] = time.monotonic()
            return take_step(training, *arguments)

        loop.take_step = die_at_step_7  # in a forked process, which ends after this
        with pytest.raises(TrainingError) as error:
            small_runs.train(config, root / "run")
        return str(error.value), time.monotonic() - last[0]

    for message, seconds in two_processes.run(work, world=3, killed_rank=victim):
        assert "another process has died or cannot be reached" in message
        assert seconds < 5
    newest, messages = retention.newest_checkpoint(root / "run")
    assert (newest.name, messages) == ("step-00000006", [])
    assert small_runs.resume(root / "run", steps=9).step == 9


def test_T19_a_process_that_hangs_ends_the_others_after_the_timeout(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=2000, train__timeout=1.0)
    take_step = loop.take_step

    def work(rank: int) -> tuple[str, float]:
        last = [time.monotonic()]

        def hang_at_step_3(training: state.TrainingState, *arguments: Any) -> Any:
            last[0] = time.monotonic()
            if training.step == 3 and rank == 1:
                time.sleep(4)
            return take_step(training, *arguments)

        loop.take_step = hang_at_step_3  # in a forked process, which ends after this
        with pytest.raises(TrainingError) as error:
            small_runs.train(config, root / "run")
        return str(error.value), time.monotonic() - last[0]

    (message, seconds), (late, _) = two_processes.run(work)
    assert "another process hangs: train.timeout has passed" in message
    assert 0.5 < seconds < 4
    assert "another process" in late


def test_T19_three_processes_share_five_images_with_equal_batch_counts(
    root: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("a", 5)
    config = small_runs.config(root, train__batch_size=2, train__steps=5)
    results = train_on_processes(config, root / "run", world=3)
    assert [result["step"] for result in results] == [5, 5, 5]
    assert len({result["weights"] for result in results}) == 1
    assert small_runs.checkpoint_steps(root / "run") == [0, 5]


# -- gradients -------------------------------------------------------------------------------------


def gradients(batch: Pair) -> dict[str, Tensor]:
    """Return the gradients of a new CycleGAN for `batch`, by parameter."""
    generator = {"name": "resnet", "width": 4, "blocks": 1}
    config = small_runs.config(
        Path("nowhere"),
        options__pool_size=50,
        options__generator=generator,
        options__discriminator={"name": "patch", "width": 4, "layers": 2},
    )
    training = build_training(config, image_spec((32, 32), ("a", "b")), CPU)
    training.recipe.double()  # so that only the mean itself is rounded
    names = {id(p): name for name, p in training.recipe.named_parameters()}
    gradients_by_name: dict[str, Tensor] = {}

    def record(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        for group in optimizer.param_groups:
            gradients_by_name.update({names[id(p)]: p.grad.clone() for p in group["params"]})

    for optimizer in training.optimizers.values():
        optimizer.register_step_pre_hook(record)
    take_turns(training.recipe, batch, training.optimizers)
    assert gradients_by_name.keys() == set(names.values())
    return gradients_by_name


def test_a_turn_that_is_not_finite_on_one_process_is_skipped_on_both() -> None:
    class Overflowing(Recipe[Images]):
        """The loss of one process overflows, but not its gradient."""

        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Linear(1, 1, bias=False)
            nn.init.ones_(self.one.weight)

        def optimizers(self) -> dict[str, torch.optim.Optimizer]:
            return {"one": adam(self.one)}

        def step(self, batch: Images) -> Iterator[Turn]:
            yield Turn("one", loss=self.one(torch.ones(1, 1)) + batch.images)

    def take_turn(rank: int) -> tuple[float, bool]:
        with distributed.process_group(CPU):
            recipe = Overflowing()
            batch = Images(torch.tensor(math.inf if rank else 0.0))
            result = take_turns(recipe, batch, recipe.optimizers())
            return recipe.one.weight.item(), bool(result.skipped["one"][0])

    assert two_processes.run(take_turn) == [(1.0, True), (1.0, True)]


def biases_before_a_norm() -> set[str]:
    """Return the biases before a norm layer: it cancels them, and their gradient is zero."""
    config = small_runs.config(
        Path("nowhere"), options__generator={"name": "resnet", "width": 4, "blocks": 1}
    )
    recipe = build_training(config, image_spec((32, 32), ("a", "b")), CPU).recipe
    names = set()
    for name, module in recipe.named_modules():
        if isinstance(module, nn.Sequential):
            for index, (one, other) in enumerate(pairwise(module)):
                if (
                    type(other).__name__ == "InstanceNorm"
                    and getattr(one, "bias", None) is not None
                ):
                    names.add(f"{name}.{index}.bias")
    assert "source_to_target.model.1.bias" in names
    return names


def test_averaged_gradients_of_two_half_batches_equal_those_of_the_batch() -> None:
    torch.manual_seed(3)
    whole = Pair(*(torch.rand(2, 4, 3, 32, 32, dtype=torch.float64) * 2 - 1))

    def half(rank: int) -> dict[str, list[float]]:
        with distributed.process_group(CPU):
            mine = Pair(*(part[2 * rank : 2 * rank + 2] for part in whole))
            return {key: tensor.flatten().tolist() for key, tensor in gradients(mine).items()}

    first, second = two_processes.run(half)
    assert first == second
    expected = gradients(whole)
    compared = expected.keys() - biases_before_a_norm()
    assert len(compared) > 20
    for name in compared:
        gradient = expected[name].flatten()
        difference = (torch.tensor(first[name]).double() - gradient).abs().max()
        assert difference <= 1e-6 * max(1.0, float(gradient.abs().max())), name


# -- torchrun --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_torchrun_trains_one_run(root: Path) -> None:
    config = small_runs.config(root, train__steps=6, train__log_every=2)
    (root / "config.yaml").write_text(yaml.dump(config))
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "translate", "train", "--config", "config.yaml", "--out", "run",
    ]  # fmt: skip
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    messages = [line for line in done.stdout.splitlines() if "train.batch_size is 2" in line]
    assert len(messages) == 1  # by the first process alone
    steps = re.findall(r"\bstep (\d)/6  ", done.stdout)
    assert steps == ["2", "4", "6"]
    assert [line["step"] for line in json_files.read_lines(root / "run/log.jsonl")] == [2, 4, 6]
    assert small_runs.checkpoint_steps(root / "run") == [0, 6]
    assert (
        read.read_checkpoint(retention.newest_checkpoint(root / "run")[0]).description["processes"]
        == 2
    )


def test_a_failed_save_of_the_first_process_fails_on_every_process(root: Path) -> None:
    """The other processes must not continue as if the step had been saved."""

    def work(rank: int) -> tuple[str, list[int]]:
        config = small_runs.config(root, train__batch_size=2)
        disk = FaultyDisk(pytest.MonkeyPatch())  # in a forked process, which ends after this
        with distributed.process_group(CPU):
            training = build_training(config, image_spec((16, 16), ("a", "b")), CPU)
            if rank == 0:
                disk.arm(1, no_space, always=True)
            try:
                write.save(root / "run", training, resume=training)
            except SaveError as error:
                return str(error), small_runs.checkpoint_steps(root / "run")
        return "", small_runs.checkpoint_steps(root / "run")

    first, second = two_processes.run(work)
    assert first == ("could not save step 0: No space left on device", [])
    assert second == ("could not save step 0: see the first process", [])


def test_a_hook_of_the_first_process_stops_all_at_one_step(
    root: Path, register_plugin: Callable[..., object]
) -> None:
    class Stopper:
        @hookimpl
        def losses_logged(self, run: Run, step: int) -> None:
            if step == 2:
                run.stop("enough")

    register_plugin(Stopper(), "stranger:stopper")
    config = small_runs.config(root, train__batch_size=2, train__steps=50, train__log_every=2)
    results = train_on_processes(config, root / "run")
    assert [(result["step"], result["signal"]) for result in results] == [(2, 0)] * 2
    assert results[0]["weights"] == results[1]["weights"]
    assert small_runs.checkpoint_steps(root / "run") == [0, 2]
