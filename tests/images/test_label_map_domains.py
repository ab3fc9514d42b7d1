"""Domains of label maps: classes are read, scaled and augmented without new values."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import small_runs
import torch
from first_batch import batch
from PIL import Image

from translate.api import Translator
from translate.batches import Domain, ImageSpec
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.loading.transform import Augment
from translate.engine.models import model as infer
from translate.engine.models.model import Model
from translate.errors import BadImage, ConfigError
from translate.images.domains import domain_images
from translate.images.source import read_image
from translate.insight.dataset import check_images
from translate.recipe import Recipe

ImageFolder = Callable[..., Path]


COLOURS = np.random.default_rng(3).permutation(256 * 3).reshape(256, 3).astype(np.uint8)


def write_maps(folder: Path, *, palette: bool, deep: bool = False, count: int = 3) -> Path:
    """Write label maps of 19 classes in blocks, as palette images or as numbers."""
    folder.mkdir(parents=True)
    for number in range(count):
        random = np.random.default_rng(number)
        classes = np.kron(random.integers(0, 19, (7, 7)), np.ones((7, 7), int)).astype(np.uint8)
        image = Image.fromarray(classes.astype(np.uint16) if deep else classes)
        if palette:
            image.putpalette(COLOURS.tobytes())
        image.save(folder / f"{number}.png")
    return folder


def colours_in(folder: Path, channels: int = 3) -> set[tuple[int, ...]]:
    """Return the set of pixel values in the files."""
    kind = Domain("", channels, labels=True)
    read = [domain_images.read(path, kind) for path in folder.glob("*.png")]
    return {tuple(pixel) for pixels in read for pixel in pixels.reshape(-1, channels).tolist()}


def count_unknown(crops: torch.Tensor, known: set[tuple[int, ...]]) -> int:
    """Return the number of pixels of `crops` that are of no class."""
    pixels = crops.permute(0, 2, 3, 1).reshape(-1, crops.shape[1]).tolist()
    return sum(tuple(pixel) not in known for pixel in pixels)


@pytest.mark.parametrize("layout", ["paired", "unpaired"])
@pytest.mark.parametrize("cache", [2.0, 0.0])
@pytest.mark.parametrize("resize", [None, [20, 90], "fit", 16])
def test_D25_palettes_are_read_as_label_maps_and_never_blended(
    layout: str, cache: float, resize: Any, tmp_path: Path
) -> None:
    write_maps(tmp_path / "maps", palette=True)
    for path in (tmp_path / "maps").iterdir():
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(np.zeros((49, 49, 3), np.uint8)).save(tmp_path / "photos" / path.name)
    settings = {"root": tmp_path, "size": 16, "layout": layout, "cache": cache, "resize": resize}
    known = colours_in(tmp_path / "maps")
    assert len(known) == 19
    for domains in (("maps", "photos"), ("photos", "maps")):
        result = batch(Data(domains=domains, **settings))
        assert count_unknown(result[domains.index("maps")], known) == 0
    blended = batch(Data(domains=("maps", "photos"), labels=(), **settings))
    assert count_unknown(blended.source, known) > 0


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_D25_class_numbers_are_unchanged_in_any_depth(
    deep: bool, channels: int, tmp_path: Path
) -> None:
    write_maps(tmp_path / "numbers", palette=False, deep=deep)
    settings = {"root": tmp_path, "domains": ("numbers",), "layout": "images", "size": 16}
    result = batch(Data(labels=("numbers",), channels=channels, resize=(20, 90), **settings))
    assert set(result.images.unique().tolist()) <= set(range(19))
    assert count_unknown(result.images, colours_in(tmp_path / "numbers", channels)) == 0


def test_D25_a_palette_read_with_one_channel_gives_its_indices(tmp_path: Path) -> None:
    write_maps(tmp_path / "maps", palette=True)
    settings = {"root": tmp_path, "domains": ("maps",), "layout": "images", "size": 16}
    result = batch(Data(channels={"maps": 1}, **settings))
    assert set(result.images.unique().tolist()) <= set(range(19))


def test_D25_class_numbers_above_255_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    numbers = np.array([[0, 300]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a/x.png")
    with pytest.raises(BadImage, match="values up to 300: expected classes from 0 to 255"):
        domain_images.read(tmp_path / "a/x.png", Domain("", 1, labels=True))


def test_D25_infer_scales_label_maps_by_nearest_neighbour(tmp_path: Path) -> None:
    folder = write_maps(tmp_path / "in", palette=True)
    spec = ImageSpec((32, 32), (Domain("maps", labels=True), Domain("photos")))
    inputs: list[Any] = []
    model = Model("x", "x", spec, recipe=RecordsInputs(inputs, spec))
    Translator._of(model).folder(folder, tmp_path / "out", size=30)
    for path in sorted(folder.glob("*.png")):
        Translator._of(model)(path, size=20)
        Translator._of(model)(Image.open(path), size=70, scale_back=True)
    assert len(inputs) == 9
    for images in inputs:
        levels = (images + 1).mul(127.5).round().byte()
        assert count_unknown(levels, colours_in(folder)) == 0


@pytest.mark.parametrize("coloured", [False, True])
def test_D25_half_of_a_side_by_side_image_can_be_a_label_map(
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
    config = Data(
        root=tmp_path, domains=("map", "photo"), layout={"name": "side-by-side", "sides": sides},
        labels=("map",),
        channels={"map": 1}, size=32, resize="none", flip=False,
    )  # fmt: skip
    layout = check.open_layout(config)
    inputs: list[Any] = []
    model = Model("x", "x", layout.spec, recipe=RecordsInputs(inputs, layout.spec))
    if coloured:
        stream = Augment(config, layout.spec, read_image)
        item = stream.item(Random(0))
        with pytest.raises(BadImage, match="a label map in colours"):
            layout.load(layout.pick(0, Random(0)), item)
        with pytest.raises(BadImage, match="a label map in colours"):
            Translator._of(model)(folder / "0.png", side="map")
        return
    assert (batch(config).source.numpy() == classes).all()
    Translator._of(model)(folder / "0.png", side="map")
    Translator._of(model).folder(folder, tmp_path / "out", side="map")
    assert len(inputs) == 5
    for labels in inputs:
        assert ((labels + 1).mul(127.5).round().numpy() == classes).all()


class RecordsInputs(Recipe[Any]):
    """Returns its inputs, and records them."""

    def __init__(self, inputs: list[Any], spec: ImageSpec) -> None:
        super().__init__()
        self.inputs, self.domains = inputs, spec.names

    def optimizers(self) -> dict[str, Any]:
        return {}

    def step(self, batch: Any) -> Any:
        raise NotImplementedError

    def translate(self, images: torch.Tensor, *, to: str | None = None) -> torch.Tensor:  # noqa: ARG002
        self.inputs.append(images)
        return images


def test_D25_a_run_records_which_domains_are_label_maps(tmp_path: Path) -> None:
    write_maps(tmp_path / "a", palette=True)
    write_maps(tmp_path / "b", palette=False)
    recorder = small_runs.ProgressRecorder()
    small_runs.train(
        small_runs.config(tmp_path, "pix2pix", train__steps=1), tmp_path / "run", recorder
    )
    assert "label maps: a, as all sampled images have a palette" in str(recorder)
    assert "b: values from 0 to 18 of 255" in str(recorder)
    assert "--set data.labels=[b]" in str(recorder)
    model, _ = infer.load(tmp_path / "run", device="cpu")
    assert model.source_and_target("b") == (Domain("a", labels=True), Domain("b"))
    message = [
        finding.message
        for finding in check_images(Data(root=tmp_path, domains=("a", "b"), size=64))
    ]
    for line in ("label maps: a, as all sampled images", "b: values from 0 to 18 of 255"):
        assert any(line in what for what in message)
    small_runs.resume(tmp_path / "run", recorder, steps=2)
    assert infer.load(tmp_path / "run", device="cpu")[0].spec.source.labels


@pytest.mark.parametrize(
    "augmentation",
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
    augmentation: dict[str, Any], tmp_path: Path
) -> None:
    folder = write_maps(tmp_path / "maps", palette=True)
    write_maps(tmp_path / "photos", palette=False)
    config = Data(
        root=tmp_path, domains=("maps", "photos"), layout="paired", size=24,
        augment=({**augmentation, "p": 1.0},),
    )  # fmt: skip
    border = {(0, 0, 0)}  # the border colour
    assert count_unknown(batch(config).source, colours_in(folder) | border) == 0


def test_D25_colour_augmentation_of_label_maps_is_refused(tmp_path: Path) -> None:
    write_maps(tmp_path / "maps", palette=True)
    write_maps(tmp_path / "photos", palette=False)
    jitter = {"name": "ColorJitter", "to": "source"}
    config = Data(root=tmp_path, domains=("maps", "photos"), size=16, augment=(jitter,))
    with pytest.raises(ConfigError, match=r"ColorJitter changes colours, .* Try to: target"):
        batch(config)
