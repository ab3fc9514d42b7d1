"""A layout that keeps every rule, and for each rule layouts that break only this one."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor

from translate.batches import Domain, Images, ImageSpec, Item, Labelled, Layout, Transform
from translate.errors import DataError
from translate.folders.lookup import expect_domains, find_domains, notes, problems, usable_files
from translate.images.tensors import as_tensor


class ValidLayout(Layout):
    """A layout that keeps every rule."""

    batch: type[Any] = Images

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect_domains("tested", domains, 1)
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        (folder,) = find_domains(root, domains, split)
        self.files = usable_files(folder, leave_out)
        self.notes, self.problems = notes(folder), problems(folder)
        self.adjust(leave_out)

    def adjust(self, leave_out: Iterable[Path]) -> None:
        """Break a rule in a subclass."""

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item((self.files[index],))

    def load(self, item: Item, transform: Transform) -> Any:
        return Images(*transform(transform.read(item.files[0]), roles=("source",)))


class Shuffled(ValidLayout):
    def adjust(self, leave_out: Iterable[Path]) -> None:  # noqa: ARG002
        self.files = list(self.files)
        Random(id(self)).shuffle(self.files)


class Empty(ValidLayout):
    def __len__(self) -> int:
        return 0


class ListsAFileTwice(ValidLayout):
    def adjust(self, leave_out: Iterable[Path]) -> None:  # noqa: ARG002
        self.files = [*self.files, self.files[0]]


class UsesTheGlobalGenerator(ValidLayout):
    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item((self.files[int(torch.rand(()) * len(self.files))],))


class KeepsState(ValidLayout):
    calls = 0

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        self.calls += 1
        return Item((self.files[self.calls % len(self.files)],))


class PicksUnlistedFiles(ValidLayout):
    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        other = sorted(self.files[0].parent.parent.parent.rglob("*.png"))[-1]
        return Item((self.files[index], other))


class LeavesAFileUnused(ValidLayout):
    def __len__(self) -> int:
        return len(self.files) - 1


class IgnoresLeaveOut(ValidLayout):
    def adjust(self, leave_out: Iterable[Path]) -> None:
        self.files = sorted([*self.files, *leave_out])


class LeavesOutTooMuch(ValidLayout):
    def adjust(self, leave_out: Iterable[Path]) -> None:
        if leave_out:
            self.files = list(self.files)[:1]


class LoadsATuple(ValidLayout):
    def load(self, item: Item, transform: Transform) -> Any:
        return transform(transform.read(item.files[0]))


class SkipsTheTransform(ValidLayout):
    def load(self, item: Item, transform: Transform) -> Any:
        return Images(as_tensor(transform.read(item.files[0])))


class Numbered(NamedTuple):
    images: Tensor
    number: int


class LoadsANumber(ValidLayout):
    batch = Numbered

    def load(self, item: Item, transform: Transform) -> Any:
        return Numbered(*transform(transform.read(item.files[0])), number=3)  # type: ignore[misc]


class LoadsNoise(ValidLayout):
    def load(self, item: Item, transform: Transform) -> Any:
        (image,) = transform(transform.read(item.files[0]))
        return Images(torch.rand(image.shape))


class PicksTuples(ValidLayout):
    def pick(self, index: int, random: Random) -> Any:  # noqa: ARG002
        return (self.files[index],)


class OtherBatch(ValidLayout):
    batch = Labelled


class RandomPairs(ValidLayout):
    paired = True

    def pick(self, index: int, random: Random) -> Item:
        return Item((self.files[index], random.choice(self.files)))


class HasNoDomains(ValidLayout):
    def adjust(self, leave_out: Iterable[Path]) -> None:  # noqa: ARG002
        self.spec = ImageSpec()


class HasNoClasses(ValidLayout):
    batch = Labelled

    def load(self, item: Item, transform: Transform) -> Any:
        return Labelled(*transform(transform.read(item.files[0])), torch.tensor(7))


class AcceptsMissingFolders(ValidLayout):
    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        if root.exists():
            super().__init__(root, domains, split, leave_out)
        else:
            self.spec, self.files = ImageSpec(domains=tuple(map(Domain, domains))), [Path("x.png")]


class DoesNotNameTheFolder(ValidLayout):
    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        if not root.exists():
            raise DataError("something is missing.")
        super().__init__(root, domains, split, leave_out)


BROKEN_LAYOUTS: dict[str, list[tuple[type[Layout], str]]] = {
    "finds_its_files": [
        (Shuffled, "sort them"),
        (Empty, "It has no items"),
        (ListsAFileTwice, "twice: list each file once"),
    ],
    "picks_deterministically": [
        (UsesTheGlobalGenerator, "draw only from the argument"),
        (KeepsState, "keep no state"),
        (PicksTuples, "not an Item"),
    ],
    "picks_its_files": [(PicksUnlistedFiles, "not in `files`"), (LeavesAFileUnused, "remove it")],
    "skips_unreadable_files": [
        (IgnoresLeaveOut, "still has it"),
        (LeavesOutTooMuch, "skip only its item"),
    ],
    "loads_named_tuples": [
        (LoadsATuple, "not a named tuple"),
        (SkipsTheTransform, "call `transform`"),
        (LoadsANumber, "number is int, not a tensor"),
        (LoadsNoise, "differs for the same files"),
        (OtherBatch, "and `batch` is Labelled"),
    ],
    "describes_its_images": [
        (HasNoDomains, "`spec.domains` is empty"),
        (HasNoClasses, "has the label 7, and `spec.classes` 0 names"),
    ],
    "pairs_the_same_files": [(RandomPairs, "has other files in another epoch")],
    "refuses_missing_folders": [
        (AcceptsMissingFolders, "It found 1 items"),
        (DoesNotNameTheFolder, "does not name the fold"),
    ],
}
