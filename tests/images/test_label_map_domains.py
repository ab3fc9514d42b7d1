"""Domains of label maps: classes are read, scaled and augmented without new values."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import small_runs
import torch
from PIL import Image
from small_data import load_batch

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

COLOURS = np.random.default_rng(3).permutation(256 * 3).reshape(256, 3).astype(np.uint8)
"""the colours of a palette, by index"""


def write_maps(folder: Path, *, palette: bool, dtype: str = "uint8") -> Path:
    """Write three label maps of 19 classes in blocks of 7x7, as palette or gray images."""
    folder.mkdir(parents=True)
    for number in range(3):
        random = np.random.default_rng(number)
        classes = np.kron(random.integers(0, 19, (7, 7)), np.ones((7, 7), int))
        image = Image.fromarray(classes.astype(dtype))
        if palette:
            image.putpalette(COLOURS.tobytes())
        image.save(folder / f"{number}.png")
    return folder


def colours_in(folder: Path, channels: int = 3) -> set[tuple[int, ...]]:
    """Return the set of pixel values in the files of label maps."""
    domain = Domain("", channels, labels=True)
    images = [domain_images.read(path, domain) for path in folder.glob("*.png")]
    return {tuple(pixel) for image in images for pixel in image.reshape(-1, channels).tolist()}


def count_unknown(images: torch.Tensor, colours: set[tuple[int, ...]]) -> int:
    """Return the number of pixels of `images` with other values than `colours`."""
    pixels = images.permute(0, 2, 3, 1).reshape(-1, images.shape[1]).tolist()
    return sum(tuple(pixel) not in colours for pixel in pixels)


@pytest.mark.parametrize("layout", ["paired", "unpaired"])
@pytest.mark.parametrize("cache", [2.0, 0.0])
@pytest.mark.parametrize("resize", [None, [20, 90], "fit", 16])
def test_D25_palettes_are_read_as_label_maps_and_never_blended(
    layout: str, cache: float, resize: Any, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    for path in write_maps(tmp_path / "maps", palette=True).iterdir():
        Image.fromarray(np.zeros((49, 49, 3), np.uint8)).save(tmp_path / "photos" / path.name)
    settings = {"root": tmp_path, "size": 16, "layout": layout, "cache": cache, "resize": resize}
    colours = colours_in(tmp_path / "maps")
    assert len(colours) == 19
    for domains in (("maps", "photos"), ("photos", "maps")):
        result = load_batch(Data(domains=domains, **settings))
        assert count_unknown(result[domains.index("maps")], colours) == 0
    as_photographs = load_batch(Data(domains=("maps", "photos"), labels=(), **settings))
    assert count_unknown(as_photographs.source, colours) > 0


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_D25_class_numbers_are_unchanged_in_any_bit_depth(
    dtype: str, channels: int, tmp_path: Path
) -> None:
    write_maps(tmp_path / "numbers", palette=False, dtype=dtype)
    settings = {"root": tmp_path, "domains": ("numbers",), "layout": "images", "size": 16}
    result = load_batch(Data(labels=("numbers",), channels=channels, resize=(20, 90), **settings))
    assert set(result.images.unique().tolist()) <= set(range(19))
    assert count_unknown(result.images, colours_in(tmp_path / "numbers", channels)) == 0


def test_D25_a_palette_read_with_one_channel_gives_its_indices(tmp_path: Path) -> None:
    write_maps(tmp_path / "maps", palette=True)
    settings = {"root": tmp_path, "domains": ("maps",), "layout": "images", "size": 16}
    result = load_batch(Data(channels={"maps": 1}, **settings))
    assert set(result.images.unique().tolist()) <= set(range(19))


def test_D25_class_numbers_above_255_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    numbers = np.array([[0, 300]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a/x.png")
    with pytest.raises(BadImage, match="values up to 300: expected classes from 0 to 255"):
        domain_images.read(tmp_path / "a/x.png", Domain("", 1, labels=True))


def test_D25_inputs_of_a_model_are_scaled_by_nearest_neighbour(tmp_path: Path) -> None:
    folder = write_maps(tmp_path / "in", palette=True)
    spec = ImageSpec((32, 32), (Domain("maps", labels=True), Domain("photos")))
    inputs: list[Any] = []
    model = Model("x", "x", spec, recipe=InputRecorder(inputs, spec))
    Translator._of(model).folder(folder, tmp_path / "out", size=30)
    for path in sorted(folder.glob("*.png")):
        Translator._of(model)(path, size=20)
        Translator._of(model)(Image.open(path), size=70, scale_back=True)
    assert len(inputs) == 3 * 3  # each image once by `folder`, and twice by the translator
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
    label_map = COLOURS[classes] if coloured else np.dstack([classes] * 3)
    for number in range(4):
        photo = random.integers(0, 256, (32, 32, 3)).astype(np.uint8)
        Image.fromarray(np.hstack([photo, label_map])).save(folder / f"{number}.png")
    sides = ("photo", "map")
    config = Data(
        root=tmp_path, domains=("map", "photo"), layout={"name": "side-by-side", "sides": sides},
        labels=("map",),
        channels={"map": 1}, size=32, resize="none", flip=False,
    )  # fmt: skip
    layout = check.open_layout(config)
    inputs: list[Any] = []
    model = Model("x", "x", layout.spec, recipe=InputRecorder(inputs, layout.spec))
    if coloured:
        transform = Augment(config, layout.spec, read_image).item(Random(0))
        with pytest.raises(BadImage, match="a label map in colours"):
            layout.load(layout.pick(0, Random(0)), transform)
        with pytest.raises(BadImage, match="a label map in colours"):
            Translator._of(model)(folder / "0.png", side="map")
        return
    assert (load_batch(config).source.numpy() == classes).all()
    Translator._of(model)(folder / "0.png", side="map")
    Translator._of(model).folder(folder, tmp_path / "out", side="map")
    assert len(inputs) == 1 + 4
    for labels in inputs:
        assert ((labels + 1).mul(127.5).round().numpy() == classes).all()


class InputRecorder(Recipe[Any]):
    """A recipe that returns its inputs, and adds them to the list `inputs`."""

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
    config = small_runs.config(tmp_path, "pix2pix", train__steps=1)
    small_runs.train(config, tmp_path / "run", recorder)
    assert "label maps: a, as all sampled images have a palette" in str(recorder)
    assert "b: values from 0 to 18 of 255" in str(recorder)
    assert "--set data.labels=[b]" in str(recorder)
    model, _ = infer.load(tmp_path / "run", device="cpu")
    assert model.source_and_target("b") == (Domain("a", labels=True), Domain("b"))
    findings = check_images(Data(root=tmp_path, domains=("a", "b"), size=64))
    messages = "\n".join(finding.message for finding in findings)
    assert "label maps: a, as all sampled images" in messages
    assert "b: values from 0 to 18 of 255" in messages
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
def test_D25_augmentations_of_label_maps_create_no_new_values(
    augmentation: dict[str, Any], tmp_path: Path
) -> None:
    folder = write_maps(tmp_path / "maps", palette=True)
    write_maps(tmp_path / "photos", palette=False)
    config = Data(
        root=tmp_path, domains=("maps", "photos"), layout="paired", size=24,
        augment=({**augmentation, "p": 1.0},),
    )  # fmt: skip
    border_colour = (0, 0, 0)
    assert count_unknown(load_batch(config).source, colours_in(folder) | {border_colour}) == 0


def test_D25_colour_augmentation_of_label_maps_is_refused(tmp_path: Path) -> None:
    write_maps(tmp_path / "maps", palette=True)
    write_maps(tmp_path / "photos", palette=False)
    jitter = {"name": "ColorJitter", "to": "source"}
    config = Data(root=tmp_path, domains=("maps", "photos"), size=16, augment=(jitter,))
    with pytest.raises(ConfigError, match=r"ColorJitter changes colours, .* Try to: target"):
        load_batch(config)
