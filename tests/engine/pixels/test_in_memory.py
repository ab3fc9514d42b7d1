"""Images in a list or batch give the results of single images, each with its mask."""

from pathlib import Path

import numpy as np
import pytest
import small_checkpoints
import torch
from hole_filling import FILLER
from identity_models import identity_model
from PIL import Image
from random_images import noise

from translate.api import Translator
from translate.batches import Domain
from translate.errors import ConfigError


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    run = small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "run")
    return Translator.load(run, device="cpu")


def test_a_list_of_images_gives_a_list_in_the_same_order(model: Translator, tmp_path: Path) -> None:
    pixels = [noise(9, 13, 3), noise(5, 4, 3), noise(9, 13)]
    Image.fromarray(pixels[0]).save(tmp_path / "x.png")
    outputs = model([*pixels, tmp_path / "x.png"])
    assert [type(output) for output in outputs] == [np.ndarray] * 3 + [Image.Image]
    for output, image in zip(outputs, pixels, strict=False):
        assert (output == model(image)).all()
    assert (np.asarray(outputs[3]) == outputs[0]).all()
    assert model([]) == [] and model(tuple(pixels[:1]))[0].shape == (9, 13, 3)
    with pytest.raises(ConfigError, match="mask: 1 masks for 2 images"):
        model(pixels[:2], mask=[None])


def test_several_images_have_a_mask_each_or_share_one() -> None:
    pixels = noise(6, 8, 3)
    model, height, width = Translator._of(FILLER), *pixels.shape[:2]
    masks = np.zeros((2, height, width), np.uint8)
    masks[0, 1:3], masks[1, :, 2:4] = 255, 255
    expected = [np.where(mask[..., None], 0, pixels) for mask in masks]
    for separate_masks in ([*masks], masks, masks[..., None]):
        assert np.array_equal(model([pixels, pixels], mask=separate_masks), expected)
    batch = torch.from_numpy(np.stack([pixels, pixels])).permute(0, 3, 1, 2)
    outputs = model(batch, mask=torch.from_numpy(masks)[:, None])
    assert np.array_equal(outputs.permute(0, 2, 3, 1), expected)
    shared = model(batch, mask=masks[0]).permute(0, 2, 3, 1)
    assert np.array_equal(shared, [expected[0]] * 2)
    with pytest.raises(ConfigError, match="a list with a mask or None for each of 2 images"):
        model([pixels, pixels], mask=masks[0])
    with pytest.raises(ConfigError, match="mask: 2 masks for 1 images"):
        model(batch[:1], mask=torch.from_numpy(masks)[:, None])


@pytest.mark.filterwarnings("error")
def test_rounding_of_float64_is_reported_for_measured_values() -> None:
    scans = Translator._of(identity_model(Domain("ct", 1, (-1000.0, 1000.0), "float32")))
    exact, rounded = np.full((4, 4), 0.5), np.full((4, 4), 0.1)
    assert scans(exact).dtype == np.float64
    for image in (rounded, torch.from_numpy(rounded)[None]):
        with pytest.warns(UserWarning, match="float64 is rounded to float32"):
            assert scans(image).dtype == image.dtype
    photographs = Translator._of(identity_model(Domain("photo", 1)))
    assert np.allclose(photographs(rounded), 0.1), "without a warning"
