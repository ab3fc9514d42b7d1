"""Each domain has its own number of channels, and label maps are never blended."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import small_runs
import torch
from PIL import Image
from specs import image_spec

from translate.api import Translator
from translate.batches import Domain, ImageSpec, Pair
from translate.engine.config import layers
from translate.engine.config.schema import Data
from translate.engine.data import check, loader
from translate.engine.data.blank import Blank
from translate.engine.data.transform import Augment
from translate.engine.inference import model as infer
from translate.engine.inference.model import Model
from translate.errors import BadImage, ConfigError
from translate.images import domain_images
from translate.images.source import read_image
from translate.images.tensors import as_tensor
from translate.insight.dataset import check_images
from translate.recipe import Recipe

Pictures = Callable[..., Path]


@pytest.fixture
def root(image_folder: Pictures, tmp_path: Path) -> Path:
    """Return a folder of colour images ``a`` and of masks in one bit, ``b``, by equal names."""
    for path in sorted(image_folder("a", 4).iterdir()):
        (tmp_path / "b").mkdir(exist_ok=True)
        colour = Image.open(path)
        Image.merge("RGB", [colour.getchannel(0).point(lambda v, n=n: v // n) for n in (1, 2, 3)]
                    ).save(path)  # fmt: skip
        colour.convert("1").save(tmp_path / "b" / path.name)
    return tmp_path


def batch(asked: Data, step: int = 0) -> Any:
    """Return one batch of four items."""
    prepared = check.check_data(check.open_layout(asked), asked)
    reading = loader.batches(prepared, asked, seed=0, batch_size=4, start=step, stop=step + 1)
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
    layout_of = check.open_layout(asked)
    masks = {as_tensor(read_image(p, channels=1)) for p in (root / "b").iterdir()}
    assert all(any(torch.equal(mask, one) for mask in masks) for one in found.target)
    assert (layout_of.spec.source.channels, layout_of.spec.target.channels) == (3, 1)
    swapped = Data(root=root, domains=("b", "a"), channels={"a": 3, "b": 1}, **whole)
    assert batch(swapped).source.shape[1] == 1


def test_halves_of_one_file_have_their_own_channels(root: Path) -> None:
    (root / "joined").mkdir()
    for path in sorted((root / "a").iterdir()):
        both = [np.asarray(Image.open(root / d / path.name).convert("RGB")) for d in "ab"]
        Image.fromarray(np.hstack(both)).save(root / "joined" / path.name)
    asked = Data(
        root=root / "joined", domains=("a", "b"),
        layout={"name": "side-by-side", "sides": ["a", "b"]},
        channels={"b": 1}, size=32, resize="none", flip=False,
    )  # fmt: skip
    found = batch(asked)
    assert (found.source.shape[1], found.target.shape[1]) == (3, 1)
    assert set(found.target.unique().tolist()) <= {0, 255}


@pytest.mark.parametrize("recipe", ["pix2pix", "cyclegan"])
def test_case_27_colour_goes_in_and_gray_comes_out(recipe: str, root: Path) -> None:
    identity = {"options__identity_weight": 0} if recipe == "cyclegan" else {}
    once = {"train__steps": 1, "train__preview_every": 1}
    asked = small_runs.config(root, recipe, data__channels={"a": 3, "b": 1}, **once, **identity)
    small_runs.train(asked, root / "run")
    assert read_image(root / "run/previews/step-00000001.png").shape[1] > 4 * 16
    model, _ = infer.load(root / "run", device="cpu")
    assert model.channels("b") == (3, 1)
    (drawn,) = model.translate([read_image(root / "a/0000.png")], "b")
    assert drawn is not None and drawn.shape == (32, 32, 1)
    small_runs.resume(root / "run", steps=2)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("cyclegan", "identity_weight: an image of 3 channels cannot equal one of 1: set it to 0"),
        ("cut", "data.channels: source and output have one encoder"),
        ("deblurgan", "data.channels: images of 3 channels cannot be corrected to 1"),
    ],
)
def test_a_recipe_that_needs_equal_channels_says_so(recipe: str, said: str, root: Path) -> None:
    asked = small_runs.config(root, recipe, data__channels={"b": 1})
    with pytest.raises(ConfigError, match=said):
        small_runs.train(asked, root / "run")


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
        layers.validate({"recipe": "x", "data": document, "train": {}})
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
            check.open_layout(Data(**mixed, **given))


def test_blank_crops_have_the_channels_of_their_roles() -> None:
    blank = Blank((4, 6), image_spec((4, 6), "ab", 3, 1))
    read = blank.read(Path("x"))
    pair = Pair(*blank(read, read))
    assert (pair.source.shape, pair.target.shape) == ((3, 4, 6), (1, 4, 6))
    assert blank(read, roles=("target",))[0].shape == (1, 4, 6)
    assert blank.roles == {"source", "target"}


# -- label maps ------------------------------------------------------------------------------------

COLOURS = np.random.default_rng(3).permutation(256 * 3).reshape(256, 3).astype(np.uint8)


def maps(folder: Path, *, palette: bool, deep: bool = False, count: int = 3) -> Path:
    """Write maps of 19 classes in blocks of odd sizes: as palette images, or as numbers."""
    folder.mkdir(parents=True)
    for number in range(count):
        random = np.random.default_rng(number)
        classes = np.kron(random.integers(0, 19, (7, 7)), np.ones((7, 7), int)).astype(np.uint8)
        picture = Image.fromarray(classes.astype(np.uint16) if deep else classes)
        if palette:
            picture.putpalette(COLOURS.tobytes())
        picture.save(folder / f"{number}.png")
    return folder


def colours(folder: Path, channels: int = 3) -> set[tuple[int, ...]]:
    """Return what occurs in the files, as they are read pixel by pixel."""
    kind = Domain("", channels, labels=True)
    read = [domain_images.read(path, kind) for path in folder.glob("*.png")]
    return {tuple(pixel) for pixels in read for pixel in pixels.reshape(-1, channels).tolist()}


def strange(crops: torch.Tensor, known: set[tuple[int, ...]]) -> int:
    """Return how many pixels of `crops` are of no class."""
    pixels = crops.permute(0, 2, 3, 1).reshape(-1, crops.shape[1]).tolist()
    return sum(tuple(pixel) not in known for pixel in pixels)


@pytest.mark.parametrize("layout", ["paired", "unpaired"])
@pytest.mark.parametrize("cache", [2.0, 0.0])
@pytest.mark.parametrize("resize", [None, [20, 90], "fit", 16])
def test_D25_palettes_are_read_as_label_maps_and_never_blended(
    layout: str, cache: float, resize: Any, tmp_path: Path
) -> None:
    maps(tmp_path / "maps", palette=True)
    for path in (tmp_path / "maps").iterdir():
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(np.zeros((49, 49, 3), np.uint8)).save(tmp_path / "photos" / path.name)
    usual = {"root": tmp_path, "size": 16, "layout": layout, "cache": cache, "resize": resize}
    known = colours(tmp_path / "maps")
    assert len(known) == 19
    for domains in (("maps", "photos"), ("photos", "maps")):
        found = batch(Data(domains=domains, **usual))
        assert strange(found[domains.index("maps")], known) == 0
    blended = batch(Data(domains=("maps", "photos"), labels=(), **usual))
    assert strange(blended.source, known) > 0


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_D25_numbers_of_classes_stay_what_they_are_in_any_depth(
    deep: bool, channels: int, tmp_path: Path
) -> None:
    maps(tmp_path / "numbers", palette=False, deep=deep)
    one = {"root": tmp_path, "domains": ("numbers",), "layout": "images", "size": 16}
    found = batch(Data(labels=("numbers",), channels=channels, resize=(20, 90), **one))
    assert set(found.images.unique().tolist()) <= set(range(19))
    assert strange(found.images, colours(tmp_path / "numbers", channels)) == 0


def test_D25_a_palette_read_with_one_channel_gives_its_indices(tmp_path: Path) -> None:
    maps(tmp_path / "maps", palette=True)
    given = {"root": tmp_path, "domains": ("maps",), "layout": "images", "size": 16}
    found = batch(Data(channels={"maps": 1}, **given))
    assert set(found.images.unique().tolist()) <= set(range(19))


def test_D25_what_eight_bits_cannot_tell_apart_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    numbers = np.array([[0, 300]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a/x.png")
    with pytest.raises(BadImage, match="numbers up to 300: expected classes from 0 to 255"):
        domain_images.read(tmp_path / "a/x.png", Domain("", 1, labels=True))


def test_D25_infer_scales_label_maps_by_nearest_neighbour(tmp_path: Path) -> None:
    folder = maps(tmp_path / "in", palette=True)
    spec = ImageSpec((32, 32), (Domain("maps", labels=True), Domain("photos")))
    seen: list[Any] = []
    model = Model("x", "x", Watching(seen, spec), spec, (), torch.device("cpu"))
    Translator._of(model).folder(folder, tmp_path / "out", size=30)
    for path in sorted(folder.glob("*.png")):
        Translator._of(model)(path, size=20)
        Translator._of(model)(Image.open(path), size=70, scale_back=True)
    assert len(seen) == 9
    for images_seen in seen:
        levels = (images_seen + 1).mul(127.5).round().byte()
        assert strange(levels, colours(folder)) == 0


@pytest.mark.parametrize("coloured", [False, True])
def test_D25_the_half_of_a_joined_image_is_a_label_map_whatever_the_other_half_is(
    coloured: bool, tmp_path: Path
) -> None:
    random, folder = np.random.default_rng(0), tmp_path / "train"
    folder.mkdir()
    classes = random.integers(0, 19, (32, 32)).astype(np.uint8)
    half = COLOURS[classes] if coloured else np.dstack([classes] * 3)
    for number in range(4):
        photo = random.integers(0, 256, (32, 32, 3)).astype(np.uint8)
        Image.fromarray(np.hstack([photo, half])).save(folder / f"{number}.png")
    sides = ("photo", "map")
    asked = Data(
        root=tmp_path, domains=("map", "photo"), layout={"name": "side-by-side", "sides": sides},
        labels=("map",),
        channels={"map": 1}, size=32, resize="none", flip=False,
    )  # fmt: skip
    layout = check.open_layout(asked)
    seen: list[Any] = []
    model = Model("x", "x", Watching(seen, layout.spec), layout.spec, sides, torch.device("cpu"))
    if coloured:
        reading = Augment(asked, layout.spec, read_image)
        item = reading.item(Random(0))
        with pytest.raises(BadImage, match="a label map in colours"):
            layout.load(layout.pick(0, Random(0)), item)
        with pytest.raises(BadImage, match="a label map in colours"):
            Translator._of(model)(folder / "0.png", side="map")
        return
    assert (batch(asked).source.numpy() == classes).all()
    Translator._of(model)(folder / "0.png", side="map")
    Translator._of(model).folder(folder, tmp_path / "out", side="map")
    assert len(seen) == 5
    for each in seen:
        assert ((each + 1).mul(127.5).round().numpy() == classes).all()


class Watching(Recipe[Any]):
    """Gives back what it gets, and keeps it."""

    def __init__(self, seen: list[Any], spec: ImageSpec) -> None:
        super().__init__()
        self.seen, self.domains = seen, spec.names

    def optimizers(self) -> dict[str, Any]:
        return {}

    def step(self, batch: Any) -> Any:
        raise NotImplementedError

    def translate(self, images: torch.Tensor, *, to: str | None = None) -> torch.Tensor:  # noqa: ARG002
        self.seen.append(images)
        return images


def test_D25_a_run_remembers_which_domains_are_label_maps(tmp_path: Path) -> None:
    maps(tmp_path / "a", palette=True)
    maps(tmp_path / "b", palette=False)
    heard = small_runs.ProgressRecorder()
    small_runs.train(
        small_runs.config(tmp_path, "pix2pix", train__steps=1), tmp_path / "run", heard
    )
    assert "label maps: a, as all images looked at have a palette" in str(heard)
    assert "b: values from 0 to 18 of 255" in str(heard)
    assert "--set data.labels=[b]" in str(heard)
    model, _ = infer.load(tmp_path / "run", device="cpu")
    assert model.source_and_target("b") == (Domain("a", labels=True), Domain("b"))
    said = [
        finding.message
        for finding in check_images(Data(root=tmp_path, domains=("a", "b"), size=64))
    ]
    for line in ("label maps: a, as all images", "b: values from 0 to 18 of 255"):
        assert any(line in what for what in said)
    small_runs.resume(tmp_path / "run", heard, steps=2)
    assert infer.load(tmp_path / "run", device="cpu")[0].spec.source.labels


@pytest.mark.parametrize(
    "listed",
    [
        {"name": "Affine", "rotate": [20, 40], "scale": [0.7, 1.4]},
        {"name": "ElasticTransform", "alpha": 50},
        {"name": "Perspective"},
        {"name": "D4"},
        {"name": "ColorJitter", "brightness": 0.5},
        {"name": "GaussianBlur"},
        {"name": "GaussNoise"},
    ],
)
def test_D25_augmentations_move_label_maps_and_change_no_value(
    listed: dict[str, Any], tmp_path: Path
) -> None:
    folder = maps(tmp_path / "maps", palette=True)
    maps(tmp_path / "photos", palette=False)
    asked = Data(
        root=tmp_path, domains=("maps", "photos"), layout="paired", size=24,
        augment=({**listed, "p": 1.0},),
    )  # fmt: skip
    border = {(0, 0, 0)}  # what comes into sight at the edge
    assert strange(batch(asked).source, colours(folder) | border) == 0


def test_D25_colours_of_label_maps_alone_cannot_be_changed(tmp_path: Path) -> None:
    maps(tmp_path / "maps", palette=True)
    maps(tmp_path / "photos", palette=False)
    jitter = {"name": "ColorJitter", "to": "source"}
    asked = Data(root=tmp_path, domains=("maps", "photos"), size=16, augment=(jitter,))
    with pytest.raises(ConfigError, match=r"ColorJitter changes colours, .* Try to: target"):
        batch(asked)
