"""Checkpoints: safetensors and JSON in a folder that appears whole, verified, resuming exactly.

A checkpoint describes itself: inference needs it and nothing else. There is no pickle in it.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import torch
from pydantic import Field, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from translate import __version__
from translate.batches import ImageSpec
from translate.engine import config, distributed, files, options, records
from translate.engine.files import Chunk
from translate.engine.limits import Allowance, check_header
from translate.engine.optimizers import hyperparameters, restore_optimizer
from translate.engine.plugin_errors import NO_TEMPORARY, plugin_code
from translate.engine.randomness import random_state, restore_random_state
from translate.engine.tensors import serialize
from translate.errors import (
    CheckpointError,
    ConfigError,
    SaveError,
    TranslateError,
    described,
    named,
    shown,
    words,
)
from translate.recipe import Recipe
from translate.registry import create

FORMAT = 1
MANIFEST = "MANIFEST.json"
WEIGHTS, TRAINING = "weights.safetensors", "training.safetensors"
FARTHEST = 10**12
"""No run takes so many steps."""
LONGEST_TEXT = 10**7
"""bytes of a caption"""
NEEDED = {WEIGHTS, "state.json"}
"""files without which a checkpoint is of no use"""


class FileFacts(records.Record):
    """What a manifest says of a file."""

    sha256: str
    size: int = Field(ge=0)


class Manifest(records.Record):
    """``MANIFEST.json``: the files of a checkpoint, and what was written into them."""

    format: int
    files: dict[str, FileFacts]


class OptimizerState(records.Record):
    """What ``state.json`` keeps of an optimizer: all that is no tensor."""

    state: dict[str, dict[str, Any]]
    param_groups: list[dict[str, Any]] = Field(min_length=1)


class State(records.Record):
    """``state.json``: what a checkpoint says of itself."""

    step: int = Field(ge=0, le=FARTHEST)
    config: dict[str, Any]
    spec: dict[str, Any]
    optimizers: dict[str, OptimizerState]
    averaged: int = Field(ge=0, le=FARTHEST)
    processes: int = Field(ge=1, le=FARTHEST)
    versions: dict[str, str]


@dataclass
class Training:
    """All that changes while training, and so all that a checkpoint must hold."""

    config: config.Config
    spec: ImageSpec
    recipe: Recipe
    optimizers: dict[str, Optimizer]
    average: AveragedModel | None
    step: int = 0
    configured: dict[str, list[dict[str, Any]]] = field(init=False)
    """hyperparameters of each player's groups, as the recipe made them from its options"""

    def __post_init__(self) -> None:
        self.configured = {name: hyperparameters(o) for name, o in self.optimizers.items()}


# -- writing --------------------------------------------------------------------------------------


def write(run: Path, training: Training) -> Path:
    """Save `training` under `run`; every process must call this, the first one writes.

    The result is read back and verified before older checkpoints are removed. Raises `SaveError`
    on every process when the disk refuses, or returns something else than it was given.
    """
    path = run / "checkpoints" / f"step-{training.step:08d}"
    with plugin_code(training.recipe, "training_state"):
        own = training.recipe.training_state()
    mine = {**random_state(), **_prefixed("recipe", own)}
    others = distributed.gather(b"".join(serialize(mine)) if distributed.rank() else b"")[1:]
    reason = ""
    if distributed.is_first():
        try:
            if not is_whole(path):  # never taken away, not even for another like it
                contents = _contents(training, mine, others)
                files.write_folder(path, contents, size=_size(training, mine, others))
                verify(path)
            prune(run, training.config.train.keep, training.step)
        except (OSError, CheckpointError) as error:
            reason = getattr(error, "strerror", None) or str(error)
    if distributed.most(bool(reason)):
        raise SaveError(f"could not save step {training.step}: {reason or 'see the first process'}")
    return path


def _size(training: Training, mine: Mapping[str, Tensor], others: list[bytes]) -> int:
    """Return how many bytes a checkpoint takes, headers and what describes it aside."""
    states = [training.recipe.state_dict(), mine]
    states += [training.average.module.state_dict()] if training.average else []
    states += [values for o in training.optimizers.values() for values in o.state.values()]
    tensors = [t for state in states for t in state.values() if isinstance(t, Tensor)]
    return sum(tensor.nbytes for tensor in tensors) + sum(map(len, others))


def _contents(
    training: Training, mine: Mapping[str, Tensor], others: list[bytes]
) -> dict[str, files.Content]:
    """Return the files of a checkpoint; the manifest is the last, and made of what was written."""
    tensors, scalars = {}, {}
    for player, optimizer in training.optimizers.items():
        state = optimizer.state_dict()
        kept: dict[str, dict[str, Any]] = {}
        for index, values in state["state"].items():
            for name, value in values.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer/{player}/{index}/{name}"] = value
                else:
                    kept.setdefault(str(index), {})[name] = value
        scalars[player] = {
            "kind": type(optimizer).__name__,
            "state": kept,
            "param_groups": state["param_groups"],
            "configured": training.configured[player],
        }
    description = {
        "format": FORMAT,
        "step": training.step,
        "config": config.document(training.config),
        "spec": asdict(training.spec),
        "images": {"range": [-1, 1], "channels_first": True},
        "optimizers": scalars,
        "averaged": int(training.average.n_averaged) if training.average else 0,
        "processes": 1 + len(others),
        "threads": torch.get_num_threads(),
        "versions": {"translate-kit": __version__, "torch": torch.__version__},
    }
    contents: dict[str, Iterable[Chunk]] = {
        "weights.safetensors": serialize(training.recipe.state_dict())
    }
    if training.average:
        contents["ema.safetensors"] = serialize(training.average.module.state_dict())
    contents["training.safetensors"] = serialize({**tensors, **mine})
    for number, data in enumerate(others, start=1):
        contents[f"training-rank-{number}.safetensors"] = [data]
    contents["state.json"] = [_json(description)]
    listed: dict[str, dict[str, Any]] = {}
    written = {name: _noted(chunks, name, listed) for name, chunks in contents.items()}
    return {**written, MANIFEST: _manifest(listed)}


def _noted(
    chunks: Iterable[Chunk], name: str, listed: dict[str, dict[str, Any]]
) -> Iterator[Chunk]:
    """Pass on `chunks`, and then list what they were."""
    digest, size = sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    listed[name] = {"sha256": digest.hexdigest(), "size": size}


def _manifest(listed: Mapping[str, Any]) -> Iterator[Chunk]:
    yield _json({"format": FORMAT, "files": listed})


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}


def prune(run: Path, keep: int, upto: int) -> None:
    """Remove all but the newest `keep` checkpoints up to a step, and what a killed save left.

    What is there of later steps was damaged when training went on from before it: it counts for
    nothing, and is replaced when its step comes.
    """
    files.sweep(run / "checkpoints")
    past = [path for step, path in saved(run) if step <= upto]
    for path in past[keep:]:
        files.remove(path)


# -- finding --------------------------------------------------------------------------------------


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise `CheckpointError` where the system does not let `path` be looked at."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"{named(str(path))} cannot be read: {error.strerror}.") from error


def saved(run: Path) -> Iterator[tuple[int, Path]]:
    """Yield the checkpoints of `run` with their steps, the newest first, verified or not."""
    folder = run / "checkpoints"
    found = [
        (int(path.name.removeprefix("step-")), path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if re.fullmatch("step-[0-9]+", path.name) and path.is_dir()
    ]
    yield from sorted(found, reverse=True)


def newest(run: Path, *, training: bool = True) -> tuple[Path, list[str]]:
    """Return the newest checkpoint that is whole, and what is wrong with those that are newer.

    Without `training`, one is whole that can be used and not resumed. Raises `CheckpointError`
    when there is none.
    """
    with readable(run):
        if not run.is_dir():
            raise CheckpointError(_no_run(run))
        found = [path for _, path in saved(run)]
    complaints = []
    for path in found:
        try:
            verify(path, training=training)
        except CheckpointError as error:
            complaints.append(str(error))
            continue
        return path, complaints
    reasons = f" ({'; '.join(complaints)})" if complaints else ""
    if training and any(is_whole(path, training=False) for path in found):
        raise CheckpointError(
            f"{run} has weights, and not what a resume needs{reasons}. Use it for inference, or "
            f"fine-tune the weights in a new run: translate train --init {run}"
        )
    raise CheckpointError(f"{run} holds no whole checkpoint{reasons}.")


def _no_run(path: Path) -> str:
    if not path.is_file():
        return f"there is no run {path}."
    with path.open("rb") as file:
        if file.read(50).startswith(b"version https://git-lfs"):
            return f"{path} only points to a file: fetch that with `git lfs pull`."
    return f"{path} is a file: expected a run folder, or one of its checkpoints."


def locate(path: Path, which: str = "last") -> tuple[Path, list[str]]:
    """Return the checkpoint that `path` means: a run folder, or one of its checkpoints.

    What only a resume needs may be missing in it.
    """
    with readable(path):
        return _locate(path, which)


def _locate(path: Path, which: str) -> tuple[Path, list[str]]:
    if os.path.lexists(path / MANIFEST):
        verify(path, training=False)
        return path, []
    if which == "last":
        return newest(path, training=False)
    steps = {str(step): found for step, found in saved(path)}
    if which not in steps:
        there = ", ".join(reversed(steps)) or "none"
        raise CheckpointError(f"{path} has no checkpoint of step {which}. There are: {there}.")
    verify(steps[which], training=False)
    return steps[which], []


def is_whole(path: Path, *, training: bool = True) -> bool:
    """Return whether there is a checkpoint at `path` that `verify` has nothing against."""
    try:
        verify(path, training=training)
    except CheckpointError:
        return False
    return True


def verify(path: Path, *, training: bool = True) -> None:
    """Raise `CheckpointError` unless every file of `path` is what its manifest says.

    Without `training`, the files that only a resume needs may be missing.
    """
    made = records.read_json(path / MANIFEST).get("format")
    if made != FORMAT:
        raise CheckpointError(f"{path} has format {shown(made)}, and this version reads {FORMAT}.")
    manifest = records.read(path / MANIFEST, Manifest)
    needed = NEEDED | ({TRAINING} if training else set())
    for name in sorted(needed - manifest.files.keys()):
        raise CheckpointError(f"{path / MANIFEST} does not list {name}.")
    for name, facts in manifest.files.items():
        if Path(name).name != name:
            raise CheckpointError(f"{path / MANIFEST} names a file elsewhere: {named(name)}.")
        if not training and name.startswith("training") and not os.path.lexists(path / name):
            continue
        try:
            with records.open_regular(path / name) as file:
                intact = os.fstat(file.fileno()).st_size == facts.size
                intact = intact and file_digest(file, "sha256").hexdigest() == facts.sha256
        except OSError as error:
            raise CheckpointError(f"{path / name}: {error.strerror}.") from error
        if not intact:
            raise CheckpointError(f"{path / name} is damaged: it is not what was saved.")


# -- reading --------------------------------------------------------------------------------------


@dataclass
class Saved:
    """What a checkpoint says of itself."""

    path: Path
    step: int
    config: config.Config
    spec: ImageSpec
    description: Mapping[str, Any]


def describe(path: Path) -> Saved:
    """Return what the verified checkpoint at `path` says of itself."""
    file = path / "state.json"
    records.read(file, State)
    description = records.read_json(file)
    with _understood(file):
        return Saved(
            path,
            int(description["step"]),
            _config(file, description["config"]),
            _spec(description["spec"]),
            description,
        )


def _config(file: Path, document: Mapping[str, Any]) -> config.Config:
    try:
        return config.validate(document)
    except ConfigError as error:
        raise CheckpointError(f"{file}: config: {error}") from error


def _spec(told: Mapping[str, Any]) -> ImageSpec:
    facts = asdict(ImageSpec(**told))  # which refuses what it does not know
    spec = TypeAdapter(ImageSpec).validate_python(facts)
    counts = (*spec.size, spec.source_channels, spec.target_channels)
    fits = min(counts) >= 1 and max(counts) <= config.LARGEST_SIDE
    if not fits or not 0 <= spec.text_length <= LONGEST_TEXT or not spec.domains:
        raise ValueError(f"there are no images of {shown(told)}")
    return spec


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """Have whatever goes wrong with what `path` says be said in a line: strangers write files."""
    try:
        yield
    except TranslateError:
        raise
    except ValidationError as error:
        raise CheckpointError(f"{path} is not understood: {options.explain(error)}") from error
    except Exception as error:
        if NO_TEMPORARY in words(error):
            raise  # no fault of the checkpoint's
        said = named(described(error))
        raise CheckpointError(f"{path} is not understood: {said}.") from error


def rebuild(found: Saved) -> Recipe:
    """Return the recipe of a checkpoint, as it was constructed for training."""
    part = {"name": found.config.recipe, **found.config.options}
    recipe: Recipe = create("recipe", part, spec=found.spec)
    return recipe


@contextmanager
def allowance(found: Saved) -> Iterator[None]:
    """Open a block in which no network is made that its weights file could never fill."""
    with _understood(found.path), Allowance(found.path / "weights.safetensors"):
        yield


def restore_weights(recipe: nn.Module, path: Path, *, averaged: bool = False) -> None:
    """Load the weights of the checkpoint at `path`, the moving average where asked and there."""
    file = _weights_file(path, averaged)
    tensors = _read_tensors(file)
    own = recipe.state_dict()
    complaints = [f"{key} is missing" for key in own.keys() - tensors.keys()]
    complaints += [f"{named(key)} is unknown" for key in tensors.keys() - own.keys()]
    complaints += [
        f"{key} is {tuple(tensors[key].shape)} instead of {tuple(own[key].shape)}"
        for key in own.keys() & tensors.keys()
        if own[key].shape != tensors[key].shape
    ]
    if complaints:
        listed = "; ".join(sorted(complaints)[:5])
        raise CheckpointError(
            f"{file} does not fit {type(recipe).__name__}: {listed}. What fits is {_made(path)}."
        )
    recipe.load_state_dict(tensors)


def read_weights(path: Path, *, averaged: bool = False) -> dict[str, Tensor]:
    """Return the weights of the checkpoint at `path`, the moving average where asked and there."""
    return _read_tensors(_weights_file(path, averaged))


def _weights_file(path: Path, averaged: bool) -> Path:
    average = path / "ema.safetensors"
    return average if averaged and average.is_file() else path / "weights.safetensors"


def _made(path: Path) -> str:
    """Return what the checkpoint at `path` says that it is of."""
    with _understood(path / "state.json"):
        found = describe(path)
        by = named(found.description["versions"]["translate-kit"])
    options = shown(found.config.options)
    return f"{found.config.recipe} as translate-kit {by} and its plugins built it, {options=!s}"


def restore(training: Training, found: Saved) -> list[str]:
    """Bring `training`, freshly built, to where the checkpoint was, on every process.

    Hyperparameters that the configuration has changed stay as they were built. Returns in words
    which players' moments could not be kept.
    """
    with _understood(found.path):
        restore_weights(training.recipe, found.path)
        if training.average:
            restore_weights(training.average.module, found.path, averaged=True)
            training.average.n_averaged.fill_(found.description["averaged"])
        tensors = _read_tensors(found.path / "training.safetensors")
        notes = [
            f"the optimizer of {player!r} starts without moments: {reason}"
            for player, optimizer in training.optimizers.items()
            if (
                reason := restore_optimizer(
                    optimizer,
                    training.configured[player],
                    found.description["optimizers"].get(player),
                    _below(f"optimizer/{player}", tensors),
                )
            )
        ]
        if distributed.rank():
            own = found.path / f"training-rank-{distributed.rank()}.safetensors"
            tensors = _read_tensors(own) if own.is_file() else {}
        if tensors:
            training.recipe.load_training_state(_below("recipe", tensors))
            restore_random_state(tensors)
        training.step = found.step
    return notes


def _is_text(path: Path) -> bool:
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        check_header(path)
        if _is_text(path):
            mapped = load_file(path)
            return {name: tensor.clone() for name, tensor in mapped.items()}  # the file may go
        return load(path.read_bytes())  # the library opens no path of other bytes than UTF-8
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: {error}") from error
