"""Settings that help against a failure: those that plugins declare, and general ones."""

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
    """An option of a recipe that is a learning rate."""

    name: str
    value: float
    default: float


class FailingRun(NamedTuple):
    """The run that settings are proposed for, and the player or the preview's row that fails."""

    config: Config
    end: int
    """the step at which the run ends"""
    name: str
    """the player, or the title of the row of images"""

    @property
    def options(self) -> Mapping[str, Option]:
        """The options of the run's recipe."""
        return signatures.read_options(find("recipe", self.config.recipe), ["spec"])

    def rates(self) -> list[Rate]:
        """Return the learning rates of the failing player, which may be shared by all players."""
        names = (f"lr_{self.name}", f"lr_{self.name.removesuffix('s')}", "lr")
        return [rate for rate in self.all_rates() if rate.name in names]

    def all_rates(self) -> list[Rate]:
        """Return the options of the recipe that are learning rates."""
        rates = []
        for name, option in self.options.items():
            value = self.config.options.get(name, option.default)
            numeric = isinstance(value, (int, float)) and isinstance(option.default, (int, float))
            if numeric and (name == "lr" or name.startswith("lr_")):
                rates.append(Rate(name, float(value), float(option.default)))
        return rates


SettingRule = Callable[[FailingRun], Iterator[Setting]]


def settings(failure: str, run: FailingRun) -> Iterator[Setting]:
    """Yield settings against a failure, the best first."""
    for rule in RULES_BEFORE_PLUGINS.get(failure, ()):
        yield from rule(run)
    yield from _declared_by_options(failure, run)
    yield from _wrappers(failure, run)
    for rule in RULES_AFTER_PLUGINS.get(failure, (lower_rate,)):
        yield from rule(run)


# -- settings that plugins declare ----------------------------------------------------------------


def _declared_by_options(failure: str, run: FailingRun) -> Iterator[Setting]:
    """Yield settings of options with a `Remedy`, in the recipe or in its networks and losses."""
    config = run.config
    for name, option in run.options.items():
        current = config.options.get(name, option.default)
        for value in _remedies(option, failure, current):
            yield Setting(f"options.{name}", value)
        kind = part_kind(option)
        if not kind or current is None or why_without_effect(config, f"options.{name}"):
            continue
        part, part_options = split_part(kind, current)
        for key, part_option in signatures.read_options(find(kind, part)).items():
            part_value = part_options.get(key, part_option.default)
            for value in _remedies(part_option, failure, part_value):
                yield Setting(f"options.{name}", {"name": part, **part_options, key: value})


def _remedies(option: Option, failure: str, current: Any) -> Iterator[Any]:
    """Yield the values of an option's `Remedy` notes for a failure that differ from `current`."""
    notes = get_args(option.annotation)[1:] if get_origin(option.annotation) is Annotated else ()
    for note in notes:
        if isinstance(note, Remedy) and note.failure == failure and current != note.value:
            is_number = type(note.value) in (int, float) and type(current) in (int, float)
            # a larger number than the remedy's helps, too; the remedy 0 switches something off
            if not is_number or not note.value or current < note.value:
                yield note.value


def _wrappers(failure: str, run: FailingRun) -> Iterator[Setting]:
    """Yield discriminators of the recipe, wrapped by those with `remedy_for` the failure."""
    config = run.config
    for name, option in run.options.items():
        current = config.options.get(name, option.default)
        is_discriminator = part_kind(option) == "discriminator" and current is not None
        if not is_discriminator or why_without_effect(config, f"options.{name}"):
            continue
        for wrapper, factory in names("discriminator").items():
            if failure not in remedies_of(factory) or part_name(current) == wrapper:
                continue
            if config.train.batch_size > 1 or not getattr(factory, "batch_dependent", False):
                yield Setting(f"options.{name}", {"name": wrapper, "of": current})


# -- general settings -----------------------------------------------------------------------------


def lower_rate(run: FailingRun) -> Iterator[Setting]:
    """Halve the learning rate of the player, or of each player if it has none of its own."""
    for name, value, _ in run.rates() or run.all_rates():
        yield Setting(f"options.{name}", _format(value / 2))


def higher_rate(run: FailingRun) -> Iterator[Setting]:
    """Double the learning rate of the player, or set its default if that is higher."""
    for name, value, default in run.rates():
        yield Setting(f"options.{name}", _format(max(2 * value, default)))


def default_rate(run: FailingRun) -> Iterator[Setting]:
    """Set the default learning rate if the current one is more than twice as high."""
    for name, value, default in run.rates() or run.all_rates():
        if value > 2 * default:
            yield Setting(f"options.{name}", default)


def clip_gradients(run: FailingRun) -> Iterator[Setting]:
    """Clip the gradients."""
    if run.config.train.clip_norm is None:
        yield Setting("train.clip_norm", 1.0)


def restored_rate(run: FailingRun) -> Iterator[Setting]:
    """Restore a learning rate that is too low, by its value or by the schedule."""
    for name, value, default in run.rates():
        if value < default / 100:
            yield Setting(f"options.{name}", default)
    if run.config.train.schedule_steps:
        yield Setting("train.schedule_steps", 2 * run.end)
    yield Setting("train.schedule", "constant")


def faster_reading(run: FailingRun) -> Iterator[Setting]:
    """Read images by more worker processes, or cache more of them in memory."""
    data, cores = run.config.data, os.cpu_count() or 1
    if data.workers < cores:
        yield Setting("data.workers", cores)
    yield Setting("data.cache", 2 * data.cache or 2.0)


def smaller_batch(run: FailingRun) -> Iterator[Setting]:
    """Halve the batch, or the crop."""
    batch, (height, width) = run.config.train.batch_size, run.config.data.crop
    if batch > 1:
        yield Setting("train.batch_size", batch // 2)
    yield Setting("data.size", [height // 2, width // 2])


def more_augmentation(run: FailingRun) -> Iterator[Setting]:
    """Mirror and scale the images at random."""
    data = run.config.data
    if not data.flip:
        yield Setting("data.flip", True)
    side = min(data.crop)
    yield Setting("data.resize", [side, round(1.25 * side)])


def longer_training(run: FailingRun) -> Iterator[Setting]:
    """Train twice as long."""
    yield Setting("train.steps", 2 * run.end)


def another_seed(run: FailingRun) -> Iterator[Setting]:
    """Start from scratch with another seed."""
    yield Setting("train.seed", run.config.train.seed + 1, restarts=True)


def _format(rate: float) -> float:
    return float(f"{rate:.2g}")


RULES_BEFORE_PLUGINS: Mapping[str, tuple[SettingRule, ...]] = {
    failures.CHANCE: (higher_rate,),
    failures.COLLAPSE: (default_rate,),
    failures.EXPLODING: (default_rate, clip_gradients),
    failures.DIVERGING: (default_rate, clip_gradients),
    failures.SKIPPED: (default_rate, clip_gradients),
    failures.RATE: (restored_rate,),
    failures.WAITING: (faster_reading,),
    failures.MEMORY: (smaller_batch,),
}
"""by failure, rules with settings that are tried before those that plugins declare"""
RULES_AFTER_PLUGINS: Mapping[str, tuple[SettingRule, ...]] = {
    failures.UNCHANGED: (higher_rate,),
    failures.OVERFITTING: (more_augmentation,),
    failures.COPIES: (more_augmentation,),
    failures.CHECKERBOARD: (longer_training,),
    failures.BORDER: (longer_training,),
    failures.TINT: (longer_training,),
    failures.INVERSION: (another_seed,),
}
"""by failure, rules with settings that are tried last; for other failures, `lower_rate`"""
