"""The plain autoencoder: its loss computed by hand, sizes of images, and defaults."""

import pytest
import small_autoencoders
import small_gans
import torch
from small_checkpoints import write_run
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


def test_a_folder_is_reconstructed_and_sampling_is_refused(
    tmp_path, run_command, image_folder
) -> None:
    run = write_run(
        tmp_path / "run",
        NAME,
        domains=["digits"],
        options=small_autoencoders.NETWORKS,
        size=28,
        channels=(1, 1),
    )
    folder = image_folder("digits", 2, size=28)
    result = run_command("infer", run, folder, tmp_path / "out")
    assert result.code == 0
    assert sorted(p.name for p in (tmp_path / "out").glob("*.png")) == ["0000.png", "0001.png"]
    refused = run_command("sample", run, tmp_path / "drawn", "--count", 1)
    assert refused.code == 2
    assert "Autoencoder cannot generate images from noise; translate images" in refused.err
    assert not (tmp_path / "drawn").exists()


def test_invalid_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="latent_dim: expected greater than 0, got 0"):
        small_autoencoders.build_state(NAME, latent_dim=0)


def test_defaults_have_codes_of_the_dimension_of_the_paper() -> None:
    recipe = create("recipe", NAME, spec=small_gans.SPEC)
    assert find("recipe", NAME).defaults["data"]["layout"] == "images"
    with torch.no_grad():
        assert recipe.eval().encoder(small_gans.random_batch(3).images).shape == (3, 30, 1, 1)
