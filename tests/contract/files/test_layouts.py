"""Each rule for layouts has a layout that breaks only this one."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from command_result import CommandResult
from torch import Tensor

from translate import hookimpl
from translate.batches import Domain, Images, ImageSpec, Item, Labelled, Layout, Transform
from translate.contract.kinds import RULES
from translate.errors import DataError
from translate.folders.lookup import expect_domains, find_domains, notes, problems, usable_files
from translate.images.tensors import as_tensor
from translate.testing import check_layout

Register = Callable[[type[Layout]], None]


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


BROKEN: dict[str, list[tuple[type[Layout], str]]] = {
    "finds_its_files": [
        (Shuffled, "sort them"),
        (Empty, "It has no items"),
        (ListsAFileTwice, "twice: each is checked once"),
    ],
    "picks_purely": [
        (UsesTheGlobalGenerator, "draw from the argument"),
        (KeepsState, "keep no state"),
        (PicksTuples, "not an Item"),
    ],
    "picks_its_files": [
        (PicksUnlistedFiles, "not in `files`"),
        (LeavesAFileUnused, "leave it out"),
    ],
    "leaves_out": [
        (IgnoresLeaveOut, "still has it"),
        (LeavesOutTooMuch, "skip those of its item"),
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


@pytest.fixture
def register(register_plugin: Callable[..., object]) -> Register:
    def register_layout(layout: type[Layout]) -> None:
        hook = hookimpl(lambda: {"tested": layout}, specname="register_layouts")
        register_plugin(SimpleNamespace(register_layouts=hook))

    return register_layout


def test_a_valid_layout_passes(register: Register, image_folder: Any, tmp_path: Path) -> None:
    register(ValidLayout)
    check_layout("tested")
    image_folder("own/train", 3)
    check_layout("tested", data={"root": str(tmp_path), "domains": ["own"]})
    with pytest.raises(DataError, match="no folder for domain 'none'"):
        check_layout("tested", data={"root": str(tmp_path), "domains": ["none"]})


def test_every_rule_has_a_layout_that_breaks_it() -> None:
    assert [rule.__name__ for rule in RULES["layout"]] == list(BROKEN)


@pytest.mark.parametrize(
    ("rule", "layout", "message"),
    [(rule, *case) for rule, cases in BROKEN.items() for case in cases],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_layout_that_breaks_a_rule_gets_its_message(
    rule: str, layout: type[Layout], message: str, register: Register
) -> None:
    register(layout)
    (words,) = {(r.__doc__ or "") for r in RULES["layout"] if r.__name__ == rule}
    with pytest.raises(AssertionError) as error:
        check_layout("tested")
    assert message in str(error.value)
    assert str(error.value).startswith(words.partition("\n")[0])


def test_the_command_checks_layouts(
    register: Register, run_command: Callable[..., CommandResult]
) -> None:
    register(LoadsATuple)
    result = run_command("plugins", "check", "tested")
    assert result.code == 2
    assert "not a named tuple" in result.out
    unchecked = run_command("plugins", "check", "labelled")
    assert (unchecked.code, "give it a folder" in unchecked.out) == (0, True)
