"""Exported generators give the images of their run, and have inputs and metadata."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import torch
from small_exports import RECORD, InvertingExporter, InvertingPlugin

from translate.engine.disk import files
from translate.engine.exports import generators
from translate.engine.exports.loading import load_generator
from translate.engine.exports.torch_free.file_model import file_model
from translate.engine.exports.torch_free.record import Generation, LatentPart, parse_record
from translate.engine.models.generation import SampleRequest, draw_images, draw_walk
from translate.engine.models.model import load
from translate.errors import ConfigError, TranslateError
from translate.exchange.export import export_model
from translate.exporters import NetworkInput
from translate.nn.noise import Noise


@pytest.fixture(autouse=True)
def exporter(register_plugin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    register_plugin(InvertingPlugin())
    monkeypatch.setattr(InvertingExporter, "network", InvertingExporter.network)  # restored


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return small_checkpoints.cgan(tmp_path / "run")


def test_a_file_generates_the_images_of_its_run(run: Path, tmp_path: Path) -> None:
    result = export_model(run, tmp_path / "g.inverting")
    assert [size for size, _ in result.differences] == [(8, 8)] * 3
    models = load(run)[0], load_generator(tmp_path / "g.inverting", "auto")[0]
    for request in (SampleRequest(4, seed=1), SampleRequest(4, "two")):
        assert np.array_equal(*(list(draw_images(model, request)) for model in models))
    assert np.array_equal(*(draw_walk(model, SampleRequest(3)) for model in models))


def test_the_metadata_has_the_latents_and_the_classes(run: Path) -> None:
    model, _ = load(run)
    exported = generators.describe(model, {})
    record = parse_record(exported.metadata)
    assert record.generation == Generation(
        latents=(4, 1, 1),
        prior=(LatentPart(distribution="uniform", dim=4),),
        classes=("zero", "one", "two"),
    )
    assert exported.inputs == (
        NetworkInput("latents", (4, 1, 1), "float32"),
        NetworkInput("condition", (), "int64", 3),
    )
    assert {name.split(".")[1] for name in exported.network.state_dict()} == {"generator"}


def test_a_text_is_an_input_of_bytes() -> None:
    inputs = generators.network_inputs(Generation(latents=(4, 1, 1), text_length=20))
    assert inputs[1] == NetworkInput("condition", (20,), "uint8", 256)


def test_latents_of_several_distributions_are_those_of_the_run(tmp_path: Path) -> None:
    run = small_checkpoints.gan(tmp_path / "run", "infogan")
    export_model(run, tmp_path / "g.inverting")
    models = load(run)[0], load_generator(tmp_path / "g.inverting", "cpu")[0]
    request = SampleRequest(4, "2", seed=1)
    assert np.array_equal(*(list(draw_images(model, request)) for model in models))


def test_a_file_cannot_draw_latents_that_its_recipe_defines_in_code(run: Path) -> None:
    model, _ = load(run)

    class WideLatents(type(model.recipe)):
        def latents(self, count, generator=None):
            return 2 * super().latents(count, generator)

    model.recipe.__class__ = WideLatents
    record = parse_record(generators.describe(model, {}).metadata)
    assert record.generation and not record.generation.prior
    recipe = generators.FileGenerator("g.x", record.generation, lambda *_: np.zeros(()))
    with pytest.raises(ConfigError, match=r"not contain the distribution.* translate sample RUN"):
        recipe.latents(1)


def test_a_file_that_generates_cannot_translate_and_vice_versa(run: Path, tmp_path: Path) -> None:
    export_model(run, tmp_path / "g.inverting")
    data = (tmp_path / "g.inverting").read_bytes()
    with pytest.raises(ConfigError, match=r"generates images .* translate sample g OUT"):
        file_model("g", InvertingExporter(), data, digest="d")
    files.replace_json(tmp_path / "t.inverting", RECORD.json())
    with pytest.raises(ConfigError, match=r"t.inverting translates images.* translate infer"):
        load_generator(tmp_path / "t.inverting", "cpu")


def test_recipes_without_draw_or_with_further_noise_are_refused(run: Path, tmp_path: Path) -> None:
    cyclegan, _ = load(small_checkpoints.cyclegan(tmp_path / "cyclegan"))
    with pytest.raises(ConfigError, match="cyclegan does not generate images from latents"):
        generators.describe(cyclegan, {})
    with pytest.raises(ConfigError, match=r"to: .* generates images of one domain: leave --to out"):
        export_model(run, tmp_path / "g.inverting", to="digits")
    model, _ = load(run)

    class Noisy(type(model.recipe)):
        def draw(self, latents, condition=None, *, noise: Noise | None = None):  # noqa: ARG002
            return latents

    model.recipe.__class__ = Noisy
    with pytest.raises(ConfigError, match="cgan draws noise in addition to the latents"):
        generators.describe(model, {})


def test_a_file_with_a_network_that_fails_is_named_and_a_file_cannot_be_trained() -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("no memory left")

    recipe = generators.FileGenerator("g.x", Generation(latents=(4, 1, 1)), fail)
    with pytest.raises(TranslateError, match=r"g.x: RuntimeError: no memory left"):
        recipe.draw(torch.zeros(1, 4, 1, 1))
    with pytest.raises(TranslateError, match=r"g.x is an exported file, which cannot be trained"):
        recipe.optimizers()
