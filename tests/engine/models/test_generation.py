"""A generated image depends only on the model, the request and its number."""

from pathlib import Path

import pytest
import small_checkpoints
import torch
from file_trees import image_bytes
from image_inversion import read_pixels
from small_outputs import sample_images

from translate.engine.models import generation
from translate.engine.models import model as models
from translate.engine.models.generation import BATCH_SIZE, SampleRequest, draw_sheet, draw_walk
from translate.engine.models.model import Model
from translate.errors import ConfigError


def test_an_image_does_not_depend_on_the_count(gan_model: Model, tmp_path: Path) -> None:
    sample_images(gan_model, tmp_path / "many", SampleRequest(BATCH_SIZE + 6))
    sample_images(gan_model, tmp_path / "few", SampleRequest(3))
    many, few = image_bytes(tmp_path / "many"), image_bytes(tmp_path / "few")
    assert few == {name: many[name] for name in few}


def test_an_image_depends_on_its_latents_alone(gan_model: Model, tmp_path: Path) -> None:
    sample_images(gan_model, tmp_path, SampleRequest(2))
    latents = gan_model.recipe.latents(1, generation._generator(0, 1))
    with torch.inference_mode():
        output = ((gan_model.recipe.draw(latents)[0, 0] + 1) * 127.5).round().numpy()
    assert abs(output - read_pixels(tmp_path / "000002.png")).max() <= 1


def test_another_seed_gives_other_images(gan_model: Model, tmp_path: Path) -> None:
    sample_images(gan_model, tmp_path / "0", SampleRequest(4))
    sample_images(gan_model, tmp_path / "1", SampleRequest(4, seed=1))
    assert not set(image_bytes(tmp_path / "0").values()) & set(image_bytes(tmp_path / "1").values())


def test_a_class_is_generated_alone_and_by_default_classes_alternate(
    cgan_model: Model, tmp_path: Path
) -> None:
    sample_images(cgan_model, tmp_path / "turns", SampleRequest(6))
    sample_images(cgan_model, tmp_path / "one", SampleRequest(6, "one"))
    turns, one = image_bytes(tmp_path / "turns"), image_bytes(tmp_path / "one")
    same = [name for name in turns if turns[name] == one[name]]
    assert same == ["000002.png", "000005.png"], "the second of three classes"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (SampleRequest(1, "seven"), r"no class is called 'seven'\. Choose from: .*one"),
        (SampleRequest(1, text="a house"), "was trained without captions: leave --text out"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_written(
    cgan_model: Model, tmp_path: Path, request_: SampleRequest, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        sample_images(cgan_model, tmp_path / "out", request_)
    assert not (tmp_path / "out").exists()


def test_a_model_without_classes_refuses_a_class(gan_model: Model, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without classes: leave --class out"):
        sample_images(gan_model, tmp_path, SampleRequest(1, "one"))


def test_a_translation_model_refuses_to_sample(tmp_path: Path) -> None:
    model, _ = models.load(small_checkpoints.pix2pix(tmp_path / "run"), device="cpu")
    with pytest.raises(ConfigError, match="cannot generate images from noise"):
        sample_images(model, tmp_path / "out", SampleRequest(1))


def test_text_is_encoded_as_bytes_padded_with_zeros_and_refused_if_too_long() -> None:
    assert generation.encode_text("né", 5).tolist() == [[110, 195, 169, 0, 0]]
    with pytest.raises(ConfigError, match="has 6 bytes; captions in training had 1 to 5"):
        generation.encode_text("houses", 5)


def test_a_grid_shows_the_images_of_the_files(
    gan_model: Model, cgan_model: Model, tmp_path: Path
) -> None:
    sample_images(gan_model, tmp_path, SampleRequest(4))
    sheet = draw_sheet(gan_model, SampleRequest(4))
    assert sheet.shape == (18, 18, 3)
    assert (sheet[10:, :8, 0] == read_pixels(tmp_path / "000003.png")).all()
    rows = draw_sheet(cgan_model, SampleRequest(6, "all"))
    assert rows.shape == (28, 18, 3)
    sample_images(cgan_model, tmp_path / "all", SampleRequest(6, "all"))
    assert (rows[10:18, 10:, 0] == read_pixels(tmp_path / "all/one/000002.png")).all()


def test_a_walk_has_a_row_of_images_for_each_class(gan_model: Model, cgan_model: Model) -> None:
    assert draw_walk(gan_model, SampleRequest(5)).shape == (38, 48, 3)
    walk = draw_walk(cgan_model, SampleRequest(5))
    assert walk.shape == (28, 48, 3)
    assert (walk != draw_walk(cgan_model, SampleRequest(5, seed=1))).any()
    assert (walk == draw_walk(cgan_model, SampleRequest(5))).all()
