"""The images that a run is evaluated on, read by the layout that it was trained with."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.data import samples
from translate.engine.data.check import open_layout
from translate.engine.loading.item_errors import item_error
from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.processes.signals import reraise_interruption
from translate.engine.splits.measured_images import MeasuredImages, spread
from translate.engine.splits.validation import hold_out
from translate.errors import BadImage, DataError, NothingUsableError

Image = NDArray[Any]
"""(H, W, C), in the numbers of its domain"""
THREADS = 8
VALIDATION = "validation"
"""The name of the split of images that were held out by a share, ``data.validation=0.1``."""
OTHER_SPLITS = ("val", "valid", "validation")
"""folders of images that were not trained on, where there is no test split"""


class RunImages(NamedTuple):
    """Images of one split; all have the size of the training crop."""

    names: Sequence[str]
    """Of the images that are translated, or of all where nothing is."""
    items: Sequence[Any]
    """What the layout loads, where the images of an item belong together; else none."""
    source: Sequence[Image]
    target: Sequence[Image]
    """Images of the target domain; the ground truth of `source` where `truth` says so."""
    truth: str = ""
    """Why the target images are the ground truth; empty where they are not."""
    problems: Sequence[BadImage] = ()
    """What could not be read, and is skipped."""

    def field(self, name: str) -> Tensor | None:
        """Return a field of all items, such as the labels, where the items have one."""
        if not self.items or name not in getattr(self.items[0], "_fields", ()):
            return None
        return torch.stack([getattr(item, name) for item in self.items])


class Split(NamedTuple):
    """The images to measure, and those that the run was trained on."""

    layout: Layout
    data: Data
    """The settings of `layout`."""
    trained: Layout
    note: str = ""
    """What is to be known of the split; empty for a test split."""


def open_split(data: Data, split: str | None, seed: int = 0, known: Sequence[Domain] = ()) -> Split:
    """Return a split of a run's data.

    Args:
        data: The settings of the run.
        split: The split that the user names; None: ``test``, or if there is none the validation
            images, held out or in a folder, or else the training images, as the note says.
        seed: ``train.seed`` of the run, on which it depends what was held out.
        known: The domains that the model was trained on.

    Raises:
        DataError: There is no split of that name.
    """
    samples.ensure(data)
    trained, name = open_layout(data, known=known), split or "test"
    every, held_out = trained, None
    if isinstance(data.validation, float):
        trained, held_out = hold_out(every, data, data.validation, seed)
    if held_out and name == VALIDATION:
        return Split(held_out, data.model_copy(update={"split": name}), trained)
    layout, reason = _open_other(data, name, every, known)
    if layout:
        return Split(layout, data.model_copy(update={"split": name}), trained)
    if split:
        raise DataError(
            f"split: there is no split {split!r} of {' and '.join(data.domains)} in {data.root}"
            f"{reason}: expected a subfolder {split} of each domain. Without --split, the training "
            "images are measured."
        )
    if held_out:
        note = "there is no test split: these are the validation images that were held out"
        return Split(held_out, data.model_copy(update={"split": VALIDATION}), trained, note)
    own = [data.validation] if isinstance(data.validation, str) else []
    for other in [*own, *OTHER_SPLITS]:
        layout, _ = _open_other(data, other, every, known)
        if layout:
            note = f"there is no test split: these are the images of the split {other!r}"
            return Split(layout, data.model_copy(update={"split": other}), trained, note)
    note = "there is no test split: these are the images that it was trained on"
    return Split(trained, data, trained, note)


def _open_other(
    data: Data, split: str, every: Layout, known: Sequence[Domain]
) -> tuple[Layout | None, str]:
    """Return the layout of a split with other images than `every`, or None and the reason.

    The split that the run was trained on counts as such a split.
    """
    try:
        layout = open_layout(data.model_copy(update={"split": split}), known=known)
    except DataError as error:
        return None, f" ({error})"
    same = {*layout.files, *layout.sources} <= {*every.files, *every.sources}
    return (None, "") if same and split != data.split else (layout, "")


def read_images(
    layout: Layout,
    data: Data,
    *,
    reverse: bool,
    to: str,
    limit: int | None,
    own_pairs: bool = False,
    seed: int = 0,
) -> RunImages:
    """Return the images of a layout, cropped at the centre to ``data.size``.

    Args:
        layout: Of the split.
        data: Its settings.
        reverse: Translate from the last domain to the first.
        to: The domain that is translated to.
        limit: Read at most so many images of each domain, spread evenly.
        own_pairs: Whether the recipe makes inputs and their ground truth of the items.
        seed: ``train.seed`` of the run.
    """
    images = MeasuredImages(layout, data, seed=seed)
    if images.is_unpaired and not own_pairs:
        return _unpaired(images, reverse=reverse, to=to, limit=limit)
    loaded, problems = _read(spread(range(len(layout)), limit), partial(_load_item, images))
    _expect_any(loaded, problems)
    names = _names([name for name, _ in loaded], data.root)
    items = [item for _, item in loaded]
    first, last = ("target", "source") if reverse else ("source", "target")
    source = [_pixels(getattr(item, first, item[0])) for item in items]
    if not layout.paired:
        return RunImages(names, items, source, source, "", problems)
    target = [_pixels(getattr(item, last, item[0])) for item in items]
    return RunImages(names, items, source, target, "pairs", problems)


def _unpaired(images: MeasuredImages, *, reverse: bool, to: str, limit: int | None) -> RunImages:
    """Return the images of two domains that are read one by one, each once."""
    domains = images.layout.spec.names
    places = (len(domains) - 1, 0) if reverse else (0, domains.index(to))
    roles = ("target", "source") if reverse else ("source", "target")
    files = images.unpaired_files(*places, limit)
    read = [
        _read(each, partial(_load_file, images, role))
        for each, role in zip((files.source, files.target), roles, strict=True)
    ]
    problems = [bad for _, found in read for bad in found]
    (source, _), (target, _) = read
    _expect_any(source, problems)
    _expect_any(target, problems)
    names = _names([name for name, _ in source], images.data.root)
    first, last = ([image for _, image in each] for each in (source, target))
    truth = "hidden ground truth" if files.truth and not problems else ""  # rows belong together
    return RunImages(names, (), first, last, truth, problems)


def _read(
    things: Sequence[Any], load: Callable[[Any], tuple[str, Any] | BadImage]
) -> tuple[list[tuple[str, Any]], list[BadImage]]:
    with DaemonThreadPool(THREADS) as pool:
        found = list(pool.map(load, things))
    bad = [each for each in found if isinstance(each, BadImage)]
    return [each for each in found if not isinstance(each, BadImage)], bad


def _load_item(images: MeasuredImages, index: int) -> tuple[str, Any] | BadImage:
    try:
        item = images.pick(index)
        return item.names[0], images.load(item)
    except BadImage as bad:
        return bad
    except BaseException as error:
        reraise_interruption(error)
        return item_error([str(index)], error)


def _load_file(images: MeasuredImages, role: str, path: Path) -> tuple[str, Any] | BadImage:
    try:
        return str(path), _pixels(images.crop(path, role))
    except BadImage as bad:
        return bad


def _pixels(image: Tensor) -> Image:
    return image.permute(1, 2, 0).contiguous().numpy()


def _expect_any(found: Sequence[Any], problems: Sequence[BadImage]) -> None:
    if not found:
        raise NothingUsableError(f"not one image can be read. The first: {problems[0]}.")


def _names(paths: Sequence[str], root: Path) -> list[str]:
    """Return the paths below `root`; of others, the whole path."""
    return [
        str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path
        for path in paths
    ]
