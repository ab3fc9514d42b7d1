"""Differences between configurations: settings that a resume may change, and that need a fork."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.engine.config import layers, yaml
from translate.engine.config.renamed import current_document
from translate.engine.config.schema import Config
from translate.errors import ConfigError

WITHOUT_EFFECT_ON_RESULT = {
    *("data.root", "data.workers", "data.cache", "data.max_bad"),
    *("train.log_every", "train.save_every", "train.preview_every", "train.keep", "train.guard"),
    *("train.evaluate_every", "train.metric", "train.patience", "train.trackers"),
    *("train.timeout", "train.checkpointing"),
}
"""settings without an effect on the trained weights"""
WITHOUT_EXACT_REPETITION = {
    *("train.accumulate", "train.device", "train.precision", "train.shard", "train.compile"),
    *("train.channels_last", "train.cuda_graphs", "train.deterministic"),
}
"""settings that change the trained weights only by rounding"""
DISCRIMINATOR_OPTIONS = ("discriminator", "critic")
"""options for the discriminator of an adversarial loss"""
LENGTH = {"train.steps", "train.epochs", "train.schedule_steps"}
"""settings for the end of training and the length of learning-rate schedules"""


def resumed_config(
    before: Config,
    run: Path,
    flags: Mapping[str, Any],
    assignments: Sequence[str],
    *,
    fork: bool,
    command: Config | None = None,
) -> tuple[Config, list[str]]:
    """Return the configuration that `run` is resumed with, and a line for each key that differs.

    It is that of `command`, the command that starts or resumes the run, but with the batch size of
    the run where several processes have raised it. Without a `command`, it is that of
    ``config.yaml``, with `flags` and `assignments` on top; `before` is that of the checkpoint. They
    differ where that file was edited, or where a resume with other settings was killed before its
    first checkpoint. Raises `ConfigError` if the result makes another method, or other data, of a
    run that is not forked.
    """
    document, lines = yaml.document(before), list[str]()
    try:
        document = current_document(yaml.read(str(run / "config.yaml")))
    except ConfigError as error:
        lines.append(f"{error} Its newest checkpoint has the settings, too.")
    written = layers.resolve(config=document)
    now = layers.resolve(config=document, flags=flags, assignments=assignments)
    if command:
        batch_size = max(command.train.batch_size, written.train.batch_size)
        train = command.train.model_copy(update={"batch_size": batch_size})
        now = command.model_copy(update={"train": train})
    changes = {
        key: f"{key}: {old!r} -> {new!r}"
        for key, (old, new) in differences(before, now).items()
        if key not in LENGTH  # progress shows the last step
    }
    effects = {key: _effect(now, key, fork=fork) for key in changes}
    lines += [f"{changes[key]}{effect}" for key, effect in effects.items() if effect is not None]
    edited = differences(before, written)
    others = [
        f"{run / 'config.yaml'} was edited: {changes[key]}" if key in edited else changes[key]
        for key, effect in effects.items()
        if effect is None
    ]
    if others:
        raise ConfigError(
            f"{'; '.join(others)}: this would be another run. Leave it out, or continue in "
            "another folder from this run's newest checkpoint, with --fork-run."
        )
    return now, lines


def _effect(config: Config, key: str, *, fork: bool) -> str | None:
    """Return the effect of a changed setting in words; None if it makes another run."""
    if key in WITHOUT_EFFECT_ON_RESULT:
        return ""
    if why := why_without_effect(config, key):
        return f": no effect, as {why}"
    if key in WITHOUT_EXACT_REPETITION:
        return ": training continues, but not bit for bit as it would have"
    return ": from here on, as this is a fork" if fork else None


def why_without_effect(config: Config, key: str) -> str:
    """Return the reason that a setting has no effect in a run of `config`, or "".

    An option ``NAME`` of a recipe has no effect if its ``NAME_weight`` is 0; a discriminator has
    none without an adversarial loss.
    """
    section, name, *_ = key.split(".")
    if section == "options":
        weight = f"{'adversarial' if name in DISCRIMINATOR_OPTIONS else name}_weight"
        return f"options.{weight} is 0" if config.options.get(weight) == 0 else ""
    return ""


def differences(before: Config, now: Config) -> dict[str, tuple[Any, Any]]:
    """Return the old and the new value of each key that differs, by dotted key."""
    old, new = (yaml.document(config, unset=True) for config in (before, now))
    return _differences(old, new)


def _differences(
    before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = ""
) -> dict[str, tuple[Any, Any]]:
    result: dict[str, tuple[Any, Any]] = {}
    for key in [*before, *(key for key in now if key not in before)]:
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            result |= _differences(old, new, f"{prefix}{key}.")
        elif old != new:
            result[f"{prefix}{key}"] = old, new
    return result
