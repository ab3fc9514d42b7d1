"""Each domain has its own number of channels, and label maps are never blended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_runs
import torch
from PIL import Image
from small_data import load_batch

from translate.engine.config import layers
from translate.engine.config.schema import Data
from translate.engine.config.value_types import of_domain
from translate.engine.data import check
from translate.engine.models import model as infer
from translate.errors import ConfigError
from translate.images.source import read_image
from translate.images.tensors import as_tensor


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a folder with colour images ``a`` and one-bit masks ``b`` of the same names."""
    (tmp_path / "b").mkdir()
    for path in sorted(image_folder("a", 4).iterdir()):
        image = Image.open(path)
        red = np.asarray(image)[..., 0]
        Image.fromarray(np.dstack([red, red // 2, red // 3])).save(path)
        image.convert("1").save(tmp_path / "b" / path.name)
    return tmp_path


@pytest.mark.parametrize("layout", ["paired", "unpaired"])
@pytest.mark.parametrize("cache", [2.0, 0.0])
def test_case_27_each_domain_is_read_with_its_own_channels(
    root: Path, layout: str, cache: float
) -> None:
    settings = {"size": 32, "resize": "none", "flip": False, "cache": cache, "layout": layout}
    config = Data(root=root, domains=("a", "b"), channels={"a": 3, "b": 1}, **settings)
    result = load_batch(config)
    assert (result.source.shape, result.target.shape) == ((4, 3, 32, 32), (4, 1, 32, 32))
    spec = check.open_layout(config).spec
    masks = [as_tensor(read_image(path, channels=1)) for path in (root / "b").iterdir()]
    assert all(any(torch.equal(mask, target) for mask in masks) for target in result.target)
    assert (spec.source.channels, spec.target.channels) == (3, 1)
    reversed_domains = Data(root=root, domains=("b", "a"), channels={"a": 3, "b": 1}, **settings)
    assert load_batch(reversed_domains).source.shape[1] == 1


def test_halves_of_one_file_have_their_own_channels(root: Path) -> None:
    (root / "joined").mkdir()
    for path in sorted((root / "a").iterdir()):
        halves = [np.asarray(Image.open(root / d / path.name).convert("RGB")) for d in "ab"]
        Image.fromarray(np.hstack(halves)).save(root / "joined" / path.name)
    config = Data(
        root=root / "joined", domains=("a", "b"),
        layout={"name": "side-by-side", "sides": ["a", "b"]},
        channels={"b": 1}, size=32, resize="none", flip=False,
    )  # fmt: skip
    result = load_batch(config)
    assert (result.source.shape[1], result.target.shape[1]) == (3, 1)
    assert set(result.target.unique().tolist()) <= {0, 255}


@pytest.mark.parametrize("recipe", ["pix2pix", "cyclegan"])
def test_case_27_a_model_translates_colour_to_gray(recipe: str, root: Path) -> None:
    options = {"options__identity_weight": 0} if recipe == "cyclegan" else {}
    training = {"train__steps": 1, "train__preview_every": 1}
    config = small_runs.config(root, recipe, data__channels={"b": 1}, **training, **options)
    small_runs.train(config, root / "run")
    assert read_image(root / "run/previews/step-00000001.png").shape[1] > 4 * 16
    model, _ = infer.load(root / "run", device="cpu")
    assert model.channels("b") == (3, 1)
    (output,) = model.translate([read_image(root / "a/0000.png")], "b")
    assert output is not None and output.shape == (32, 32, 1)
    small_runs.resume(root / "run", steps=2)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("cyclegan", "identity_weight: an image of 3 channels cannot equal one of 1: set it to 0"),
        ("cut", "data.channels: a has 3 and b has 1, and PatchNCE encodes"),
        ("deblurgan", "data.channels: a has 3 and b has 1, and the generator corrects its"),
    ],
)
def test_a_recipe_that_needs_equal_channels_refuses_different_ones(
    recipe: str, message: str, root: Path
) -> None:
    config = small_runs.config(root, recipe, data__channels={"b": 1})
    with pytest.raises(ConfigError, match=message):
        small_runs.train(config, root / "run")


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ([3, 1], 'a mapping from domains to numbers; try --set "data.channels={a: 3, my b: 1}"'),
        ({"a": 3, "my-b": 1}, r"names of domains, not 'my-b' (Did you mean 'my b'?)"),
        ({"a": 0}, "data.channels"),
        (65, "data.channels"),
    ],
)
def test_an_invalid_number_of_channels_is_an_error_with_the_setting_to_type(
    channels: Any, message: str
) -> None:
    document = {"domains": ["a", "photos/my b"], "channels": channels}
    with pytest.raises(ConfigError) as error:
        layers.validate({"recipe": "x", "data": document, "train": {}})
    assert message in str(error.value)


def test_a_domain_is_named_by_its_path_or_its_last_part() -> None:
    for name in ("photos/my b", "my b"):
        config = Data(domains=("a", "photos/my b"), channels={name: 1}, labels=(name,))
        assert [of_domain(config.channels, d) for d in config.domains] == [None, 1]
        assert [config.is_labels(d) for d in config.domains] == [False, True]


def test_mixed_domains_must_have_equal_channels(root: Path) -> None:
    for domain in "ab":
        lines = "".join(f'{{"file": "{n:04}.png", "text": "x"}}\n' for n in range(4))
        (root / domain / "captions.jsonl").write_text(lines)
    mixed = {"root": root, "domains": ("a", "b"), "layout": "captioned", "size": 32}
    assert load_batch(Data(**mixed, channels=1)).images.shape[1] == 1
    for changes in ({"channels": {"a": 3, "b": 1}}, {"channels": {"b": 1}}, {"labels": ("a",)}):
        with pytest.raises(ConfigError, match="'captioned' mixes the images of a and b"):
            check.open_layout(Data(**mixed, **changes))
