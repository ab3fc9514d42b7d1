"""The rules of layouts, which find the files of a training set and load them as items."""

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import torch
from torch import Tensor
from torch.utils.data import default_collate

from translate.batches import ImageSpec, Item
from translate.contract.attributes import differing_names
from translate.contract.files.layout_subject import MAX_ITEMS, LayoutSubject
from translate.contract.rules import require
from translate.engine.data import check
from translate.errors import BadImage, ConfigError, DataError
from translate.images.files.tar_files import find_member

DRAWS = 20
"""how often each item is picked, to collect all files that the item may have"""


def finds_its_files(subject: LayoutSubject) -> None:
    """Find the same items and files each time it is constructed."""
    layout, second = subject.layout, subject.make()
    require(len(layout) > 0, "It has no items: raise DataError if no file can be used.")
    are_paths = all(isinstance(path, Path) for path in layout.files)
    require(are_paths, "`files` are not all of type Path.")
    repeated_paths = sorted(str(path) for path, count in Counter(layout.files).items() if count > 1)
    require(not repeated_paths, f"`files` has {repeated_paths[:1]} twice: list each file once.")
    for path in (*layout.files, *layout.sources):
        exists = path.is_file() or find_member(path)
        require(exists, f"{path}, in `files` or `sources`, is not a file.")
    same = list(layout.files) == list(second.files) and len(layout) == len(second)
    require(same, "A second instance has other files, or another order: sort them.")


def picks_deterministically(subject: LayoutSubject) -> None:
    """Pick an `Item` that depends only on the index and the argument `random`."""
    layout, second = subject.layout, subject.make()
    indices = subject.indices
    first = {index: layout.pick(index, Random(index)) for index in indices}
    for index in reversed(indices):
        torch.manual_seed(index)
        item = second.pick(index, Random(index))
        message = f"`pick` returned {type(item).__name__}, not an Item: Item((path,))."
        require(isinstance(item, Item) and isinstance(item.files, tuple), message)
        require(
            item == first[index],
            f"Item {index} was {_file_names(first[index])}, then {_file_names(item)}: draw only "
            "from the argument `random`, and keep no state.",
        )


def picks_its_files(subject: LayoutSubject) -> str | None:
    """Pick only files in `files` or `sources`, and each of `files` for some item."""
    layout = subject.layout
    listed_files, picked_files = {*layout.files, *layout.sources}, set[Path]()
    for index in subject.indices:
        for draw in range(DRAWS):
            picked_files.update(layout.pick(index, Random(f"{index}/{draw}")).files)
    for path in sorted(picked_files):
        require(
            path in listed_files, f"{path} is picked, but is not in `files` or `sources`: add it."
        )
    if len(subject.indices) < len(layout) or len(layout.files) > MAX_ITEMS:
        return f"not every file was tested: there are over {MAX_ITEMS}"
    for path in layout.files:
        require(path in picked_files, f"{path} is in `files`, and no item picks it: remove it.")
    return None


def skips_unreadable_files(subject: LayoutSubject) -> str | None:
    """Skip the files in `leave_out`, and the items that need them, but no others."""
    layout = subject.layout
    if not layout.files:
        return "its `files` are empty"
    file = layout.pick(0, Random(0)).files[0]
    file = file if file in layout.files else layout.files[0]
    try:
        reduced_layout = subject.make(leave_out=(file,))
    except DataError:
        return f"it raises DataError without {file.name}: use a larger folder"
    require(file not in reduced_layout.files, f"`leave_out` has {file}, and `files` still has it.")
    added_files = {*reduced_layout.files} - {*layout.files}
    require(
        not added_files, f"`leave_out` has {file}, and `files` has new ones, such as {added_files}."
    )
    for index in range(min(len(reduced_layout), MAX_ITEMS)):
        for draw in range(DRAWS):
            picked_files = reduced_layout.pick(index, Random(draw)).files
            require(
                file not in picked_files,
                f"`leave_out` has {file}, and item {index} still picks it.",
            )
    lost_files = {*layout.files} - {*reduced_layout.files}
    files_per_item = max(len(layout.pick(index, Random(0)).files) for index in subject.indices)
    message = (
        f"`leave_out` has {file.name}, and {len(lost_files)} files are skipped: skip only its item."
    )
    require(len(lost_files) <= files_per_item, message)
    return None


def loads_named_tuples(subject: LayoutSubject) -> None:
    """Load items as named tuples of tensors, equal for the same files and random crop."""
    checked_data = check.check_data(subject.layout, subject.data)
    layout, items = checked_data.layout, []
    for index in [0, len(layout) - 1, 0]:
        picked_item = layout.pick(index, Random(0))
        item = layout.load(picked_item, checked_data.augment.item(Random(1)))
        message = f"`load` returned {type(item).__name__}, not a named tuple such as batches.Pair."
        require(isinstance(item, tuple) and hasattr(item, "_fields"), message)
        batch_type = getattr(layout, "batch", None)
        require(
            type(item) is batch_type,
            f"`load` returned {type(item).__name__}, and `batch` is "
            f"{getattr(batch_type, '__name__', 'missing')}: expected the same.",
        )
        for name, value in item._asdict().items():
            require(isinstance(value, Tensor), f"{name} is {type(value).__name__}, not a tensor.")
            require(
                value.ndim != 3 or value.shape[1:] == layout.spec.size,
                f"{name} is {tuple(value.shape)}, and data.size is {layout.spec.size}: call "
                "`transform` for each image.",
            )
        items.append(item)
    first, _, repeated = items
    for name in differing_names(first._asdict(), repeated._asdict()):
        raise AssertionError(f"{name} differs for the same files and the same crop.")
    try:
        default_collate(items)
    except (RuntimeError, TypeError) as error:
        raise AssertionError(f"Items cannot be stacked to a batch: {error}") from error


def describes_its_images(subject: LayoutSubject) -> None:
    """Describe in `spec` the domains, and the classes and texts of items."""
    checked_data = check.check_data(subject.layout, subject.data)
    layout = checked_data.layout
    require(isinstance(layout.spec, ImageSpec), "`spec` is not an ImageSpec.")
    fix = "ImageSpec(domains=tuple(map(Domain, domains)))"
    require(layout.spec.domains, f"`spec.domains` is empty: {fix}.")
    for index in subject.indices[:MAX_ITEMS]:
        try:
            item = layout.load(layout.pick(index, Random(0)), checked_data.augment.item(Random(1)))
        except BadImage:
            continue  # training skips it
        labels, text = getattr(item, "labels", None), getattr(item, "text", None)
        if isinstance(labels, Tensor):
            count = len(layout.spec.classes)
            require(
                labels.ndim == 0 and 0 <= int(labels) < count,
                f"Item {index} has the label {labels.tolist()}, and `spec.classes` {count} names.",
            )
        if isinstance(text, Tensor):
            require(
                text.shape == (layout.spec.text_length,),
                f"Item {index} has a text of {tuple(text.shape)}, and `spec.text_length` is "
                f"{layout.spec.text_length}.",
            )


def refuses_missing_folders(subject: LayoutSubject) -> None:
    """Raise DataError or ConfigError for missing folders, and name them."""
    with TemporaryDirectory() as folder:
        missing_folder = Path(folder) / "no-such-root"
        names = tuple(f"no-such-{number}" for number in range(len(subject.data.domains)))
        try:
            layout = subject.make(root=missing_folder, domains=names)
        except ConfigError:
            return  # for an option that names domains
        except DataError as error:
            require("no-such" in str(error), f"It does not name the folder: {error}")
            return
        raise AssertionError(f"It found {len(layout)} items in a folder that does not exist.")


def pairs_the_same_files(subject: LayoutSubject) -> str | None:
    """If `paired`, pick the same files for an item in every epoch."""
    layout = subject.layout
    if not layout.paired:
        return "it is not paired"
    for index in subject.indices:
        first = layout.pick(index, Random(0))
        for draw in range(1, DRAWS):
            message = f"`paired` is True, and item {index} has other files in another epoch."
            require(layout.pick(index, Random(draw)).files == first.files, message)
    return None


def _file_names(item: Item) -> str:
    return " and ".join(Path(name).name for name in item.names)


RULES = (
    finds_its_files,
    picks_deterministically,
    picks_its_files,
    skips_unreadable_files,
    loads_named_tuples,
    describes_its_images,
    pairs_the_same_files,
    refuses_missing_folders,
)
