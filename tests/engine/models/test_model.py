"""Outputs of a model: sizes, padding, batches, directions and domains."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from specs import image_spec
from torch import Tensor, nn
from torch.optim import Optimizer

from translate.engine.models.model import Model, translate_batch
from translate.engine.pixels.processing import scale_shorter_side
from translate.errors import ConfigError, PluginError
from translate.nn.geometry import Geometry
from translate.recipe import Recipe, Turn
from translate.registry import create

SIDES = st.integers(1, 70)
SPEC = image_spec((32, 32), ("summer", "winter"))
NETWORKS = {
    "resnet": {"name": "resnet", "width": 2, "blocks": 1},
    "unet": {"name": "unet", "width": 2, "levels": 6},
}


class Painter(Recipe[Any]):
    """Translates by a function; it records the sizes of its inputs."""

    def __init__(self, paint: Any = None, *, multiple_of: int = 1, minimum_side: int = 1) -> None:
        super().__init__()
        self.paint = paint or (lambda images: images)
        self.made = Geometry(multiple_of, minimum_side)
        self.weight = nn.Parameter(torch.zeros(()))
        self.seen: list[Tensor] = []

    @property
    def geometry(self) -> Geometry:
        return self.made

    def optimizers(self) -> dict[str, Optimizer]:
        return {}

    def step(self, batch: Any) -> Iterator[Turn]:
        yield Turn("nobody", nothing=batch)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        self.seen.append(images)
        return self.paint(images)


class Both(Painter):
    """Translates both ways."""

    def targets(self, source: str) -> tuple[str, ...]:
        return tuple(domain for domain in self.domains if domain != source)


def images(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def model(**changes: Any) -> Model:
    defaults = {"name": "runs/x", "digest": "", "recipe": Painter(), "spec": SPEC}
    built_model = Model(**defaults | changes)
    built_model.recipe.domains = built_model.spec.names
    return built_model


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
def test_I6_outputs_have_the_size_of_their_inputs(recipe: str, network: str) -> None:
    torch.manual_seed(0)
    part = {
        "name": recipe,
        "generator": NETWORKS[network],
        "discriminator": small_checkpoints.PATCH,
    }
    built = create("recipe", part, spec=SPEC).eval()

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(height=SIDES, width=SIDES)
    def check(height: int, width: int) -> None:
        output = translate_batch(built, images(1, 3, height, width), "winter")
        assert output.shape == (1, 3, height, width)
        assert output.isfinite().all()

    check()
    for side in (1, 2, 3, 4, 31, 70):
        assert translate_batch(built, images(1, 3, side, 1), "winter").shape == (1, 3, side, 1)


@pytest.mark.parametrize(
    ("side", "multiple", "least", "padded"),
    [(1, 1, 1, 1), (1, 4, 8, 8), (1, 4, 6, 8), (8, 4, 8, 8), (9, 4, 8, 12), (250, 256, 256, 256)],
)
def test_sides_are_padded_to_the_next_valid_size(
    side: int, multiple: int, least: int, padded: int
) -> None:
    recipe = Painter(multiple_of=multiple, minimum_side=least)
    batch = images(1, 3, side, side)
    assert torch.equal(translate_batch(recipe, batch, "winter"), batch)
    assert recipe.seen[0].shape == (1, 3, padded, padded)


def test_padding_repeats_the_right_and_bottom_edges() -> None:
    recipe = Painter(multiple_of=3)
    translate_batch(recipe, torch.tensor([[[[1.0, 2], [3, 4]]]]), "winter")
    assert recipe.seen[0].tolist() == [[[[1, 2, 2], [3, 4, 4], [3, 4, 4]]]]


def test_a_recipe_that_changes_the_size_is_named() -> None:
    shrinking = Painter(lambda images: images[..., 1:])
    with pytest.raises(PluginError, match=r"Painter.translate returned \(1, 3, 4, 3\)"):
        translate_batch(shrinking, images(1, 3, 4, 4), "winter")


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_an_output_does_not_depend_on_the_batch(recipe: str, norm: str) -> None:
    torch.manual_seed(0)
    unet = {"name": "unet", "width": 4, "levels": 6, "norm": norm, "dropout": 0.5}
    part = {"name": recipe, "generator": unet, "discriminator": small_checkpoints.PATCH}
    built = create("recipe", part, spec=SPEC).eval()
    batch = images(3, 3, 40, 50) * torch.tensor([0.1, 1, 0.5]).view(3, 1, 1, 1)
    batch_outputs = translate_batch(built, batch, "winter")
    reverse = translate_batch(built, batch.flip(0), "winter").flip(0)
    single_outputs = torch.cat(
        [translate_batch(built, image, "winter") for image in batch.split(1)]
    )
    for other in (reverse, single_outputs):
        assert (batch_outputs - other).abs().max() < 2 / 255
    assert (single_outputs[0] - single_outputs[1]).abs().max() > 2 / 255  # the check is not empty


def test_outputs_that_are_not_finite_are_marked_one_by_one() -> None:
    spoilt = model(recipe=Painter(lambda x: torch.where(x > 0.99, torch.nan, x)))
    dark, white = (np.full((2, 2, 3), value, np.uint8) for value in (7, 255))
    first, second, third = spoilt.translate([dark, white, dark], "winter")
    assert second is None
    assert first is not None and (first == dark).all() and third is not None


def test_bytes_of_both_depths_share_a_batch() -> None:
    deep = np.array([[[0], [257 * 100], [65535]]], np.uint16)
    flat = np.array([[[0], [100], [255]]], np.uint8)
    for output in model().translate([deep, flat], "winter"):
        assert output is not None and output.tolist() == flat.tolist()


def test_the_reverse_direction_needs_a_recipe_that_supports_it() -> None:
    one_way, both = model(), model(recipe=Both())
    assert one_way.domains == ("winter",) and both.domains == ("summer", "winter")
    assert both.choose_target(None) == one_way.choose_target(None) == "winter"
    with pytest.raises(ConfigError) as error:
        both.choose_target("rain")
    assert str(error.value) == (
        "runs/x was trained on summer and winter, and does not translate to 'rain'. "
        "Choose from: summer, winter."
    )
    with pytest.raises(ConfigError, match=r"Choose from: winter\."):
        one_way.choose_target("rain")
    assert model(spec=image_spec((8, 8), ("photos",))).domains == ("photos",)


def test_a_domain_is_selected_by_path_or_its_last_part() -> None:
    domains = ("photos/my horses", "zebras/train")
    named = model(
        spec=image_spec((8, 8), ("my horses", "zebras")), domain_arguments=domains, recipe=Both()
    )
    for to in ("my horses", "photos/my horses", "photos/my horses/"):
        assert named.choose_target(to) == "my horses"
    old = model(spec=image_spec((8, 8), domains), domain_arguments=domains, recipe=Both())
    assert [old.choose_target(to) for to in (None, "zebras", "zebras/train")] == [
        "zebras/train"
    ] * 3
    assert old.choose_target("my horses") == "photos/my horses"
    with pytest.raises(ConfigError, match=r"trained on my horses and zebras.*Did you mean 'zebras"):
        old.choose_target("zebra")


def test_the_reverse_direction_swaps_the_channels() -> None:
    gray = model(spec=image_spec((8, 8), ("gray", "colour"), 1, 3))
    assert gray.channels("colour") == (1, 3) and gray.channels("gray") == (3, 1)
    single_domain = model(spec=image_spec((8, 8), ("photos",), 1))
    assert single_domain.channels("photos") == (1, 1)


@pytest.mark.parametrize(
    ("before", "shorter", "after"),
    [
        ((40, 60), 20, (20, 30)),
        ((1, 3), 2, (2, 6)),
        ((3, 1000), 1, (1, 333)),
        ((5, 7), None, (5, 7)),
    ],
)
def test_scaling_keeps_the_aspect_ratio(
    before: tuple[int, int], shorter: int | None, after: tuple[int, int]
) -> None:
    assert scale_shorter_side(np.zeros((*before, 3), np.uint8), shorter).shape == (*after, 3)
