"""Differences between two configurations, and which of them a resumed run may have.

A resume may change some settings of a run. The others need a fork: a new run in another folder that
starts from the checkpoint of the first.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.engine.config import layers, yaml_text
from translate.engine.config.parts import is_adversarial, part_kind, part_name
from translate.engine.config.renamed import current_document
from translate.engine.config.schema import Config
from translate.engine.system import signatures
from translate.errors import ConfigError
from translate.registry import find

WITHOUT_EFFECT_ON_STEPS = {
    *("data.root", "data.workers", "data.cache", "data.max_bad"),
    *("train.log_every", "train.save_every", "train.preview_every", "train.keep", "train.guard"),
    *("train.evaluate_every", "train.metric", "train.patience", "train.trackers"),
    *("train.timeout", "train.checkpointing"),
}
"""settings that change no training step; ``train.patience`` and ``train.guard`` may end training"""
COMPUTATION = {
    *("train.accumulate", "train.device", "train.precision", "train.shard", "train.compile"),
    *("train.channels_last", "train.cuda_graphs", "train.deterministic"),
}
"""settings of how a step is computed: the same training, with other rounding errors"""
LENGTH = {"train.steps", "train.epochs", "train.schedule_steps"}
"""settings for the last step, and the length of learning-rate schedules"""


def resumed_config(
    before: Config,
    run: Path,
    flags: Mapping[str, Any],
    assignments: Sequence[str],
    *,
    fork: bool,
    command: Config | None = None,
) -> tuple[Config, list[str]]:
    """Return the configuration that `run` is resumed with, and a message for each changed setting.

    Args:
        before: The configuration in the newest checkpoint. It differs from ``config.yaml`` if that
            file was edited, or if a resume with other settings was killed before its first
            checkpoint.
        run: The folder of the run, with ``config.yaml``.
        flags: Values by dotted key, which override ``config.yaml``.
        assignments: ``section.key=VALUE``, which override `flags`.
        fork: Whether the run continues in another folder, so that every setting may change.
        command: The configuration of a command that starts or resumes the run, used instead of
            ``config.yaml``, `flags` and `assignments`. A larger batch size of ``config.yaml`` is
            kept: several processes have raised it.

    Returns:
        The configuration, and the messages. Changes of `LENGTH` have none: progress shows them.

    Raises:
        ConfigError: A setting has changed that makes another run, and `fork` is false.
    """
    document, lines = yaml_text.plain_values(before), list[str]()
    try:
        document = current_document(yaml_text.read(str(run / "config.yaml")))
    except ConfigError as error:
        lines.append(f"{error} The settings in the newest checkpoint are used.")
    saved_config = layers.resolve(config=document)
    now = layers.resolve(config=document, flags=flags, assignments=assignments)
    if command:
        batch_size = max(command.train.batch_size, saved_config.train.batch_size)
        train = command.train.model_copy(update={"batch_size": batch_size})
        now = command.model_copy(update={"train": train})
    changes = {
        key: f"{key}: {old!r} -> {new!r}"
        for key, (old, new) in differences(before, now).items()
        if key not in LENGTH
    }
    effects = {key: _effect(now, key, fork=fork) for key in changes}
    lines += [f"{changes[key]}{effect}" for key, effect in effects.items() if effect is not None]
    edited = differences(before, saved_config)
    forbidden = [
        f"{run / 'config.yaml'} was edited: {changes[key]}" if key in edited else changes[key]
        for key, effect in effects.items()
        if effect is None
    ]
    if forbidden:
        raise ConfigError(
            f"{'; '.join(forbidden)}: this would be another run. Undo the change, or continue in "
            "another folder from this run's newest checkpoint, with --fork-run."
        )
    return now, lines


def _effect(config: Config, key: str, *, fork: bool) -> str | None:
    """Return a clause on the effect of a changed setting; None if the change makes another run."""
    if key in WITHOUT_EFFECT_ON_STEPS:
        return ""
    if reason := why_without_effect(config, key):
        return f": no effect, as {reason}"
    if key in COMPUTATION:
        return ": training continues, but not bit for bit as it would have"
    return ": from here on, as this is a fork" if fork else None


def why_without_effect(config: Config, key: str) -> str:
    """Return the reason that the setting `key` has no effect in a run of `config`, or "".

    An option ``NAME`` of a recipe has no effect if ``NAME_weight`` is 0. Discriminators have no
    effect if this is the weight of all adversarial losses.
    """
    section, _, option = key.partition(".")
    if section != "options":
        return ""
    name = option.partition(".")[0]
    options = signatures.read_options(find("recipe", config.recipe), ["spec"])
    weights = [f"{name}_weight"]
    if name in options and part_kind(options[name]) == "discriminator":
        losses = [each for each in options.values() if part_kind(each) == "loss"]
        weights = [f"{o.name}_weight" for o in losses if is_adversarial(part_name(o.default))]
    is_unused = weights and all(config.options.get(weight) == 0 for weight in weights)
    return f"options.{weights[0]} is 0" if is_unused else ""


def differences(before: Config, now: Config) -> dict[str, tuple[Any, Any]]:
    """Return the old and the new value of each setting that differs, by dotted key; unset: None."""
    old, new = (yaml_text.plain_values(config, include_none=True) for config in (before, now))
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
