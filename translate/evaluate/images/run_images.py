"""The images that a run is evaluated on, read by the layout that it was trained with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.data.check import open_layout
from translate.engine.splits.measured_images import LoadResult, MeasuredImages
from translate.engine.splits.validation import open_training_layouts
from translate.errors import BadImage, DataError, NothingUsableError
from translate.folders.names import VALIDATION_SPLITS
from translate.images.tensors import as_pixels

Image = NDArray[Any]
"""(H, W, C), with the dtype and range of its domain"""
VALIDATION = "validation"
"""the name of the split of held-out images, ``data.validation=0.1``"""


class RunImages(NamedTuple):
    """Images of one split; all have the size of the training crop."""

    names: Sequence[str]
    """The names of the source images, or of all images if nothing is translated."""
    items: Sequence[Any]
    """The items of the layout; empty if it is unpaired, as its items pair images at random."""
    source: Sequence[Image]
    target: Sequence[Image]
    """Images of the target domain; the ground truth of `source` unless `truth` is empty."""
    truth: str = ""
    """The kind of ground truth, such as ``pairs``; empty if `target` is not the ground truth."""
    problems: Sequence[BadImage] = ()
    """Files that could not be read, which are skipped."""

    def field(self, name: str) -> Tensor | None:
        """Return a field of all items, such as the labels; None if items do not have it."""
        if not self.items or name not in getattr(self.items[0], "_fields", ()):
            return None
        return torch.stack([getattr(item, name) for item in self.items])


class Split(NamedTuple):
    """The layout of the images to measure, and of those that the run was trained on."""

    layout: Layout
    data: Data
    """The settings of `layout`."""
    trained_layout: Layout
    note: str = ""
    """Which split it is, as a message; empty for a test split."""


def open_split(
    data: Data, split: str | None, seed: int = 0, domains: Sequence[Domain] = ()
) -> Split:
    """Return a split of a run's data.

    Args:
        data: The settings of the run.
        split: The name of the split; None: ``test``, or if there is none the validation images,
            held out or in a folder, or else the training images; the note says which.
        seed: ``train.seed`` of the run, which decides which images were held out.
        domains: The domains of the run, which all images are read as; empty: those that the headers
            of a few files show.

    Raises:
        DataError: There is no split of that name.
    """
    layout_of_all, training_layout, held_out = open_training_layouts(data, seed, domains)
    name = split or "test"
    if held_out and name == VALIDATION:
        return Split(held_out, data.model_copy(update={"split": name}), training_layout)
    layout, reason = _open_unless_trained_on(data, name, layout_of_all)
    if layout:
        return Split(layout, data.model_copy(update={"split": name}), training_layout)
    if split:
        raise DataError(
            f"split: there is no split {split!r} of {' and '.join(data.domains)} in {data.root}"
            f"{reason}: expected a subfolder {split} of each domain. Without --split, the training "
            "images are measured."
        )
    if held_out:
        note = "there is no test split: these are the validation images that were held out"
        return Split(held_out, data.model_copy(update={"split": VALIDATION}), training_layout, note)
    configured = [data.validation] if isinstance(data.validation, str) else []
    for other in [*configured, *VALIDATION_SPLITS]:
        layout, _ = _open_unless_trained_on(data, other, layout_of_all)
        if layout:
            note = f"there is no test split: these are the images of the split {other!r}"
            return Split(layout, data.model_copy(update={"split": other}), training_layout, note)
    note = "there is no test split: these are the images that it was trained on"
    return Split(training_layout, data, training_layout, note)


def _open_unless_trained_on(
    data: Data, split: str, training_layout: Layout
) -> tuple[Layout | None, str]:
    """Return the layout of a split, or None and why there is no such split.

    Another split with the same files as `training_layout` does not count, as in a flat folder.
    """
    try:
        layout = open_layout(
            data.model_copy(update={"split": split}), known_domains=training_layout.spec.domains
        )
    except DataError as error:
        return None, f" ({error})"
    training_files = {*training_layout.files, *training_layout.sources}
    trained_on = {*layout.files, *layout.sources} <= training_files
    return (None, "") if trained_on and split != data.split else (layout, "")


def read_images(
    layout: Layout,
    data: Data,
    *,
    reverse: bool,
    to: str,
    limit: int | None,
    degrades_images: bool = False,
    seed: int = 0,
) -> RunImages:
    """Return the images of a layout, cropped at the centre to ``data.size``.

    Args:
        layout: The layout of the split.
        data: The settings of the layout.
        reverse: Whether images are translated from the last domain to the first.
        to: The domain to translate to.
        limit: The largest number of images of each domain, spread evenly; None: all.
        degrades_images: Whether the recipe makes inputs by degrading the images.
        seed: ``train.seed`` of the run.
    """
    images = MeasuredImages(layout, data, seed=seed)
    if images.is_unpaired and not degrades_images:
        return _unpaired(images, reverse=reverse, to=to, limit=limit)
    loaded, problems = _require_some(images.load_items(limit))
    names = _names([name for name, _ in loaded], data.root)
    items = [item for _, item in loaded]
    first, last = ("target", "source") if reverse else ("source", "target")
    source = [as_pixels(getattr(item, first, item[0])) for item in items]
    if not layout.paired:
        return RunImages(names, items, source, source, "", problems)
    target = [as_pixels(getattr(item, last, item[0])) for item in items]
    return RunImages(names, items, source, target, "pairs", problems)


def _unpaired(images: MeasuredImages, *, reverse: bool, to: str, limit: int | None) -> RunImages:
    """Return the images of two unpaired domains, each image once."""
    domains = images.layout.spec.names
    places = (len(domains) - 1, 0) if reverse else (0, domains.index(to))
    roles = ("target", "source") if reverse else ("source", "target")
    files = images.unpaired_files(*places, limit)
    (sources, bad_sources), (targets, bad_targets) = (
        _require_some(images.load_files(paths, role))
        for role, paths in zip(roles, (files.source, files.target), strict=True)
    )
    problems = [*bad_sources, *bad_targets]
    # a file that is skipped on one side would misalign the pairs
    truth = "hidden ground truth" if files.truth and not problems else ""
    return RunImages(
        _names([name for name, _ in sources], images.data.root),
        (),
        [image for _, image in sources],
        [image for _, image in targets],
        truth,
        problems,
    )


def _require_some(result: LoadResult) -> LoadResult:
    """Return `result`; raises `NothingUsableError` if nothing could be read."""
    loaded, problems = result
    if not loaded:
        raise NothingUsableError(f"not one image can be read. The first: {problems[0]}.")
    return result


def _names(paths: Sequence[str], root: Path) -> list[str]:
    """Return `paths` relative to `root`; paths outside `root` stay."""
    return [
        str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path
        for path in paths
    ]
