"""Read a checkpoint and restore what it contains."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from translate.batches import Domain, ImageSpec
from translate.engine.checkpoints.contents import MAX_TEXT_BYTES, State, without_prefix
from translate.engine.checkpoints.references.selection import Selection
from translate.engine.checkpoints.safetensors import map_tensors, read_tensors
from translate.engine.checkpoints.state import TrainingState
from translate.engine.checkpoints.training_state.optimizers import restore_optimizer
from translate.engine.checkpoints.training_state.process_state import (
    read_moments,
    read_process_state,
)
from translate.engine.checkpoints.untrusted import MemoryLimit
from translate.engine.config import layers, schema
from translate.engine.config.plugin_versions import missing_plugins_named
from translate.engine.config.renamed import current_document, current_names, renamed_by
from translate.engine.config.value_types import LARGEST_SIDE
from translate.engine.disk.records import json_files
from translate.engine.plugins.errors import NO_TEMPORARY
from translate.engine.processes.sharded_tensors import shard_like
from translate.engine.system.randomness import restore_random_state
from translate.engine.system.signatures import validation_message
from translate.errors import (
    CheckpointError,
    ConfigError,
    TranslateError,
    describe_error,
    message_of,
    printable_name,
    short_repr,
)
from translate.recipe import Recipe
from translate.registry import create_recipe

OLD_SPEC = ("source_channels", "target_channels", "source_labels", "target_labels")
"""entries of a spec that version 0.1.0 wrote: they describe the first and the last domain only"""


@dataclass
class Checkpoint:
    """A checkpoint without its tensors."""

    path: Path
    step: int
    config: schema.Config
    spec: ImageSpec
    description: Mapping[str, Any]
    """the content of ``state.json``"""


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in the folder `path`, with verified files."""
    file = path / "state.json"
    json_files.read_record(file, State)
    description = json_files.read_json(file)
    with _readable_content(file):
        config = _config(file, description["config"])
        spec = _spec(_current_spec(description["spec"], description["config"]))
        return Checkpoint(path, int(description["step"]), config, spec, description)


def _config(file: Path, document: Mapping[str, Any]) -> schema.Config:
    try:
        return layers.validate(current_document(document))
    except ConfigError as error:
        raise CheckpointError(f"{file}: config: {error}") from error


def _spec(document: Mapping[str, Any]) -> ImageSpec:
    domains = [Domain(**domain) for domain in document["domains"]]
    fields = asdict(ImageSpec(**{**document, "domains": domains}))  # raises for unknown fields
    spec = TypeAdapter(ImageSpec).validate_python(fields)
    is_possible_size = min(spec.size) >= 1 and max(spec.size) <= LARGEST_SIDE
    if not is_possible_size or not 0 <= spec.text_length <= MAX_TEXT_BYTES or not spec.domains:
        raise ValueError(f"no image fits the spec {short_repr(document)}")
    return spec


def _current_spec(spec: Mapping[str, Any], config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `spec` in the current form; version 0.1.0 wrote another form."""
    facts = dict(spec)
    if old := {key: facts.pop(key) for key in OLD_SPEC if key in facts}:
        names = facts["domains"]
        roles = ["source", *("target" for _ in names[1:])]
        facts["domains"] = [
            {"name": name, "channels": old[f"{role}_channels"]}
            | {"labels": old.get(f"{role}_labels", False)}
            for name, role in zip(names, roles, strict=True)
        ]
        facts["sides"] = config["data"].get("sides", ())
    return facts


@contextmanager
def _readable_content(path: Path) -> Iterator[None]:
    """Raise `CheckpointError` for any error that the untrusted content of `path` causes."""
    try:
        yield
    except TranslateError:
        raise
    except ValidationError as error:
        raise CheckpointError(f"{path} is not understood: {validation_message(error)}") from error
    except Exception as error:
        if NO_TEMPORARY in message_of(error):
            raise  # not caused by the checkpoint
        reason = printable_name(describe_error(error))
        raise CheckpointError(f"{path} is not understood: {reason}.") from error


def rebuild_recipe(checkpoint: Checkpoint) -> Recipe:
    """Return the recipe of a checkpoint, built as for training, with new weights."""
    config, plugins = checkpoint.config, checkpoint.description.get("plugins", {})
    with missing_plugins_named(plugins):
        return create_recipe({"name": config.recipe, **config.options}, spec=checkpoint.spec)


@contextmanager
def memory_limit(checkpoint: Checkpoint) -> Iterator[None]:
    """Limit the memory of networks constructed in the block, by the size of the weights file."""
    with _readable_content(checkpoint.path), MemoryLimit(checkpoint.path / "weights.safetensors"):
        yield


def restore_weights(recipe: Recipe, path: Path, *, moving_average: bool = False) -> None:
    """Load the weights of the checkpoint `path`, or with `moving_average` their average if any."""
    file, expected = _weights_file(path, moving_average), recipe.state_dict()
    tensors = current_names(map_tensors(file), recipe.renamed, expected)
    differences = [f"{key} is missing" for key in expected.keys() - tensors.keys()]
    differences += [f"{printable_name(key)} is unknown" for key in tensors.keys() - expected.keys()]
    differences += [
        f"{key} is {tuple(tensors[key].shape)} instead of {tuple(expected[key].shape)}"
        for key in expected.keys() & tensors.keys()
        if expected[key].shape != tensors[key].shape
    ]
    if differences:
        listed = "; ".join(sorted(differences)[:5])
        raise CheckpointError(
            f"{file} does not fit {type(recipe).__name__}: {listed}. Expected {_built_by(path)}."
        )
    recipe.load_state_dict({name: shard_like(t, expected[name]) for name, t in tensors.items()})


def read_weights(checkpoint: Checkpoint, network_names: Iterable[str]) -> dict[str, Tensor]:
    """Return the weights that inference uses: the moving average, if the checkpoint has it.

    Tensors that the recipe has renamed since get their current names, but for names in
    `network_names`, the tensors of the network to load.
    """
    tensors = read_tensors(_weights_file(checkpoint.path, moving_average=True))
    return current_names(tensors, renamed_by(checkpoint.config.recipe), network_names)


def _weights_file(path: Path, moving_average: bool) -> Path:
    average = path / "ema.safetensors"
    return average if moving_average and average.is_file() else path / "weights.safetensors"


def _built_by(path: Path) -> str:
    """Return the recipe, version and options of the checkpoint at `path`, for a message."""
    with _readable_content(path / "state.json"):
        checkpoint = read_checkpoint(path)
        version = printable_name(checkpoint.description["versions"]["translate-kit"])
    recipe, options = checkpoint.config.recipe, short_repr(checkpoint.config.options)
    return f"{recipe} as translate-kit {version} and its plugins built it, {options=!s}"


def restore(training: TrainingState, checkpoint: Checkpoint) -> list[str]:
    """Load a checkpoint into a newly built `training`; every process must call this.

    Hyperparameters that the configuration has changed keep their new values. Returns messages
    about players with an optimizer that starts without its saved moments.
    """
    with _readable_content(checkpoint.path):
        restore_weights(training.recipe, checkpoint.path)
        if training.average:
            average = cast(Any, training.average.module)  # a copy of the recipe
            restore_weights(average, checkpoint.path, moving_average=True)
            training.average.n_averaged.fill_(checkpoint.description["averaged"])
        optimizers = checkpoint.description["optimizers"]
        optimizers = current_names(optimizers, training.recipe.renamed, training.optimizers)
        checkpoint.description = {**checkpoint.description, "optimizers": optimizers}
        moments, messages = read_moments(checkpoint.path, training), []
        for player, optimizer in training.optimizers.items():
            reason = restore_optimizer(
                optimizer,
                training.initial_groups[player],
                optimizers.get(player),
                without_prefix(f"optimizer/{player}", moments),
            )
            if reason:
                messages.append(f"the optimizer of {player!r} starts without moments: {reason}")
        if process_state := read_process_state(checkpoint.path, training):
            training.recipe.load_training_state(without_prefix("recipe", process_state))
            restore_random_state(process_state)
        training.step = checkpoint.step
        state = json_files.read_record(checkpoint.path / "state.json", State)
        training.selection = Selection.of(state)
    return messages
