"""What may change when a run goes on, and what would make it another run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.engine import config
from translate.engine.config import Config
from translate.errors import ConfigError

FREE = {
    *("data.root", "data.workers", "data.cache", "data.max_bad"),
    *("train.log_every", "train.save_every", "train.preview_every", "train.keep", "train.guard"),
}
"""Settings that change nothing of what is learnt."""
NOTED = {"train.device", "train.precision", "train.compile", "train.deterministic"}
"""Settings with which the same is learnt, but not to the same bits."""


END = {"train.steps", "train.epochs", "train.schedule_steps"}
"""Settings that say where training ends, and the schedule of its learning rates."""


def changed(
    before: Config,
    run: Path,
    flags: Mapping[str, Any],
    assignments: Sequence[str],
    *,
    fork: bool,
    say: Callable[[str], object],
) -> Config:
    """Return the configuration that `run` is resumed with, and say each key that differs.

    It is that of ``config.yaml``, with `flags` and `assignments` on top; `before` is that of the
    checkpoint. They differ where that file was edited, or where a resume with other settings was
    killed before its first checkpoint. Raises `ConfigError` where the result makes another method,
    or other data, of a run that is not forked.
    """
    document = config.document(before)
    try:
        document = config.read(str(run / "config.yaml"))
    except ConfigError as error:
        say(f"{error} Its newest checkpoint has the settings, too.")
    written = config.resolve(config=document)
    now = config.resolve(config=document, flags=flags, assignments=assignments)
    edited = differences(before, written)
    others = []
    for key, (old, new) in differences(before, now).items():
        line = f"{key}: {old!r} -> {new!r}"
        if key in END:
            continue  # every line of progress says where the end is; what it does to rates is said
        if key in FREE:
            say(line)
        elif key in NOTED:
            say(f"{line}: training goes on, but not bit for bit as it would have")
        elif fork:
            say(f"{line}: from here on, as this is a fork")
        else:
            others.append(f"{run / 'config.yaml'} was edited: {line}" if key in edited else line)
    if others:
        raise ConfigError(
            f"{'; '.join(others)}: this would be another run. Leave it out, or go on in a folder "
            "of its own from this run's newest checkpoint, with --fork-run."
        )
    return now


def differences(before: Config, now: Config) -> dict[str, tuple[Any, Any]]:
    """Return by dotted key what differs, as it was and as it is; a part's options one by one."""
    one, other = (_flat(config.document(c, unset=True)) for c in (before, now))
    keys = [*one, *(key for key in other if key not in one)]
    return {k: (one.get(k), other.get(k)) for k in keys if one.get(k) != other.get(k)}


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
