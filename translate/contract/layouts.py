"""The rules of layouts, on a folder that is given, or on two small domains that are drawn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import default_collate

from translate.batches import ImageSpec, Layout
from translate.contract.rules import random_pixels, require
from translate.engine.config import layers
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.errors import BadImage, ConfigError, DataError, PluginError
from translate.images.encode import write_image
from translate.images.tensors import from_device
from translate.registry import find, split_part

SIDE = 32
DRAWS = 20
"""times that each item is picked to see all of its files"""
MANY = 200
"""files from which on not every item is looked at"""


@dataclass(frozen=True)
class LayoutSubject:
    """A layout under test, and the folder that it reads."""

    asked: Data

    @property
    def owner(self) -> object:
        """What the plugin registered: the place of its code."""
        return find("layout", split_part("layout", self.asked.layout)[0])

    @property
    def example(self) -> Any:
        """Nothing: no message is about a batch's fields."""
        return None

    @cached_property
    def layout(self) -> Layout:
        """The layout of the folder."""
        return self.make()

    def make(self, leave_out: tuple[Path, ...] = (), **changes: Any) -> Layout:
        """Make the layout anew."""
        return check.open_layout(self.asked.model_copy(update=changes), leave_out)

    @property
    def indices(self) -> list[int]:
        """The items that are looked at: all, or the first and last of very many."""
        count = len(self.layout)
        return (
            list(range(count)) if count <= MANY else [*range(MANY // 2), *range(count - 9, count)]
        )


@contextmanager
def subject(
    name: str, given: Mapping[str, Any], folder: Mapping[str, Any] | None
) -> Iterator[LayoutSubject]:
    """Yield the layout called `name` with its options and ``data`` of `folder`, to be tested.

    Without one, the domains ``a`` and ``b`` of five images each are drawn into a temporary folder.
    """
    settings = {f"data.{key}": value for key, value in (folder or {}).items()}
    settings = {"data.size": SIDE, **settings, "data.layout": {"name": name, **given}}
    with TemporaryDirectory() as place:
        if "data.domains" not in settings:
            _draw(Path(place))
            one = layers.resolve_data({**settings, "data.root": place, "data.domains": ["a"]})
            two = one.model_copy(update={"domains": ("a", "b")})
            yield LayoutSubject(two if not why_not(two) or why_not(one) else one)
        else:
            yield LayoutSubject(layers.resolve_data(settings))


def _draw(root: Path) -> None:
    for number, domain in enumerate("ab"):
        for index in range(5):
            shown = random_pixels(1, 3, SIDE + 8, SIDE + 16).roll(index + 9 * number, 3)
            write_image(root / domain / "train" / f"{index}.png", from_device(shown)[0])


def why_not(asked: Data) -> str:
    """Return why the layout cannot read its folder; nothing where it can."""
    try:
        check.open_layout(asked)
    except (DataError, ConfigError) as error:
        return str(error).partition("\n")[0]
    except PluginError:
        return ""  # the first rule says so
    return ""


# -- the rules -------------------------------------------------------------------------------------


def finds_its_files(tested: LayoutSubject) -> None:
    """Find items and files in folders, the same ones each time it is made, and change nothing."""
    layout, again = tested.layout, tested.make()
    require(len(layout) > 0, "It has no items: raise DataError where nothing can be used.")
    require(
        all(isinstance(path, Path) for path in layout.files), "`files` are not all of type Path."
    )
    twice = sorted({str(path) for path in layout.files if list(layout.files).count(path) > 1})
    require(not twice, f"`files` has {twice[:1]} twice: each is checked once.")
    for path in (*layout.files, *layout.sources):
        require(path.is_file(), f"{path}, of `files` or `sources`, is no file.")
    same = list(layout.files) == list(again.files) and len(layout) == len(again)
    require(same, "Made again, it has other files, or the same in another order: sort them.")


def picks_purely(tested: LayoutSubject) -> None:
    """Pick the files of an item by its index and the random numbers given, and by nothing else."""
    layout, again = tested.layout, tested.make()
    indices = tested.indices
    first = {index: layout.pick(index, Random(index)) for index in indices}
    for index in reversed(indices):
        torch.manual_seed(index)
        found = again.pick(index, Random(index))
        require(isinstance(found, tuple), f"`pick` returned {type(found).__name__}, not a tuple.")
        require(
            found == first[index],
            f"Item {index} was {_names(first[index])}, then {_names(found)}: draw from the "
            "argument `random` alone, and keep no state.",
        )


def picks_its_files(tested: LayoutSubject) -> str | None:
    """Pick files that are in `files`, and each of these in some item."""
    layout = tested.layout
    known, picked = {*layout.files, *layout.sources}, set[Path]()
    for index in tested.indices:
        for draw in range(DRAWS):
            picked.update(layout.pick(index, Random(f"{index}/{draw}")))
    for path in sorted(picked):
        require(
            path in known or not path.is_file(),
            f"{path} is picked, and not in `files`: it was not checked.",
        )
    if len(tested.indices) < len(layout) or len(layout.files) > MANY:
        return f"not every file was looked for: there are over {MANY}"
    if unused := [path for path in layout.files if path not in picked]:
        require(False, f"{unused[0]} is in `files`, and no item picks it: it is read for nothing.")
    return None


def leaves_out(tested: LayoutSubject) -> str | None:
    """Leave out the files it is told to, and no item without them."""
    layout = tested.layout
    if not layout.files:
        return "it has no files: it reads one that holds many images"
    bad = layout.pick(0, Random(0))[0]
    bad = bad if bad in layout.files else layout.files[0]
    try:
        rest = tested.make(leave_out=(bad,))
    except DataError:
        return f"it cannot do without {bad.name}, and says so: give it a larger folder"
    require(bad not in rest.files, f"Told to leave out {bad}, it still has it in `files`.")
    added = {*rest.files} - {*layout.files}
    require(not added, f"Told to leave out {bad}, it has other files than before, such as {added}.")
    for index in range(min(len(rest), MANY)):
        for draw in range(DRAWS):
            picked = rest.pick(index, Random(draw))
            require(bad not in picked, f"Told to leave out {bad}, item {index} still picks it.")
    lost = {*layout.files} - {*rest.files}
    most = max(len(layout.pick(index, Random(0))) for index in tested.indices)
    require(
        len(lost) <= most,
        f"Told to leave out {bad.name}, it leaves out {len(lost)} files: only those of its item.",
    )
    return None


def loads_named_tuples(tested: LayoutSubject) -> None:
    """Load items as named tuples of tensors, of equal shapes, the same ones for equal crops."""
    prepared = check.check_data(tested.layout, tested.asked)
    layout, items = prepared.layout, []
    for index in [0, len(layout) - 1, 0]:
        files = layout.pick(index, Random(0))
        item = layout.load(files, prepared.augment.item(Random(1)))
        require(
            isinstance(item, tuple) and hasattr(item, "_fields"),
            f"`load` returned {type(item).__name__}, not a named tuple such as batches.Pair.",
        )
        for name, value in zip(item._fields, item, strict=True):
            require(isinstance(value, Tensor), f"{name} is {type(value).__name__}, not a tensor.")
            fits = value.ndim != 3 or tuple(value.shape[1:]) == layout.spec.size
            require(
                fits,
                f"{name} is {tuple(value.shape)}, and data.size is {layout.spec.size}: call "
                "`transform` for what it returns.",
            )
        items.append(item)
    first, _, again = items
    for name, one, other in zip(first._fields, first, again, strict=True):
        require(torch.equal(one, other), f"{name} differs for the same files and the same crop.")
    try:
        default_collate(items)
    except (RuntimeError, TypeError) as error:
        require(False, f"Two items make no batch: {error}")


def describes_its_images(tested: LayoutSubject) -> None:
    """Describe in `spec` the domains, and the classes and texts that its items have."""
    prepared = check.check_data(tested.layout, tested.asked)
    layout = prepared.layout
    require(isinstance(layout.spec, ImageSpec), "`spec` is no ImageSpec.")
    require(
        layout.spec.domains,
        "`spec.domains` is empty: ImageSpec(domains=tuple(map(Domain, domains))).",
    )
    for index in tested.indices[:MANY]:
        try:
            item = layout.load(layout.pick(index, Random(0)), prepared.augment.item(Random(1)))
        except BadImage:
            continue  # listed in training
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


def refuses_missing_folders(tested: LayoutSubject) -> None:
    """Raise DataError or ConfigError for folders that are not there, and name them."""
    with TemporaryDirectory() as place:
        nowhere = Path(place) / "no-such-root"
        names = tuple(f"no-such-{number}" for number in range(len(tested.asked.domains)))
        try:
            made = tested.make(root=nowhere, domains=names, sides=())
        except ConfigError:
            return  # sides, say, that it needs by these names
        except DataError as error:
            require("no-such" in str(error), f"It does not name the folder: {error}")
            return
        require(False, f"It found {len(made)} items below a root that is not there.")


def _names(files: tuple[Path, ...]) -> str:
    return " and ".join(path.name for path in files)


RULES = (
    finds_its_files,
    picks_purely,
    picks_its_files,
    leaves_out,
    loads_named_tuples,
    describes_its_images,
    refuses_missing_folders,
)
