"""The validation images of a run: held out from training, or of another split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from translate.batches import Domain, Layout
from translate.engine.config.schema import Config, Data
from translate.engine.data import samples
from translate.engine.data.check import CheckedData, check_data, open_layout
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.data.places import with_root
from translate.engine.splits import held_out
from translate.engine.splits.groups import relative_names, shared_groups, ungrouped_warnings
from translate.errors import ConfigError, DataError

TEST = "test"
"""the default split of evaluations in training"""
MAX_MEASURED = 1000
"""largest number of items of an evaluation during training, which must not take long"""
ADVICE = (
    "Hold out a tenth of the training images: --set data.validation=0.1; or name a split: "
    "--set data.validation=val"
)


def add_validation(dataset: CheckedData, data: Data, config: Config) -> CheckedData:
    """Return `dataset` with validation images; held-out images are removed from training.

    Raises:
        ConfigError: ``train.evaluate_every`` is set, and there are no validation images.
        DataError: The validation images cannot be used.
    """
    layout, warnings = dataset.layout, [*dataset.warnings]
    if data.groups:
        warnings += ungrouped_warnings(layout, data)
    if isinstance(data.validation, float):
        dataset = _hold_out(dataset, data, data.validation, config.train.seed)
    elif config.train.evaluate_every:
        settings, name = _validation_settings(data)
        dataset = dataset._replace(validation=_check_validation(settings, name, layout, data))
        if data.validation is None:
            warnings.append(
                f"train.metric is measured on the split {TEST!r}, which then chooses the best "
                f"checkpoint: its metric values are optimistic. {ADVICE}"
            )
    if validation := dataset.validation:
        warnings.append(
            f"validation: {len(validation.layout)} items, {len(dataset.layout)} are trained on"
        )
        if config.train.evaluate_every and len(validation.layout) > MAX_MEASURED:
            warnings[-1] += f"; {MAX_MEASURED} of them are measured, spread evenly"
        dataset = dataset._replace(problems=[*dataset.problems, *validation.problems])
    return dataset._replace(warnings=warnings)


def _hold_out(dataset: CheckedData, data: Data, share: float, seed: int) -> CheckedData:
    """Return `dataset` with the fraction `share` of its items as validation images instead."""
    unreadable = [problem.path for problem in dataset.problems]
    training, validation = hold_out(dataset.layout, data, share, seed, unreadable)
    validation_data = dataset._replace(layout=validation, problems=[])
    return dataset._replace(layout=training, validation=validation_data)


def open_training_layouts(
    data: Data, seed: int, domains: Sequence[Domain] = ()
) -> tuple[Layout, Layout, Layout | None]:
    """Return the layouts of a run: of all items, of those to train on, and of held-out items.

    `seed` is ``train.seed``. Images are read as `domains`; empty: as the headers of a few show.
    """
    samples.ensure(data)
    layout = open_layout(data, known_domains=domains)
    if not isinstance(data.validation, float):
        return layout, layout, None
    return layout, *hold_out(layout, data, data.validation, seed)


def hold_out(
    layout: Layout, data: Data, share: float, seed: int, unreadable: Sequence[Path] = ()
) -> tuple[Layout, Layout]:
    """Return the layouts of the items for training, and of the fraction `share` that is held out.

    Args:
        layout: The layout of all items, without `unreadable` files.
        data: Its settings.
        share: The fraction to hold out.
        seed: The seed of training.
        unreadable: Files that both layouts exclude.
    """
    held_out_items = held_out.choose_held_out(layout, data, share, seed)
    if not layout.files:
        training = sorted({*range(len(layout))} - {*held_out_items})
        return held_out.Subset(layout, training), held_out.Subset(layout, sorted(held_out_items))
    training_files = {*layout.files} - {*held_out_items}
    return _exclude_files(layout, data, [*unreadable, *held_out_items]), _exclude_files(
        layout, data, [*unreadable, *training_files]
    )


def _exclude_files(layout: Layout, data: Data, files: Sequence[Path]) -> Layout:
    """Return the layout of `data` without `files`, with classes and text length of `layout`."""
    remaining = open_layout(data, files, known_domains=layout.spec.domains)
    remaining.spec = layout.spec
    return remaining


def _validation_settings(data: Data) -> tuple[Data, str]:
    """Return the settings that read the validation images, and their name in messages."""
    update: dict[str, Any] = {"validation": None}
    if data.validation is None:
        return data.model_copy(update={**update, "split": TEST}), f"the split {TEST!r}"
    name = str(data.validation)
    if Path(name).is_dir():
        return with_root(data, Path(name)).model_copy(update=update), name
    return data.model_copy(update={**update, "split": name}), f"the split {name!r}"


def _check_validation(settings: Data, name: str, train_layout: Layout, data: Data) -> CheckedData:
    """Return the checked validation images, which `settings` read.

    Raises `ConfigError` or `DataError` if there are none, if some are also trained on, or if their
    classes or captions do not fit those of training.
    """
    key = "train.evaluate_every" if data.validation is None else "data.validation"
    try:
        layout = open_layout(settings, known_domains=train_layout.spec.domains)
    except DataError as error:
        raise ConfigError(f"{key}: {name} has no images to measure on: {error} {ADVICE}") from error
    used_files = {*layout.files, *layout.sources}
    if shared := sorted(
        used_files & {*train_layout.files, *(() if train_layout.files else train_layout.sources)}
    ):
        raise ConfigError(
            f"{key}: {name} has images that are trained on, {len(shared)} files, the first is "
            f"{shared[0]}. {ADVICE}"
        )
    training_names = relative_names(train_layout.files, data).values()
    validation_names = relative_names(layout.files, settings).values()
    if groups := shared_groups(training_names, validation_names, data):
        raise DataError(
            f"data.groups: {len(groups)} groups have images in {data.split!r} and in {name}, the "
            f"first is {groups[0]!r}. Move the images of each to one split, or hold out groups of "
            "the training images: --set data.validation=0.1"
        )
    validation = check_data(layout, settings, OpenedFiles())
    if validation.layout.spec.classes != train_layout.spec.classes:
        raise DataError(f"{key}: {name} has other classes than {data.split!r}. {ADVICE}")
    if validation.layout.spec.text_length > train_layout.spec.text_length:
        raise DataError(f"{key}: {name} has longer captions than {data.split!r}. {ADVICE}")
    validation.layout.spec = train_layout.spec
    return validation
