"""Sharded training on two processes equals training on one process, also after a resume."""

import time
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
import two_processes
from safetensors.torch import load
from specs import image_spec
from torch import Tensor, nn

from translate.batches import Pair
from translate.contract.kinds import small_options
from translate.contract.recipes.subject import make_subject
from translate.engine.checkpoints import read, write
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers, schema
from translate.engine.optimization import build
from translate.engine.optimization.build import build_training
from translate.engine.optimization.networks.sharding import trained_networks
from translate.engine.optimization.step import StepResult, take_turns
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import full_tensor, local_shard
from translate.engine.training import loop
from translate.errors import ConfigError, TrainingError
from translate.registry import names

CPU = torch.device("cpu")
SPEC = image_spec((32, 32), ("a", "b"))
CYCLEGAN = {
    "options__generator": {"name": "resnet", "width": 4, "blocks": 2, "downsamplings": 1},
    "options__discriminator": {"name": "patch", "width": 4, "layers": 2},
    "options__pool_size": 0,
    "train__ema": 0.5,
}


def build_double(config: schema.Config, spec: Any, patch: pytest.MonkeyPatch) -> TrainingState:
    """Return the training state in float64, where the order of sums changes little."""
    create = build.create_recipe
    patch.setattr(build, "create_recipe", lambda *a, **k: create(*a, **k).double())
    return build_training(config, spec, CPU)


def step(training: TrainingState, batch: Any) -> StepResult:
    train = training.config.train
    settings = (torch.float32, train.clip_norm, train.accumulate)
    result = take_turns(training.recipe, batch, training.optimizers, *settings)
    if training.average:
        training.average.update_parameters(training.recipe)
    return result


def weights(training: TrainingState) -> dict[str, Tensor]:
    """Return all parameters and their averages; every process must call this."""
    modules = {"": training.recipe, "average ": training.average}
    return {
        label + name: full_tensor(parameter.detach()).clone()
        for label, module in modules.items()
        if module
        for name, parameter in module.named_parameters()
    }


@pytest.mark.slow  # the next test resumes such a training on one process and on two
def test_two_processes_with_shards_train_as_one_process_without() -> None:
    settings = {"accumulate": 2, "batch_size": 2, "checkpointing": True, "clip_norm": 1.0}
    torch.manual_seed(3)
    batches = [Pair(*(torch.rand(2, 4, 3, 32, 32, dtype=torch.float64) * 2 - 1)) for _ in range(3)]

    def train(shard: str, part: slice) -> tuple[dict[str, Tensor], list[int]]:
        named = {f"train__{key}": value for key, value in settings.items()}
        config = small_runs.config(Path("none"), train__shard=shard, **CYCLEGAN, **named)
        with pytest.MonkeyPatch.context() as patch:
            training = build_double(config, SPEC, patch)
        norms = [
            step(training, Pair(*(images[part] for images in batch))).norms for batch in batches
        ]
        optimizers = training.optimizers.values()
        tensors = [*training.recipe.parameters(), *training.average.module.parameters()]  # type: ignore[union-attr]
        tensors += [t for o in optimizers for state in o.state.values() for t in state.values()]
        sizes = [local_shard(tensor.detach()).numel() for tensor in tensors]
        return {**weights(training), "norms": torch.stack(list(norms[-1].values()))}, sizes

    def half(rank: int) -> tuple[dict[str, list[float]], int]:
        with distributed.process_group(CPU):
            result, sizes = train("fsdp", slice(2 * rank, 2 * rank + 2))
        return {name: tensor.flatten().tolist() for name, tensor in result.items()}, sum(sizes)

    (first, size), (second, other_size) = two_processes.run(half)
    assert first == second
    expected, sizes = train("none", slice(0, 4))
    assert first.keys() == expected.keys()
    for name, tensor in expected.items():
        difference = (torch.tensor(first[name]).double() - tensor.flatten()).abs().max()
        assert difference < 1e-6, name
    assert max(size, other_size) < 0.6 * sum(sizes)


def test_training_resumed_on_two_processes_and_on_one_equals_uninterrupted_training(
    tmp_path: Path,
) -> None:
    torch.manual_seed(4)
    batches = [Pair(*(torch.rand(2, 2, 3, 32, 32, dtype=torch.float64) * 2 - 1)) for _ in range(3)]

    def train(shard: str, part: slice, *, saved: bool, resumed: bool) -> dict[str, Any]:
        config = small_runs.config(Path("none"), train__shard=shard, **CYCLEGAN)
        with pytest.MonkeyPatch.context() as patch:
            training = build_double(config, SPEC, patch)
        if resumed:
            read.restore(training, read.read_checkpoint(tmp_path / "checkpoints/step-00000002"))
        for batch in batches[training.step :]:
            step(training, Pair(*(images[part] for images in batch)))
            training.step += 1
            if saved and training.step == 2:
                write.save(tmp_path, training, training)
        return {name: tensor.tolist() for name, tensor in weights(training).items()}

    def half(rank: int) -> tuple[dict[str, Any], dict[str, Any]]:
        part = slice(rank, rank + 1)
        with distributed.process_group(CPU):
            straight = train("fsdp", part, saved=True, resumed=False)
            return straight, train("fsdp", part, saved=False, resumed=True)

    (straight, resumed), of_second_process = two_processes.run(half)
    assert (straight, resumed) == of_second_process
    assert straight == resumed  # bit for bit
    on_one_process = train("none", slice(0, 2), saved=False, resumed=True)
    assert on_one_process.keys() == straight.keys()
    for name, values in on_one_process.items():
        difference = (torch.tensor(values) - torch.tensor(straight[name])).abs().max()
        assert difference < 1e-6, name


@pytest.mark.slow
def test_a_sharded_run_has_the_files_of_any_other_run_and_is_resumed_exactly(root: Path) -> None:
    def config(steps: int) -> schema.Config:
        settings = {"batch_size": 2, "preview_every": 2, "schedule": "constant", "ema": 0.5}
        flags = {f"train__{key}": value for key, value in settings.items()}
        return small_runs.config(root, train__shard="fsdp", train__steps=steps, **flags)

    def resume(**options: Any) -> list[str]:
        recorder = small_runs.ProgressRecorder()
        small_runs.resume(root / "pieces", recorder, **options)
        return recorder.lines

    two_processes.run(lambda _: small_runs.train(config(4), root / "straight").step)
    two_processes.run(lambda _: small_runs.train(config(2), root / "pieces").step)
    two_processes.run(lambda _: resume(steps=4))
    assert small_runs.equal_checkpoints(root / "pieces", root / "straight")
    assert (root / "straight/previews/step-00000004.png").exists()

    whole = small_runs.config(root, train__batch_size=2, train__ema=0.5)
    small_runs.train(whole, root / "whole")
    shapes, expected = (
        {
            file: {name: tensor.shape for name, tensor in load(data).items() if "pool" not in name}
            for file, data in small_runs.checkpoint_tensors(root / name).items()
            if "training" not in file
        }
        for name in ("straight", "whole")
    )
    assert shapes == expected

    lines = resume(steps=5, assignments=["train.shard=none"])  # on one process
    assert "train.shard: 'fsdp' -> 'none': training continues, but not bit for bit" in lines[0]
    assert small_runs.checkpoint_steps(root / "pieces") == [4, 5]
    with pytest.raises(ConfigError, match="Start them with torchrun --nproc-per-node N"):
        resume(steps=6, assignments=["train.shard=fsdp"])


@pytest.mark.slow
def test_T19_a_process_that_hangs_ends_sharded_training_after_the_timeout(root: Path) -> None:
    config = small_runs.config(
        root, train__shard="fsdp", train__batch_size=2, train__steps=2000, train__timeout=1.0
    )
    take_step = loop.take_step

    def work(rank: int) -> str:
        def hang_at_step_3(training: TrainingState, *arguments: Any) -> Any:
            if training.step == 3 and rank == 1:
                time.sleep(4)
            return take_step(training, *arguments)

        loop.take_step = hang_at_step_3  # in a forked process, which ends after this
        with pytest.raises(TrainingError) as error:
            small_runs.train(config, root / "run")
        return str(error.value)

    first, _ = two_processes.run(work)
    assert "another process hangs: train.timeout has passed" in first


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(names("recipe")))
def test_a_recipe_has_the_same_weights_with_shards_and_without(name: str) -> None:
    subject = make_subject(name, small_options("recipe", name), None, None)

    def train(shard: str) -> Any:
        train = {**subject.config.train.model_dump(), "shard": shard, "ema": 0.5}
        config = layers.validate({**subject.config.model_dump(), "train": train})

        def work(rank: int) -> dict[str, list[float]]:
            with distributed.process_group(CPU), pytest.MonkeyPatch.context() as patch:
                training = build_double(config, subject.spec, patch)
                torch.set_default_dtype(torch.float64)  # of latent vectors
                for number in range(6 if "wgan" in name else 2):
                    batch = subject.batch(2 * number + rank)
                    step(training, batch._make(t.double() if t.is_floating_point() else t
                                               for t in batch))  # fmt: skip
                return {n: t.flatten().tolist() for n, t in weights(training).items()}

        return two_processes.run(work)[0]

    sharded, whole = train("fsdp"), train("none")
    assert sharded.keys() == whole.keys()
    for key, values in whole.items():
        assert torch.tensor(sharded[key]).sub(torch.tensor(values)).abs().max() < 1e-5, key


def test_networks_are_modules_with_parameters_also_in_lists() -> None:
    recipe = nn.Module()
    recipe.generator, recipe.flatten = nn.Linear(1, 1), nn.Flatten()
    recipe.critics = nn.ModuleList([nn.Linear(1, 1), nn.ModuleDict({"a": nn.Linear(1, 1)})])
    recipe.codes = nn.ParameterList([nn.Linear(1, 1).weight])
    networks = dict(trained_networks(recipe))
    assert list(networks) == ["generator", "critics.0", "critics.1.a"]
    assert networks["critics.0"] is recipe.critics[0]
