"""Each domain has its own number of channels, and label maps are never blended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from PIL import Image

from translate import images
from translate.batches import ImageSpec, Pair
from translate.engine import config, data, infer
from translate.engine.blank import Blank
from translate.engine.config import Data
from translate.errors import ConfigError

Pictures = Callable[..., Path]


@pytest.fixture
def root(pictures: Pictures, tmp_path: Path) -> Path:
    """Return a folder of colour images ``a`` and of masks in one bit, ``b``, by equal names."""
    for path in sorted(pictures("a", 4).iterdir()):
        (tmp_path / "b").mkdir(exist_ok=True)
        colour = Image.open(path)
        Image.merge("RGB", [colour.getchannel(0).point(lambda v, n=n: v // n) for n in (1, 2, 3)]
                    ).save(path)  # fmt: skip
        colour.convert("1").save(tmp_path / "b" / path.name)
    return tmp_path


def batch(asked: Data, step: int = 0) -> Any:
    """Return one batch of four items."""
    prepared = data.check(data.open_layout(asked), asked)
    reading = data.batches(prepared, asked, seed=0, batch_size=4, start=step, stop=step + 1)
    [(found, problems)] = reading
    assert not problems
    return found


# -- channels by domain ----------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["paired", "unpaired"])
@pytest.mark.parametrize("cache", [2.0, 0.0])
def test_case_27_each_domain_is_read_with_its_own_channels(
    root: Path, layout: str, cache: float
) -> None:
    whole = {"size": 32, "resize": "none", "flip": False, "cache": cache, "layout": layout}
    asked = Data(root=root, domains=("a", "b"), channels={"a": 3, "b": 1}, **whole)
    found = batch(asked)
    assert (found.source.shape, found.target.shape) == ((4, 3, 32, 32), (4, 1, 32, 32))
    layout_of = data.open_layout(asked)
    masks = {images.as_tensor(images.read(p, channels=1)) for p in (root / "b").iterdir()}
    assert all(any(torch.equal(mask, one) for mask in masks) for one in found.target)
    assert (layout_of.spec.source_channels, layout_of.spec.target_channels) == (3, 1)
    swapped = Data(root=root, domains=("b", "a"), channels={"a": 3, "b": 1}, **whole)
    assert batch(swapped).source.shape[1] == 1


def test_halves_of_one_file_have_their_own_channels(root: Path) -> None:
    (root / "joined").mkdir()
    for path in sorted((root / "a").iterdir()):
        both = [np.asarray(Image.open(root / d / path.name).convert("RGB")) for d in "ab"]
        Image.fromarray(np.hstack(both)).save(root / "joined" / path.name)
    asked = Data(
        root=root / "joined", domains=("a", "b"), layout="side-by-side", sides=("a", "b"),
        channels={"b": 1}, size=32, resize="none", flip=False,
    )  # fmt: skip
    found = batch(asked)
    assert (found.source.shape[1], found.target.shape[1]) == (3, 1)
    assert set(found.target.unique().tolist()) <= {0, 255}


@pytest.mark.parametrize("recipe", ["pix2pix", "cyclegan"])
def test_case_27_colour_goes_in_and_gray_comes_out(recipe: str, root: Path) -> None:
    identity = {"options__identity_weight": 0} if recipe == "cyclegan" else {}
    asked = tiny.settings(
        root, recipe, data__channels={"a": 3, "b": 1}, train__steps=2, train__preview_every=1,
        **identity,
    )  # fmt: skip
    tiny.start(asked, root / "run")
    assert images.read(root / "run/previews/step-00000002.png").shape[1] > 4 * 16
    model, _ = infer.load(root / "run", device="cpu")
    assert model.channels("b") == (3, 1)
    (drawn,) = model.translate([images.read(root / "a/0000.png")], "b")
    assert drawn is not None and drawn.shape == (32, 32, 1)
    tiny.resume(root / "run", steps=3)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("cyclegan", "identity_weight: no image of 3 channels is one of 1: set it to 0"),
        ("cut", "data.channels: one encoder looks at source and output"),
        ("deblurgan", "data.channels: what is added to 3 channels cannot give 1"),
    ],
)
def test_a_recipe_that_needs_equal_channels_says_so(recipe: str, said: str, root: Path) -> None:
    asked = tiny.settings(root, recipe, data__channels={"b": 1})
    with pytest.raises(ConfigError, match=said):
        tiny.start(asked, root / "run")


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ([3, 1], 'a mapping from domains to numbers; try --set "data.channels={a: 3, my b: 1}"'),
        ({"a": 3, "my-b": 1}, r"names of domains, not 'my-b' (Did you mean 'my b'?)"),
        ({"a": 2}, "data.channels: expected 1 or 3, got {'a': 2}."),
        (4, "data.channels: expected 1 or 3 or a mapping, got 4."),
    ],
)
def test_what_is_no_number_of_channels_is_answered_with_what_to_type(
    channels: Any, said: str
) -> None:
    document = {"domains": ["a", "photos/my b"], "channels": channels}
    with pytest.raises(ConfigError) as error:
        config.validate({"recipe": "x", "data": document, "train": {}})
    assert said in str(error.value)


def test_a_domain_is_named_as_it_is_given_or_by_the_last_part_of_its_path() -> None:
    for name in ("photos/my b", "my b"):
        given = Data(domains=("a", "photos/my b"), channels={name: 1}, labels=(name,))
        assert [given.channels_of(d) for d in given.domains] == [None, 1]
        assert [given.is_labels(d) for d in given.domains] == [False, True]


def test_domains_that_a_layout_mixes_are_read_alike(root: Path) -> None:
    for domain in "ab":
        lines = "".join(f'{{"file": "{n:04}.png", "text": "x"}}\n' for n in range(4))
        (root / domain / "captions.jsonl").write_text(lines)
    mixed = {"root": root, "domains": ("a", "b"), "layout": "captioned", "size": 32}
    assert batch(Data(**mixed, channels=1)).images.shape[1] == 1
    for given in ({"channels": {"a": 3, "b": 1}}, {"channels": {"b": 1}}, {"labels": ("a",)}):
        with pytest.raises(ConfigError, match="'captioned' mixes the images of a and b"):
            data.open_layout(Data(**mixed, **given))


def test_blank_crops_have_the_channels_of_their_roles() -> None:
    blank = Blank((4, 6), ImageSpec(source_channels=3, target_channels=1))
    read = blank.read(Path("x"))
    pair = Pair(*blank(read, read))
    assert (pair.source.shape, pair.target.shape) == ((3, 4, 6), (1, 4, 6))
    assert blank(read, roles=("target",))[0].shape == (1, 4, 6)
    assert blank.roles == {"source", "target"}
