"""Imported networks equal the published ones, in float64 and in float32."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from authors_networks import AuthorsResnet, AuthorsUnet, Blur, draw_norms_, old_instance_norms
from conversions import BLURS, Tensors, convert, generator_of, recognized_by
from torch import nn

from translate.engine.models.model import load
from translate.exchange.import_ import import_weights


def without_counts(tensors: Tensors) -> Tensors:
    return {key: tensor for key, tensor in tensors.items() if "num_batches" not in key}


RESNETS = [
    (AuthorsResnet(4, 3), dict, "junyanz", "cut", {}),
    (AuthorsResnet(4, 1, inputs=1), dict, "junyanz", "pix2pix", {}),
    (AuthorsResnet(4, 2), old_instance_norms, "junyanz", "cut", {}),
    (AuthorsResnet(4, 1, "none"), dict, "junyanz", "cut", {}),
    (AuthorsResnet(4, 1, "batch"), without_counts, "junyanz", "pix2pix", {}),
    (AuthorsResnet(4, 2, "batch", bias=True), dict, "junyanz", "pix2pix", {"norm": "batch"}),
    (AuthorsResnet(4, 2, "instance-affine", padding="zero"), dict, "junyanz", "cut", {}),
    (AuthorsResnet(4, 2, "instance-affine"), old_instance_norms, "junyanz", "cut", {}),
    (AuthorsResnet(4, 2, blurs=BLURS), dict, "cut", "cut", {}),
    (AuthorsResnet(4, 2, blurs=("down",)), dict, "cut", "cut", {}),
    (AuthorsResnet(4, 2, "batch", inputs=1, blurs=("up",)), dict, "cut", "pix2pix", {}),
]
UNETS = [
    (AuthorsUnet(4, 6, "instance"), dict, {}),
    (AuthorsUnet(4, 8), dict, {}),
    (AuthorsUnet(4, 5), without_counts, {}),
    (AuthorsUnet(4, 5, "none"), dict, {}),
    (AuthorsUnet(4, 6, bias=True, inner_first=True), without_counts, {}),
    (AuthorsUnet(4, 5, "instance", inner_first=True), dict, {"skips": "inner-first"}),
]


GENERATORS = pytest.mark.parametrize(
    ("network", "change", "importer", "recipe", "options"),
    [*RESNETS, *((n, change, "junyanz", "pix2pix", options) for n, change, options in UNETS)],
)


@GENERATORS
def test_a_generator_equals_the_published_one_in_float64(
    network: nn.Module,
    change: Callable[[Tensors], Tensors],
    importer: str,
    recipe: str,
    options: dict[str, Any],
) -> None:
    tensors = change(draw_norms_(network.float()).state_dict())
    assert recognized_by(tensors)[0] == importer
    model = convert(importer, tensors, **options)
    assert model.recipe == recipe
    generator = generator_of(model)
    height = generator.geometry.fit(32)  # type: ignore[union-attr]
    images = torch.rand(2, model.channels[0], height, 2 * height, dtype=torch.float64) * 2 - 1
    expected = network.double().eval()(images.clone())
    torch.testing.assert_close(generator(images), expected, rtol=0, atol=1e-12)


def adds_in_another_order(module: nn.Module) -> bool:
    """Return whether our layer in place of `module` may round differently from it."""
    return isinstance(module, (nn.InstanceNorm2d, Blur)) or getattr(module, "inner_first", False)


@GENERATORS
def test_a_generator_equals_the_published_one_in_float32_up_to_the_rounding_of_instance_norm(
    network: nn.Module,
    change: Callable[[Tensors], Tensors],
    importer: str,
    recipe: str,
    options: dict[str, Any],
) -> None:
    tensors = change(draw_norms_(network.float()).state_dict())
    model = convert(importer, tensors, recipe=recipe, **options)
    generator, network = generator_of(model).float(), network.eval()
    tolerance = 1e-5 if any(map(adds_in_another_order, network.modules())) else 0
    side = generator.geometry.fit(32)  # type: ignore[union-attr]
    for height, width in ((side, 2 * side), (2 * side, 2 * side), (3 * side, side)):
        images = torch.rand(1, model.channels[0], height, width) * 2 - 1
        expected = network(images.clone())
        torch.testing.assert_close(generator(images), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("dropout", [True, False])
def test_deblurgan_adds_the_output_to_the_input_and_clamps(
    kernel: int, dropout: bool, tmp_path: Path
) -> None:
    network = AuthorsResnet(4, 2, dropout=dropout, kernel=kernel)
    torch.save(old_instance_norms(network.state_dict()), tmp_path / "G.pth")
    import_weights(tmp_path / "G.pth", tmp_path / "run", recipe="deblurgan")
    model, _ = load(tmp_path / "run", device="cpu")
    images = torch.rand(1, 3, 16, 24, dtype=torch.float64) * 2 - 1
    expected = (images + network.double().eval()(images)).clamp(-1, 1)
    actual = model.recipe.double().translate(images)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def test_a_unet_of_deblurgan_concatenates_the_inner_features_first() -> None:
    network = draw_norms_(AuthorsUnet(4, 5, inner_first=True))
    generator = generator_of(convert("deblurgan", network.state_dict()))
    images = torch.rand(1, 3, 32, 64, dtype=torch.float64)
    torch.testing.assert_close(generator(images), network.double().eval()(images.clone()))


def test_both_directions_of_cyclegan_are_imported(tmp_path: Path) -> None:
    networks = [AuthorsResnet(4, 2), AuthorsResnet(4, 2)]
    for number, network in enumerate(networks):
        torch.save(network.state_dict(), tmp_path / f"{number}.pth")
    import_weights(tmp_path / "0.pth", tmp_path / "run", other=tmp_path / "1.pth")
    images = torch.rand(2, 3, 32, 48, dtype=torch.float64)
    model, _ = load(tmp_path / "run", device="cpu")
    for authors, to in zip(networks, ("target", "source"), strict=True):
        actual = model.recipe.double().translate(images, to=to)
        torch.testing.assert_close(actual, authors.double()(images), rtol=0, atol=1e-12)
