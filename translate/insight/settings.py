"""Settings that help against a failure, from what is registered and from what every run has."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from translate.engine.config.diff import why_without_effect
from translate.engine.config.parts import part_kind, part_name
from translate.engine.config.schema import Config
from translate.engine.diagnosis import detection as failures
from translate.engine.system import signatures
from translate.engine.system.signatures import Option
from translate.registry import find, names, split_part
from translate.remedies import Remedy, remedies_of


class Setting(NamedTuple):
    """A setting by its dotted key, and its new value."""

    key: str
    value: Any
    restarts: bool = False
    """whether training has to start from scratch"""


class Rate(NamedTuple):
    """An option that is a learning rate."""

    name: str
    value: float
    default: float


class Subject(NamedTuple):
    """The run, and the player or row of a failure, that settings are proposed for."""

    config: Config
    end: int
    """the step at which the run ends"""
    name: str

    @property
    def options(self) -> Mapping[str, Option]:
        """The options of the run's recipe."""
        return signatures.read_options(find("recipe", self.config.recipe), ["spec"])

    def rates(self) -> list[Rate]:
        """Return the learning rate of the player, or else that of all players."""
        names = (f"lr_{self.name}", f"lr_{self.name.removesuffix('s')}", "lr")
        return [rate for rate in self.all_rates() if rate.name in names]

    def all_rates(self) -> list[Rate]:
        """Return the options of the recipe that are learning rates."""
        found = []
        for name, option in self.options.items():
            value = self.config.options.get(name, option.default)
            numbers = isinstance(value, (int, float)) and isinstance(option.default, (int, float))
            if numbers and (name == "lr" or name.startswith("lr_")):
                found.append(Rate(name, float(value), float(option.default)))
        return found


General = Callable[[Subject], Iterator[Setting]]


def settings(failure: str, subject: Subject) -> Iterator[Setting]:
    """Yield settings against a failure, the best first."""
    for general in BEFORE.get(failure, ()):
        yield from general(subject)
    yield from _declared_by_options(failure, subject)
    yield from _wrappers(failure, subject)
    for general in AFTER.get(failure, (lower_rate,)):
        yield from general(subject)


# -- what plugins declare -------------------------------------------------------------------------


def _declared_by_options(failure: str, subject: Subject) -> Iterator[Setting]:
    """Yield values that options of the recipe, or of its parts, declare to help."""
    config = subject.config
    for name, option in subject.options.items():
        current = config.options.get(name, option.default)
        for value in _helpful(option, failure, current):
            yield Setting(f"options.{name}", value)
        kind = part_kind(option)
        if not kind or current is None or why_without_effect(config, f"options.{name}"):
            continue
        part, own = split_part(kind, current)
        for inner in signatures.read_options(find(kind, part)).values():
            for value in _helpful(inner, failure, own.get(inner.name, inner.default)):
                yield Setting(f"options.{name}", {"name": part, **own, inner.name: value})


def _helpful(option: Option, failure: str, current: Any) -> Iterator[Any]:
    """Yield the values that an option declares to help and does not have."""
    notes = get_args(option.annotation)[1:] if get_origin(option.annotation) is Annotated else ()
    for note in notes:
        if isinstance(note, Remedy) and note.failure == failure and current != note.value:
            number = type(note.value) in (int, float) and type(current) in (int, float)
            if not number or not note.value or current < note.value:
                yield note.value


def _wrappers(failure: str, subject: Subject) -> Iterator[Setting]:
    """Yield the discriminators of the recipe in wrappers that are declared to help."""
    config = subject.config
    for name, option in subject.options.items():
        current = config.options.get(name, option.default)
        if part_kind(option) != "discriminator" or current is None:
            continue
        if why_without_effect(config, f"options.{name}"):
            continue
        for wrapper, factory in names("discriminator").items():
            compares = getattr(factory, "batch_dependent", False) and config.train.batch_size < 2
            if failure in remedies_of(factory) and part_name(current) != wrapper and not compares:
                yield Setting(f"options.{name}", {"name": wrapper, "of": current})


# -- what every run has ---------------------------------------------------------------------------


def lower_rate(subject: Subject) -> Iterator[Setting]:
    """Halve the learning rate of the player, or of any."""
    for name, value, _ in subject.rates() or subject.all_rates():
        yield Setting(f"options.{name}", _format(value / 2))


def higher_rate(subject: Subject) -> Iterator[Setting]:
    """Double the learning rate of the player, or set the default where that is higher."""
    for name, value, default in subject.rates():
        yield Setting(f"options.{name}", _format(max(2 * value, default)))


def default_rate(subject: Subject) -> Iterator[Setting]:
    """Set the default learning rate where the present one is more than twice as high."""
    for name, value, default in subject.rates() or subject.all_rates():
        if value > 2 * default:
            yield Setting(f"options.{name}", default)


def clip_gradients(subject: Subject) -> Iterator[Setting]:
    """Clip the gradients."""
    if subject.config.train.clip_norm is None:
        yield Setting("train.clip_norm", 1.0)


def constant_rate(subject: Subject) -> Iterator[Setting]:
    """Restore a learning rate that is too low, by its value or by the schedule."""
    for name, value, default in subject.rates():
        if value < default / 100:
            yield Setting(f"options.{name}", default)
    if subject.config.train.schedule_steps:
        yield Setting("train.schedule_steps", 2 * subject.end)
    yield Setting("train.schedule", "constant")


def reading(subject: Subject) -> Iterator[Setting]:
    """Read images by more processes, or keep more of them in memory."""
    data, cores = subject.config.data, os.cpu_count() or 1
    if data.workers < cores:
        yield Setting("data.workers", cores)
    yield Setting("data.cache", 2 * data.cache or 2.0)


def smaller_batch(subject: Subject) -> Iterator[Setting]:
    """Halve the batch, or the crop."""
    batch, (height, width) = subject.config.train.batch_size, subject.config.data.crop
    if batch > 1:
        yield Setting("train.batch_size", batch // 2)
    yield Setting("data.size", [height // 2, width // 2])


def varied_data(subject: Subject) -> Iterator[Setting]:
    """Mirror and scale the images at random."""
    data = subject.config.data
    if not data.flip:
        yield Setting("data.flip", True)
    side = min(data.crop)
    yield Setting("data.resize", [side, round(1.25 * side)])


def longer_training(subject: Subject) -> Iterator[Setting]:
    """Train twice as long."""
    yield Setting("train.steps", 2 * subject.end)


def other_seed(subject: Subject) -> Iterator[Setting]:
    """Start from scratch with another seed."""
    yield Setting("train.seed", subject.config.train.seed + 1, restarts=True)


def _format(rate: float) -> float:
    return float(f"{rate:.2g}")


BEFORE: Mapping[str, tuple[General, ...]] = {
    failures.CHANCE: (higher_rate,),
    failures.COLLAPSE: (default_rate,),
    failures.EXPLODING: (default_rate, clip_gradients),
    failures.DIVERGING: (default_rate, clip_gradients),
    failures.SKIPPED: (default_rate, clip_gradients),
    failures.RATE: (constant_rate,),
    failures.WAITING: (reading,),
    failures.MEMORY: (smaller_batch,),
}
"""settings that are tried before what plugins declare"""
AFTER: Mapping[str, tuple[General, ...]] = {
    failures.UNCHANGED: (higher_rate,),
    failures.OVERFITTING: (varied_data,),
    failures.COPIES: (varied_data,),
    failures.CHECKERBOARD: (longer_training,),
    failures.BORDER: (longer_training,),
    failures.TINT: (longer_training,),
    failures.INVERSION: (other_seed,),
}
"""settings that are tried after what plugins declare; of all others, a lower learning rate"""
