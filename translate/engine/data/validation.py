"""The images that a run is measured on in training: held out, or of another split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from translate.batches import Layout
from translate.engine.config.schema import Config, Data
from translate.engine.data import splits
from translate.engine.data.check import CheckedData, check_data, open_layout
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.data.places import with_root
from translate.errors import ConfigError, DataError

TEST = "test"
"""the split that is measured on where no validation images are named"""
MEASURED = 1000
"""items that are measured at an evaluation, at most: it is to be short beside training"""
HOW = (
    "Hold out a tenth of the training images: --set data.validation=0.1; or name a split: "
    "--set data.validation=val"
)


def add_validation(checked: CheckedData, data: Data, config: Config) -> CheckedData:
    """Return `checked` with the validation images, which are no longer trained on.

    Raises `ConfigError` where ``train.evaluate_every`` needs some and there are none, `DataError`
    where they cannot be used.
    """
    layout, said = checked.layout, [*checked.warnings]
    if data.groups:
        said += splits.ungrouped_warnings(layout, data)
    if isinstance(data.validation, float):
        checked = _hold_out(checked, data, data.validation, config.train.seed)
    elif config.train.evaluate_every:
        elsewhere, name = _elsewhere(data)
        checked = checked._replace(validation=_checked(elsewhere, name, layout, data))
        if data.validation is None:
            said.append(
                f"train.metric is measured on the split {TEST!r}, which then chooses the best "
                f"checkpoint: its figures are optimistic. {HOW}"
            )
    found = checked.validation
    if found:
        said.append(f"validation: {len(found.layout)} items, {len(checked.layout)} are trained on")
        if config.train.evaluate_every and len(found.layout) > MEASURED:
            said[-1] += f"; {MEASURED} of them are measured, spread evenly"
        checked = checked._replace(problems=[*checked.problems, *found.problems])
    return checked._replace(warnings=said)


def _hold_out(checked: CheckedData, data: Data, share: float, seed: int) -> CheckedData:
    """Return `checked` without a share of its items, which become the validation images."""
    layout = checked.layout
    held = splits.held_out(layout, data, share, seed)
    if not layout.files:
        both: list[Layout] = [
            splits.Subset(layout, sorted(indices))
            for indices in ({*range(len(layout))} - {*held}, held)
        ]
    else:
        bad = [problem.path for problem in checked.problems]
        others = {*layout.files} - {*held}
        both = [_without(layout, data, [*bad, *files]) for files in (held, others)]
    kept, validation = (checked._replace(layout=each) for each in both)
    return kept._replace(validation=validation._replace(problems=[]))


def _without(whole: Layout, data: Data, files: Sequence[Path]) -> Layout:
    """Return the layout of `data` without some `files`, with the classes and lengths of `whole`."""
    layout = open_layout(data, files)
    layout.spec = whole.spec
    return layout


def _elsewhere(data: Data) -> tuple[Data, str]:
    """Return the settings that read the validation images, and what they are called."""
    update: dict[str, Any] = {"validation": None}
    if data.validation is None:
        return data.model_copy(update={**update, "split": TEST}), f"the split {TEST!r}"
    name = str(data.validation)
    if Path(name).is_dir():
        return with_root(data, Path(name)).model_copy(update=update), name
    return data.model_copy(update={**update, "split": name}), f"the split {name!r}"


def _checked(elsewhere: Data, name: str, trained: Layout, data: Data) -> CheckedData:
    """Return the images of `elsewhere` after the check; raises where they are trained on."""
    key = "train.evaluate_every" if data.validation is None else "data.validation"
    try:
        layout = open_layout(elsewhere)
    except DataError as error:
        raise ConfigError(f"{key}: {name} has no images to measure on: {error} {HOW}") from error
    read = {*layout.files, *layout.sources}
    if shared := sorted(read & {*trained.files, *(() if trained.files else trained.sources)}):
        raise ConfigError(
            f"{key}: {name} has images that are trained on, {len(shared)} files, the first is "
            f"{shared[0]}. {HOW}"
        )
    ours = splits.relative_names(trained.files, data).values()
    theirs = splits.relative_names(layout.files, elsewhere).values()
    if groups := splits.shared_groups(ours, theirs, data):
        raise DataError(
            f"data.groups: {len(groups)} groups have images in {data.split!r} and in {name}, the "
            f"first is {groups[0]!r}. Move the images of each to one side, or hold out groups of "
            "the training images: --set data.validation=0.1"
        )
    found = check_data(layout, elsewhere, OpenedFiles())
    if found.layout.spec.classes != trained.spec.classes:
        raise DataError(f"{key}: {name} has other classes than {data.split!r}. {HOW}")
    if found.layout.spec.text_length > trained.spec.text_length:
        raise DataError(f"{key}: {name} has longer captions than {data.split!r}. {HOW}")
    found.layout.spec = trained.spec
    return found
