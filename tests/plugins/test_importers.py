"""The built-in importers: parity with published networks, options, and what is refused by name."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from authors_networks import (
    AuthorsDiscriminator,
    AuthorsResnet,
    AuthorsUnet,
    draw_norms_,
    old_instance_norms,
)
from torch import Tensor, nn

from translate.engine.models.model import load
from translate.errors import ConfigError, TranslateError
from translate.exchange.import_ import import_weights
from translate.importers import ForeignWeights, ImportedModel
from translate.registry import create, create_generator, names
from translate.testing import check_importer

Tensors = dict[str, Tensor]
BLURS = ("down", "up")


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def weights_of(tensors: Tensors) -> ForeignWeights:
    return ForeignWeights(Path("latest_net_G.pth"), tensors)


def recognizing(tensors: Tensors) -> list[str]:
    """Return the importers that recognize a network, in their order."""
    weights = weights_of(tensors)
    return [name for name in names("importer") if create("importer", name).recognizes(weights)]


def converted(
    importer: str,
    tensors: Tensors,
    *,
    recipe: str | None = None,
    other: Tensors | None = None,
    **options: Any,
) -> ImportedModel:
    """Convert a network by an importer with options."""
    made: ImportedModel = create("importer", {"name": importer, **options}).convert(
        weights_of(tensors), weights_of(other) if other else None, recipe
    )
    return made


def generator_of(model: ImportedModel) -> nn.Module:
    """Return the generator in float64, which all tensors of the file fill."""
    before, after = model.channels
    part = model.options["generator"]
    generator = create_generator(part, in_channels=before, out_channels=after)
    generator.load_state_dict({k.removeprefix("generator."): t for k, t in model.tensors.items()})
    return generator.double().eval()


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


@pytest.mark.parametrize(
    ("network", "change", "importer", "recipe", "options"),
    [*RESNETS, *((n, change, "junyanz", "pix2pix", options) for n, change, options in UNETS)],
)
def test_a_generator_equals_the_published_one_in_float64(
    network: nn.Module,
    change: Callable[[Tensors], Tensors],
    importer: str,
    recipe: str,
    options: dict[str, Any],
) -> None:
    tensors = change(draw_norms_(network).state_dict())
    assert recognizing(tensors)[0] == importer
    model = converted(importer, tensors, **options)
    assert model.recipe == recipe
    generator = generator_of(model)
    height = generator.geometry.fit(32)  # type: ignore[union-attr]
    images = torch.rand(2, model.channels[0], height, 2 * height, dtype=torch.float64) * 2 - 1
    expected = network.double().eval()(images.clone())
    torch.testing.assert_close(generator(images), expected, rtol=0, atol=1e-12)


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
    found = model.recipe.double().translate(images)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_a_unet_of_deblurgan_concatenates_the_inner_features_first() -> None:
    network = draw_norms_(AuthorsUnet(4, 5, inner_first=True))
    generator = generator_of(converted("deblurgan", network.state_dict()))
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
        found = model.recipe.double().translate(images, to=to)
        torch.testing.assert_close(found, authors.double()(images), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("importer", "network", "arguments", "message"),
    [
        ("junyanz", AuthorsResnet(4, 2, dropout=True), {}, "a ResNet with dropout, .* --recipe"),
        ("junyanz", AuthorsResnet(4, 2, kernel=4), {}, "with 4x4 upsampling, .* --recipe pix2pix"),
        ("junyanz", AuthorsResnet(4, 2), {"recipe": "cyclegan"}, "add --other FILE, or .*cut"),
        ("cut", AuthorsResnet(4, 2, blurs=BLURS), {"recipe": "cyclegan"}, "add --other FILE"),
        ("deblurgan", AuthorsResnet(4, 2, inputs=1), {}, "of 1 channels cannot be corrected to 3"),
        ("junyanz", AuthorsResnet(4, 2), {"norm": "group"}, "norm: expected 'batch' or 'instance"),
        ("junyanz", AuthorsResnet(4, 2), {"norms": "batch"}, "no option 'norms'. Did you mean"),
    ],
)
def test_what_the_keys_do_not_show_is_asked_for_by_name(
    importer: str, network: nn.Module, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        converted(importer, network.state_dict(), **arguments)


def test_two_files_belong_together_if_they_have_the_same_layers_and_a_recipe_for_both() -> None:
    one, other = AuthorsResnet(4, 2).state_dict(), AuthorsResnet(4, 3).state_dict()
    with pytest.raises(ConfigError, match="expected the same network as latest_net_G"):
        converted("junyanz", one, other=other)
    with pytest.raises(ConfigError, match=r"'pix2pix' does not use .* leave out --other"):
        converted("junyanz", one, other=one, recipe="pix2pix")


def test_assumptions_and_the_options_that_change_them_are_stated() -> None:
    unet = AuthorsUnet(4, 5).state_dict()
    model = converted("junyanz", unet, dropout=0.2, crop_size=64)
    assert model.options["generator"]["dropout"] == 0.2
    assert model.size == (64, 64)
    for option in ("dropout", "skips", "crop_size"):
        assert any(f"(option {option})" in note for note in model.notes)
    old = old_instance_norms(AuthorsResnet(4, 2, "instance-affine").state_dict())
    notes = converted("junyanz", old).notes
    assert any("instance norm with weights: instance-affine (option norm)" in n for n in notes)


def test_other_filters_than_those_of_cut_are_refused() -> None:
    tensors = AuthorsResnet(4, 2, blurs=BLURS).state_dict()
    tensors["model.7.filt"] = tensors["model.7.filt"] * 1.5
    with pytest.raises(TranslateError, match=r"model.7.filt is another filter than .*\[1, 2, 1\]"):
        converted("cut", tensors)


def one(key: str, *shape: int) -> Tensors:
    return {key: torch.zeros(shape)}


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        (AuthorsDiscriminator(4).state_dict(), "a PatchGAN discriminator of pytorch-CycleGAN"),
        (
            AuthorsDiscriminator(4).state_dict() | one("model.2.filt", 4, 1, 3, 3),
            "a PatchGAN discriminator of CUT",
        ),
        (one("mlp_0.0.weight", 256, 3), "the network F of CUT"),
        (one("scale0_layer0.0.weight", 64, 6, 4, 4), "a discriminator of pix2pixHD"),
        (
            one("model1_1.1.weight", 4, 3, 7, 7) | one("model2_1.1.weight", 4, 3, 7, 7),
            "several local enhancers",
        ),
        (one("model1_1.1.weight", 4, 3, 7, 7), "which the plugin translate-pix2pixhd imports"),
        (AuthorsResnet(4, 1, downsamplings=4).state_dict(), "the plugin translate-pix2pixhd"),
        (one("model.1.weight", 4, 3, 7, 7), "the feature encoder of pix2pixHD"),
        (one("fpn.td1.0.weight", 4, 4, 3, 3), "keys of a DeblurGANv2 FPN: not supported"),
        (one("model.10.conv_block.1.weight", 4, 4, 3, 3), "residual blocks of one layer"),
        (
            one("model.1.weight", 4, 3, 7, 7) | one("model.9.conv_block.0.weight", 4, 4, 3, 3),
            "zero padding in its residual blocks alone",
        ),
        (one("UpBlock1_1.conv1.weight", 4, 4, 3, 3), "a generator of U-GAT-IT"),
        (one("deconv1_attention.weight", 4, 4, 3, 3), "a generator of AttentionGAN"),
        (one("exp_avg", 3), "the state of an optimizer"),
    ],
)
def test_networks_that_cannot_be_imported_are_named(tensors: Tensors, what: str) -> None:
    assert recognizing(tensors) == ["other-networks"]
    with pytest.raises(TranslateError, match=what):
        converted("other-networks", tensors)


@pytest.mark.parametrize("shape", [(), (1, 2, 3, 4)])
@pytest.mark.parametrize(
    "network",
    [
        AuthorsResnet(4, 1, blurs=BLURS),
        AuthorsUnet(4, 5, bias=True, inner_first=True),
        AuthorsDiscriminator(4),
    ],
)
def test_a_file_with_a_tensor_of_any_shape_is_converted_or_refused(
    network: nn.Module, shape: tuple[int, ...]
) -> None:
    tensors = network.state_dict()
    for key in tensors:
        changed = tensors | {key: torch.zeros(shape)}
        for importer in recognizing(changed):
            with suppress(TranslateError):
                converted(importer, changed)


@pytest.mark.parametrize(
    ("importer", "network"),
    [
        ("junyanz", AuthorsResnet(4, 2)),
        ("cut", AuthorsResnet(4, 2, blurs=BLURS)),
        ("deblurgan", AuthorsResnet(4, 2, kernel=4)),
        ("other-networks", None),
    ],
)
def test_the_importers_keep_the_rules(
    importer: str, network: nn.Module | None, tmp_path: Path
) -> None:
    files = [tmp_path / "G.pth"] if network else []
    if network:
        torch.save(network.state_dict(), files[0])
    check_importer(importer, files=files)
