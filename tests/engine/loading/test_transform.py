"""Images of an item are scaled, cropped, flipped and augmented, equally for equal random seeds."""

import random
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from small_data import COLOUR, NOISE
from specs import image_spec
from torch import Tensor

from translate.batches import Domain, ImageSpec
from translate.engine.config.schema import Data
from translate.engine.loading import transform
from translate.engine.loading.scaling import scale
from translate.engine.loading.transform import Augment
from translate.errors import BadImage, ConfigError
from translate.images.source import read_image
from translate.images.tensors import as_tensor


def item(augment: tuple[Mapping[str, Any], ...] = (), seed: int = 0, **settings: Any) -> Any:
    """Return the transform of an item."""
    defaults = {"domains": ("a", "b"), "size": 16, "augment": augment}
    data = Data(**{**defaults, **settings})
    number = data.channels if isinstance(data.channels, int) else 3
    spec = ImageSpec(domains=(Domain("a", number),))
    return Augment(data, spec, read_image).item(random.Random(seed))


IMAGE = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8, endpoint=True)


def test_a_crop_is_taken_from_the_scaled_image() -> None:
    (crop,) = item(resize=20, flip=False)(IMAGE)
    assert is_crop(crop, scale(IMAGE, (20, 30), Domain("")))
    assert item(size=(8, 24))(IMAGE)[0].shape == (3, 8, 24)


def is_crop(crop: Tensor, image: Tensor) -> bool:
    """Return whether `image` contains the 16x16 pixels of `crop`."""
    windows = image.unfold(1, 16, 1).unfold(2, 16, 1).permute(1, 2, 0, 3, 4)
    return bool((windows == crop).all((2, 3, 4)).any())


def test_a_range_of_resize_scales_each_item_randomly_and_its_images_equally() -> None:
    sides = range(16, 25, 2)
    scaled = {side: scale(IMAGE, (side, side * 3 // 2), Domain("")) for side in sides}
    output, found_sides = item(resize=(16, 24), flip=False), set()
    for _ in range(60):
        crop, other = output(IMAGE, IMAGE)
        assert torch.equal(crop, other)
        found_sides |= {side for side, image in scaled.items() if is_crop(crop, image)}
    assert found_sides == {*sides}
    (first,), (second,) = (item(resize=(16, 24), seed=5)(IMAGE) for _ in range(2))
    assert torch.equal(first, second)


def test_fit_shrinks_to_the_crop_and_never_enlarges() -> None:
    settings = {"resize": "fit", "flip": False}
    (crop,) = item(**settings)(IMAGE)
    assert is_crop(crop, scale(IMAGE, (16, 24), Domain("")))
    small = IMAGE[:13, :14]
    (padded,) = item(**settings)(small)
    assert torch.equal(padded[:, :13, :14], as_tensor(small))
    assert torch.equal(padded[:, 13:, :14], padded[:, 12:13, :14].expand(3, 3, 14))
    assert torch.equal(padded[..., 14:], padded[..., 13:14].expand(3, 16, 2))


def test_arrays_read_by_a_layout_get_the_channels_of_the_run() -> None:
    gray = IMAGE[..., :1]
    (colour,) = item(resize="none", flip=False)(gray[:16, :16])
    assert torch.equal(colour, as_tensor(gray[:16, :16]).expand(3, 16, 16))


def test_a_small_or_narrow_image_is_enlarged_to_cover_the_crop() -> None:
    for shape in ((1, 1, 3), (4, 90, 3), (90, 4, 3)):
        for resize in ("none", None, 16):
            (crop,) = item(resize=resize)(np.full(shape, 9, np.uint8))
            assert crop.shape == (3, 16, 16)
            assert (crop == 9).all()
    (crop,) = item(resize="none", flip=False, size=(40, 60))(IMAGE)
    assert torch.equal(crop, as_tensor(IMAGE))


def test_half_of_the_images_are_flipped_unless_flip_is_off() -> None:
    settings = {"resize": "none", "size": (40, 60)}
    image = as_tensor(IMAGE)
    is_equal = [torch.equal(item(seed=seed, **settings)(IMAGE)[0], image) for seed in range(200)]
    assert 70 < sum(is_equal) < 130
    seed = is_equal.index(False)
    assert torch.equal(item(seed=seed, **settings)(IMAGE)[0], image.flip(2))
    assert torch.equal(item(seed=seed, flip=False, **settings)(IMAGE)[0], image)


@pytest.mark.parametrize(
    "augmentation",
    [
        {"name": "Affine", "rotate": [20, 40]},
        {"name": "D4"},
        {"name": "ElasticTransform", "alpha": 50},
        {"name": "CoarseDropout"},
    ],
)
def test_geometric_transforms_are_equal_for_both_images_of_a_pair(
    augmentation: Mapping[str, Any],
) -> None:
    changed_count = 0
    for seed in range(5):
        source, target = item(({**augmentation, "p": 1.0, "to": "source"},), seed)(IMAGE, IMAGE)
        assert torch.equal(source, target)
        changed_count += not torch.equal(source, item((), seed)(IMAGE)[0])
    assert changed_count > 1


@pytest.mark.parametrize("augmentation", [COLOUR, NOISE])
def test_colour_and_noise_apply_to_the_selected_domain(augmentation: Mapping[str, Any]) -> None:
    unchanged = item()(IMAGE)[0]
    for to in ("source", "target", "both"):
        source, target = item(({**augmentation, "to": to},))(IMAGE, IMAGE)
        assert torch.equal(source, unchanged) == (to == "target")
        assert torch.equal(target, unchanged) == (to == "source")
    source, target = item((augmentation,))(IMAGE, IMAGE)
    assert torch.equal(source, target), "by default both are changed, and equally"
    augment = item(({**augmentation, "to": "source"},))
    assert torch.equal(augment(IMAGE, roles=("target",))[0], unchanged)


def test_two_calls_differ_and_are_repeated_by_the_same_seed() -> None:
    first, second = (item((NOISE,), 3) for _ in range(2))
    calls = [transform(IMAGE)[0] for transform in (first, first, second, second)]
    assert not torch.equal(calls[0], calls[1])
    assert torch.equal(calls[0], calls[2])
    assert torch.equal(calls[1], calls[3])


def test_augmentation_never_changes_cached_images() -> None:
    settings = {"resize": "none", "size": (40, 60), "flip": False}
    original = IMAGE.copy()
    original.flags.writeable = False
    item((COLOUR, NOISE, {"name": "CoarseDropout", "p": 1.0}), **settings)(original)
    assert (original == IMAGE).all()


def test_gray_images_are_augmented_too() -> None:
    gray = IMAGE[..., :1]
    (crop,) = item((NOISE, {"name": "RandomBrightnessContrast", "p": 1.0}), channels=1)(gray)
    assert crop.shape == (1, 16, 16)


def test_16_bits_become_8() -> None:
    image_16_bit = IMAGE.astype(np.uint16) * 257
    settings = {"resize": "none", "size": (40, 60)}
    assert torch.equal(item(**settings)(image_16_bit)[0], item(**settings)(IMAGE)[0])


@pytest.mark.parametrize(
    ("augmentation", "message"),
    [
        ({"name": "ColorJiter"}, r"there is no 'ColorJiter'\. Did you mean 'ColorJitter'\?"),
        ({"brightness": 1}, r"there is no None"),
        ({"name": "Compose"}, r"there is no 'Compose'"),
        ({**COLOUR, "to": "sauce"}, r"ColorJitter, to: 'sauce'\. Did you mean 'source'\?"),
        (
            {**COLOUR, "brightnes": 1},
            r"ColorJitter has no 'brightnes'\. Did you mean 'brightness'\?",
        ),
        ({**COLOUR, "brightness": "x"}, r"ColorJitter: .*brightness.*valid tuple"),
        ({"name": "RandomCrop", "height": 4, "width": 4}, "RandomCrop changes the size"),
        ({"name": "ToFloat"}, "ToFloat changes the size or type"),
    ],
)
def test_an_unknown_augmentation_is_named(augmentation: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"data.augment: {message}"):
        item((augmentation,))


def test_an_error_in_a_crop_names_the_file(tmp_path: Path) -> None:
    def read(path: Path) -> NDArray[np.uint8]:  # noqa: ARG001
        return np.zeros((1, 3_000_000, 3), np.uint8)

    settings = Data(root=tmp_path, domains=("one",), size=64)
    item = Augment(settings, image_spec((64, 64), ("one",)), read).item(Random(0))
    with pytest.raises(BadImage, match="3000000x1 pixels would become") as error:
        item(item.read(tmp_path / "x.png"))
    assert error.value.path == tmp_path / "x.png"


def test_a_very_long_image_is_accepted_if_it_is_scaled_down() -> None:
    settings = Data(root=Path(), domains=("one",), size=64, resize="fit")
    transform.require_size(settings, 1, 170_000_000)
    with pytest.raises(ValueError, match="would become"):
        transform.require_size(settings.model_copy(update={"resize": "none"}), 1, 170_000_000)
