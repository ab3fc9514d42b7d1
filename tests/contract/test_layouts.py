"""Each rule for layouts has a layout that keeps all others and breaks this one."""

from collections.abc import Callable, Iterable, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from command_result import ROOT, CommandResult
from torch import Tensor

from translate import hookimpl
from translate.batches import Domain, Images, ImageSpec, Item, Labelled, Layout, Transform
from translate.contract.verdicts import RULES
from translate.errors import ConfigError, DataError
from translate.folders.lookup import expect, find_domains, notes, problems, usable
from translate.images.tensors import as_tensor
from translate.testing import check_layout

Register = Callable[[type[Layout]], None]


class Sound(Layout):
    """Keeps every rule."""

    batch: type[Any] = Images

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect("tested", domains, 1)
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        (folder,) = find_domains(root, domains, split)
        self.files = usable(folder, leave_out)
        self.notes, self.problems = notes(folder), problems(folder)

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item((self.files[index],))

    def load(self, item: Item, transform: Transform) -> Any:
        return Images(*transform(transform.read(item.files[0]), roles=("source",)))


class Shuffled(Sound):
    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        super().__init__(root, domains, split, leave_out)
        self.files = list(self.files)
        Random(id(self)).shuffle(self.files)


class Empty(Sound):
    def __len__(self) -> int:
        return 0


class Twice(Sound):
    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        super().__init__(root, domains, split, leave_out)
        self.files = [*self.files, self.files[0]]


class Global(Sound):
    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item((self.files[int(torch.rand(()) * len(self.files))],))


class Stateful(Sound):
    calls = 0

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        self.calls += 1
        return Item((self.files[self.calls % len(self.files)],))


class Strange(Sound):
    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        other = sorted(self.files[0].parent.parent.parent.rglob("*.png"))[-1]
        return Item((self.files[index], other))


class Unused(Sound):
    def __len__(self) -> int:
        return len(self.files) - 1


class Stubborn(Sound):
    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),  # noqa: ARG002 - which is the fault
    ) -> None:
        super().__init__(root, domains, split)


class Wasteful(Sound):
    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        super().__init__(root, domains, split, leave_out)
        if leave_out:
            self.files = list(self.files)[:1]


class Plain(Sound):
    def load(self, item: Item, transform: Transform) -> Any:
        return transform(transform.read(item.files[0]))


class Uncut(Sound):
    def load(self, item: Item, transform: Transform) -> Any:
        return Images(as_tensor(transform.read(item.files[0])))


class Numbered(NamedTuple):
    images: Tensor
    number: int


class Text(Sound):
    batch = Numbered

    def load(self, item: Item, transform: Transform) -> Any:
        return Numbered(*transform(transform.read(item.files[0])), number=3)  # type: ignore[misc]


class Noisy(Sound):
    def load(self, item: Item, transform: Transform) -> Any:
        (image,) = transform(transform.read(item.files[0]))
        return Images(torch.rand(image.shape))


class Tuples(Sound):
    def pick(self, index: int, random: Random) -> Any:  # noqa: ARG002
        return (self.files[index],)


class OtherBatch(Sound):
    batch = Labelled


class RandomPairs(Sound):
    paired = True

    def pick(self, index: int, random: Random) -> Item:
        return Item((self.files[index], random.choice(self.files)))


class Nameless(Sound):
    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        super().__init__(root, domains, split, leave_out)
        self.spec = ImageSpec()


class Unclassed(Sound):
    batch = Labelled

    def load(self, item: Item, transform: Transform) -> Any:
        return Labelled(*transform(transform.read(item.files[0])), torch.tensor(7))


class Careless(Sound):
    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        if root.exists():
            super().__init__(root, domains, split, leave_out)
        else:
            self.spec, self.files = ImageSpec(domains=tuple(map(Domain, domains))), [Path("x.png")]


class Silent(Sound):
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
        (Twice, "twice: each is checked once"),
    ],
    "picks_purely": [
        (Global, "draw from the argument"),
        (Stateful, "keep no state"),
        (Tuples, "not an Item"),
    ],
    "picks_its_files": [(Strange, "not in `files`"), (Unused, "it is read for nothing")],
    "leaves_out": [(Stubborn, "it still has it"), (Wasteful, "only those of its item")],
    "loads_named_tuples": [
        (Plain, "not a named tuple"),
        (Uncut, "call `transform`"),
        (Text, "number is int, not a tensor"),
        (Noisy, "differs for the same files"),
        (OtherBatch, "and `batch` is Labelled"),
    ],
    "describes_its_images": [
        (Nameless, "`spec.domains` is empty"),
        (Unclassed, "has the label 7, and `spec.classes` 0 names"),
    ],
    "pairs_the_same_files": [(RandomPairs, "has other files in another epoch")],
    "refuses_missing_folders": [(Careless, "It found 1 items"), (Silent, "does not name the fold")],
}


@pytest.fixture
def register(register_plugin: Callable[..., object]) -> Register:
    def offer(layout: type[Layout]) -> None:
        hook = hookimpl(lambda: {"tested": layout}, specname="register_layouts")
        register_plugin(SimpleNamespace(register_layouts=hook))

    return offer


def test_a_sound_layout_keeps_the_rules(
    register: Register, image_folder: Any, tmp_path: Path
) -> None:
    register(Sound)
    check_layout("tested")
    image_folder("own/train", 3)
    check_layout("tested", data={"root": str(tmp_path), "domains": ["own"]})
    with pytest.raises(DataError, match="no folder for domain 'none'"):
        check_layout("tested", data={"root": str(tmp_path), "domains": ["none"]})


def test_every_rule_has_a_layout_that_breaks_it() -> None:
    assert [rule.__name__ for rule in RULES["layout"]] == list(BROKEN)


@pytest.mark.parametrize(
    ("rule", "layout", "message"),
    [(rule, *each) for rule, found in BROKEN.items() for each in found],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_layout_that_breaks_one_rule_is_told_so(
    rule: str, layout: type[Layout], message: str, register: Register
) -> None:
    register(layout)
    (words,) = {(r.__doc__ or "") for r in RULES["layout"] if r.__name__ == rule}
    with pytest.raises(AssertionError) as caught:
        check_layout("tested")
    assert message in str(caught.value)
    assert str(caught.value).startswith(words.partition("\n")[0])


@pytest.mark.parametrize("name", ["unpaired", "paired", "images"])
def test_our_layouts_keep_the_rules(name: str) -> None:
    check_layout(name)


def test_our_layouts_that_need_other_folders_keep_the_rules(
    image_folder: Any, tmp_path: Path
) -> None:
    for label in ("7", "8"):
        image_folder(f"digits/train/{label}", 2)
    image_folder("pairs", 2), image_folder("pairs/c", 2)
    for number in range(2):
        (tmp_path / f"pairs/{number:04}.png").rename(tmp_path / f"pairs/{number}_in.png")
        (tmp_path / f"pairs/c/{number:04}.png").rename(tmp_path / f"pairs/{number}_out.png")
    (tmp_path / "pairs.csv").write_text(
        "\n".join(f"pairs/{n}_in.png,pairs/{n}_out.png" for n in range(2))
    )
    image_folder("text", 2)
    (tmp_path / "text/captions.jsonl").write_text(
        "".join(f'{{"file": "{n:04}.png", "text": "a disc"}}\n' for n in range(2))
    )
    root = {"root": str(tmp_path)}
    check_layout("labelled", data={**root, "domains": ["digits"]})
    check_layout("captioned", data={**root, "domains": ["text"]})
    check_layout("suffix", data={**root, "domains": ["pairs"]}, source="_in", target="_out")
    check_layout("csv", data={**root, "domains": ["in", "out"]}, file="pairs.csv")
    joined = {"root": str(tmp_path / "pairs"), "domains": ["l", "r"]}
    check_layout("side-by-side", data=joined, sides=["l", "r"])
    with pytest.raises(ConfigError, match=r"not tried, give it a folder by data\.root"):
        check_layout("labelled")


def test_the_layout_of_the_guide_keeps_the_rules(
    register_plugin: Callable[..., object], tmp_path: Path
) -> None:
    guide = (ROOT / "plugins/README.md").read_text()
    code = guide.partition("## A layout\n")[2].partition("```python\n")[2].partition("```")[0]
    (tmp_path / "frames.py").write_text(code)
    spec = spec_from_file_location("frames", tmp_path / "frames.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    register_plugin(module, "frames:frames")
    check_layout("frames")
    check_layout("frames", step=2)


def test_the_command_checks_layouts(
    register: Register, run_command: Callable[..., CommandResult]
) -> None:
    register(Plain)
    done = run_command("plugins", "check", "tested")
    assert done.code == 2
    assert "not a named tuple" in done.out
    ours = run_command("plugins", "check", "labelled")
    assert (ours.code, "give it a folder" in ours.out) == (0, True)
