"""The plain autoencoder: its loss computed by hand, sizes of images, and defaults."""

import pytest
import small_autoencoders
import small_gans
import torch
from turns import advance_to_turn

from translate.errors import ConfigError
from translate.registry import create, find

NAME = "autoencoder"


def test_the_loss_is_the_mean_squared_error() -> None:
    # a white image, 1, has the code 0.5, which is decoded as 0.1
    step, turn = advance_to_turn(
        small_autoencoders.scalar_recipe(NAME), small_gans.white_batch(), 0
    )
    assert (turn.player, list(turn.losses)) == ("autoencoder", ["reconstruction"])
    assert turn.total.item() == pytest.approx(0.9**2)
    turn.total.backward()
    assert next(step, None) is None


@pytest.mark.parametrize(("pixel", "expected"), [("l1", 0.9), ("l2", 0.81)])
def test_the_pixel_loss_is_an_option(pixel: str, expected: float) -> None:
    _, turn = advance_to_turn(
        small_autoencoders.scalar_recipe(NAME, pixel=pixel), small_gans.white_batch(), 0
    )
    assert turn.total.item() == pytest.approx(expected)


def test_a_preview_shows_originals_above_reconstructions() -> None:
    recipe, batch = small_autoencoders.scalar_recipe(NAME), small_gans.white_batch(3)
    with torch.no_grad():
        original, reconstructed = recipe.preview(batch).values()
    assert torch.equal(original, batch.images)
    assert reconstructed.shape == original.shape
    assert reconstructed.unique().tolist() == pytest.approx([0.1])
    assert torch.equal(recipe.translate(batch.images), reconstructed)


def test_invalid_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="latent_dim: expected greater than 0, got 0"):
        small_autoencoders.build_state(NAME, latent_dim=0)


def test_defaults_have_codes_of_the_dimension_of_the_paper() -> None:
    recipe = create("recipe", NAME, spec=small_gans.SPEC)
    assert find("recipe", NAME).defaults["data"]["layout"] == "images"
    with torch.no_grad():
        assert recipe.eval().encoder(small_gans.random_batch(3).images).shape == (3, 30, 1, 1)
