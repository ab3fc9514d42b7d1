"""The outputs of a model are those of `translate infer` and `translate sample`."""

from dataclasses import replace
from functools import wraps

import numpy as np
import pytest
import small_checkpoints
import torch

from translate.engine.checkpoints import read
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.models.generation import SampleRequest, draw_images
from translate.engine.models.model import Model, load
from translate.errors import ConfigError, NothingUsableError
from translate.evaluate.images.outputs import ModelInference
from translate.evaluate.images.run_images import RunImages, open_split, read_images


def open_inference(run, to: str = "b", batch_size: int = 2) -> tuple[ModelInference, RunImages]:
    model: Model = load(run, device="cpu")[0]
    data = read.read_checkpoint(resolve(run)[0]).config.data
    layout, settings, *_ = open_split(data, None)
    images = read_images(layout, settings, reverse=to == "a", to=to, limit=None)
    return ModelInference(model, to, batch_size), images


def test_translations_are_those_of_the_model(unpaired_run) -> None:
    inference, images = open_inference(unpaired_run)
    outputs = inference.translations(images, 0)
    for image, source in zip(outputs.fake, images.source, strict=True):
        (expected,) = inference.model.translate([source], "b")
        assert np.abs(expected.astype(int) - image).max() <= 1
    assert outputs.fields == {"fake", "source", "cycle", "real"}
    assert outputs.fields == inference.translation_fields(images)


def test_a_cycle_is_the_translation_of_the_translation(unpaired_run) -> None:
    inference, images = open_inference(unpaired_run)
    outputs = inference.translations(images, 0)
    (expected,) = inference.model.translate([outputs.fake[0]], "a")
    assert np.abs(expected.astype(int) - outputs.cycle[0]).max() <= 1


def test_the_other_direction_translates_the_other_domain(unpaired_run) -> None:
    inference, images = open_inference(unpaired_run, "a")
    outputs = inference.translations(images, 0)
    (expected,) = inference.model.translate([images.source[0]], "a")
    assert np.abs(expected.astype(int) - outputs.fake[0]).max() <= 1
    assert images.names[0] == "b/test/0000.png"


def test_paired_outputs_have_a_target_and_no_cycle(paired_run) -> None:
    inference, images = open_inference(paired_run)
    assert inference.translations(images, 0).fields == {"fake", "source", "target", "real"}
    assert inference.translation_fields(images) == {"fake", "source", "target", "real"}
    assert not inference.is_random


def test_samples_are_those_of_translate_sample_and_have_their_labels(class_run) -> None:
    inference, images = open_inference(class_run, "digits")
    outputs = inference.samples(images, 3)
    expected = list(draw_images(inference.model, SampleRequest(9, seed=3)))
    assert all(np.array_equal(*pair) for pair in zip(outputs.fake, expected, strict=True))
    assert list(outputs.labels) == [0, 1, 2] * 3
    assert outputs.fields == inference.sample_fields(images)
    assert list(outputs.real_labels) == [0] * 3 + [1] * 3 + [2] * 3
    assert outputs.fields == {"fake", "real", "labels", "real_labels"}
    assert inference.is_random and inference.model.draws and not inference.model.translates


def test_degraded_inputs_have_the_original_image_as_ground_truth(tmp_path, photos) -> None:
    run = small_checkpoints.write_run(
        tmp_path / "inpaint",
        "inpaint",
        domains=("a",),
        options={"generator": small_checkpoints.RESNET, "adversarial_weight": 0.0},
        size=16,
        data={"root": str(photos), "layout": "images"},
    )
    inference, images = open_inference(run, "a")
    outputs = inference.translations(images, 0)
    assert outputs.fields == {"fake", "source", "target", "mask", "real"}
    assert outputs.fields == inference.translation_fields(images)
    assert all(np.array_equal(*pair) for pair in zip(outputs.target, images.target, strict=True))
    hole = outputs.mask[0]
    assert hole.shape == (16, 16, 1) and 0 < hole.mean() < 1
    outside = ~np.broadcast_to(hole, (16, 16, 3))
    assert np.array_equal(outputs.fake[0][outside], outputs.target[0][outside])
    assert np.array_equal(inference.translations(images, 0).mask, outputs.mask)
    assert not np.array_equal(inference.translations(images, 1).mask, outputs.mask)


def test_an_output_that_is_not_finite_is_an_error(unpaired_run) -> None:
    inference, images = open_inference(unpaired_run)
    with torch.no_grad():
        next(inference.model.recipe.parameters()).fill_(torch.nan)
    with pytest.raises(NothingUsableError, match="the output for image 1 is not finite"):
        inference.translations(images, 0)


def test_options_of_inference_reach_the_translation(paired_run, monkeypatch) -> None:
    inference, images = open_inference(paired_run)
    translate, dropouts = inference.model.recipe.translate, []

    @wraps(translate)
    def observed(images, **options):
        dropouts.append(options["dropout"])
        return translate(images, **options)

    monkeypatch.setattr(inference.model.recipe, "translate", observed)
    replace(inference, options={"dropout": False}).translations(images, 0)
    inference.translations(images, 0)
    assert [*dict.fromkeys(dropouts)] == [False, True]


def test_an_option_that_no_output_depends_on_is_refused(paired_run) -> None:
    inference, _ = open_inference(paired_run)
    with pytest.raises(
        ConfigError, match=r"translate has no option 'drop'\. Did you mean 'dropout'"
    ):
        replace(inference, options={"drop": 0}).options_of(inference.model.recipe.translate)
