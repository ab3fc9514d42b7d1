"""Options and noise of inference: options come from a recipe's signatures, noise from images."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import small_checkpoints
import torch
from command_result import CommandResult
from file_trees import image_bytes
from hole_filling import MinimalRecipe
from pydantic import Field
from small_outputs import sample_images
from torch import Tensor

from translate.api import Translator
from translate.batches import Domain, ImageSpec
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models import calls
from translate.engine.models.generation import SampleRequest, draw_walk
from translate.engine.models.model import Model, translate_batch
from translate.engine.models.options import InferenceOptions
from translate.errors import ConfigError
from translate.images.encode import write_image
from translate.images.source import read_image
from translate.nn.noise import Noise


class NoisyRecipe(MinimalRecipe):
    """Adds noise in steps; generates uniform images with noise."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[dict[str, Any]] = []
        """options of each call of `translate`"""

    def translate(
        self,
        images: Tensor,
        *,
        to: str | None = None,  # noqa: ARG002
        noise: Noise | None = None,
        steps: Annotated[int, Field(ge=1, le=9), "how often noise is added"] = 2,
        strength: Annotated[float, "standard deviation of the noise"] = 0.1,
    ) -> Tensor:
        assert noise is not None
        self.calls.append({"steps": steps, "strength": strength})
        for step in range(steps):
            images = images + strength * noise.normal(images.shape, index=step)
        return images

    def latents(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        return torch.rand((count, 1, 1, 1), generator=generator)

    def draw(
        self,
        latents: Tensor,
        condition: Tensor | None = None,  # noqa: ARG002
        *,
        noise: Noise | None = None,
        guidance: float = 1.0,
    ) -> Tensor:
        assert noise is not None
        return (latents + guidance * noise.normal((len(latents), 3, 8, 8))).clamp(-1, 1)


SPEC = ImageSpec((8, 8), (Domain("a"), Domain("b")))


@pytest.fixture
def model() -> Model:
    recipe = NoisyRecipe()
    recipe.domains = ("a", "b")
    return Model("runs/g", "g", SPEC, recipe=recipe)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a folder of four random images; three have one size."""
    random = np.random.default_rng(0)
    for name, size in {"a": 8, "b": 8, "c": 8, "d": 12}.items():
        pixels = random.integers(60, 190, (size, size, 3), np.uint8)
        write_image(tmp_path / "in" / f"{name}.png", pixels)
    return tmp_path / "in"


def translate(model: Model, source: Path, out: Path, **args: Any) -> Any:
    return translate_folder(model, find_inputs(source, out), out, InferenceOptions(**args))


def test_options_are_the_keyword_only_parameters_that_the_engine_does_not_set() -> None:
    options = calls.options_of(NoisyRecipe.translate)
    defaults = {name: option.default for name, option in options.items()}
    assert defaults == {"steps": 2, "strength": 0.1}
    assert options["steps"].meaning == "how often noise is added"
    assert list(calls.options_of(NoisyRecipe().draw)) == ["guidance"]
    assert calls.options_of(MinimalRecipe.translate) == {}


def test_omitted_options_have_their_defaults() -> None:
    options = calls.complete_options(NoisyRecipe().translate, {"steps": "3"}, "runs/g")
    assert options == {"steps": 3, "strength": 0.1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step": 3}, r"runs/g: translate has no option 'step'\. Did you mean 'steps'\?"),
        ({"steps": "many"}, r"runs/g: translate: steps: expected int, got 'many'\."),
        ({"steps": 0}, r"steps: expected greater than or equal to 1, got 0\."),
    ],
)
def test_a_wrong_option_is_refused_with_a_correction(
    options: dict[str, Any], message: str, model: Model, images: Path, tmp_path: Path
) -> None:
    translator, out = Translator._of(model), tmp_path / "out"
    interfaces: list[Callable[[], Any]] = [
        lambda: translate(model, images, out, options=options),
        lambda: translator(images / "a.png", **options),
        lambda: translator.folder(images, out, **options),
    ]
    for call in interfaces:
        with pytest.raises(ConfigError, match=message + r".*See: translate show runs/g"):
            call()
    assert not image_bytes(out)


def test_every_interface_passes_options(model: Model, images: Path, tmp_path: Path) -> None:
    translator, recipe = Translator._of(model), model.recipe
    assert isinstance(recipe, NoisyRecipe)
    translator(images / "a.png", steps=5)
    translator.folder(images, tmp_path / "out", strength=0.5, limit=1)
    assert recipe.calls == [{"steps": 5, "strength": 0.1}, {"steps": 2, "strength": 0.5}]
    uniform, noisy = translator.sample(2, guidance=0), translator.sample(2, guidance=3)
    assert np.ptp(np.asarray(uniform[0])) == 0 < np.ptp(np.asarray(noisy[0]))


def test_I2_inference_options_and_the_seed_are_in_the_record_of_an_output(
    model: Model, images: Path, tmp_path: Path
) -> None:
    out, changes = tmp_path / "out", ({"options": {"steps": 3}}, {"seed": 7})
    assert translate(model, images, out).done == 4
    before = image_bytes(out)
    for change in changes:
        with pytest.raises(ConfigError, match="--overwrite"):
            translate(model, images, out, **change)
        assert image_bytes(out) == before
    assert translate(model, images, out, options={"steps": 2}, seed=0).skipped == 4, "defaults"
    record = json.loads((out / ".translate/done.jsonl").read_text().splitlines()[0])
    assert (record["options"], record["seed"]) == ({"steps": 2, "strength": 0.1}, 0)


def test_I2_sampling_options_are_in_the_record_of_a_sample(model: Model, tmp_path: Path) -> None:
    sample_images(model, tmp_path, SampleRequest(2))
    with pytest.raises(ConfigError, match="--overwrite"):
        sample_images(model, tmp_path, SampleRequest(2, options={"guidance": 2}))
    assert sample_images(model, tmp_path, SampleRequest(2, options={"guidance": 1})).skipped == 2


def test_a_walk_has_the_options_and_the_noise_of_draw(model: Model) -> None:
    walk = draw_walk(model, SampleRequest(2))
    assert (walk == draw_walk(model, SampleRequest(2, options={"guidance": 1}))).all()
    assert (walk != draw_walk(model, SampleRequest(2, options={"guidance": 2}))).any()
    with pytest.raises(ConfigError, match="draw has no option 'guidence'"):
        draw_walk(model, SampleRequest(2, options={"guidence": 2}))


def test_options_and_the_seed_are_refused_for_a_model_that_has_none(
    run_command: Callable[..., CommandResult], image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    small_checkpoints.cyclegan(tmp_path / "run")
    source = image_folder("in", 1)
    for arguments, message in (
        (("--set", "steps=3"), "translate has no option 'steps'"),
        (("--seed", 3), "seed: run uses no random numbers, got 3: leave --seed out"),
    ):
        result = run_command("infer", "run", source, tmp_path / "out", *arguments)
        assert result.code == 2 and message in result.err


def test_an_image_has_the_same_noise_in_every_interface_and_batch(
    model: Model, images: Path, tmp_path: Path
) -> None:
    for size in (1, 2, 8):
        translate(model, images, tmp_path / f"out{size}", batch_size=size)
    outputs = [image_bytes(tmp_path / f"out{size}") for size in (1, 2, 8)]
    assert outputs[0] == outputs[1] == outputs[2]
    translator, pixels = Translator._of(model), read_image(images / "a.png")
    expected = read_image(tmp_path / "out1/a.png")
    assert (np.asarray(translator(images / "a.png")) == expected).all()
    assert (translator(pixels) == expected).all()
    output_16_bit = translator(pixels.astype(np.uint16) * 257)
    assert output_16_bit.dtype == np.uint16
    assert np.abs(output_16_bit / 257 - expected).max() <= 0.5
    (images / "a.png").rename(tmp_path / "elsewhere.png")
    assert (np.asarray(translator(tmp_path / "elsewhere.png")) == expected).all()


def test_images_and_seeds_have_different_noise(model: Model) -> None:
    translator = Translator._of(model)
    first, second = np.full((8, 8, 3), 120, np.uint8), np.full((8, 8, 3), 121, np.uint8)
    noise = [translator(x).astype(int) - x for x in (first, second)]
    noise.append(translator(first, seed=1).astype(int) - first)
    assert all((one != other).mean() > 0.5 for one, other in pairwise(noise))


def test_each_sample_has_the_noise_of_its_number(model: Model, tmp_path: Path) -> None:
    sample_images(model, tmp_path / "many", SampleRequest(70))
    sample_images(model, tmp_path / "few", SampleRequest(3))
    many, few = image_bytes(tmp_path / "many"), image_bytes(tmp_path / "few")
    assert few == {name: many[name] for name in few}
    assert len(set(many.values())) == 70


def test_noise_depends_on_the_pixels_and_the_seed_alone(model: Model) -> None:
    batch = torch.rand(2, 3, 8, 8)
    names = calls.noise_for(batch, 0).images
    assert len(set(names)) == 2
    assert calls.noise_for(batch[1:], 0).images == names[1:]
    first = translate_batch(model.recipe, batch, "b")
    assert torch.equal(first, translate_batch(model.recipe, batch, "b"))
    assert not torch.equal(first, translate_batch(model.recipe, batch, "b", seed=1))
