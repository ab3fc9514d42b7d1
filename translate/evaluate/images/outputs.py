"""The images to measure: outputs of a model, with their inputs, ground truth and labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.engine.evaluation.metric import sample_fields, translation_fields
from translate.engine.loading.order import chunks
from translate.engine.models import calls, generation
from translate.engine.models.model import Model, translate_batch
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.meter import open_meter
from translate.errors import NothingUsableError
from translate.evaluate.images.run_images import Image, RunImages
from translate.images.resize import resize_pixels
from translate.images.tensors import as_tensor, from_device, to_device

FieldName = str
"""A field of `translate.metrics.MetricBatch`."""


@dataclass(frozen=True)
class Outputs:
    """Images to measure, with inputs and ground truth: (H, W, C) uint8, one for each name."""

    names: Sequence[str]
    fake: Sequence[Image]
    target: Sequence[Image] = ()
    source: Sequence[Image] = ()
    cycle: Sequence[Image] = ()
    mask: Sequence[NDArray[np.bool_]] = ()
    """(H, W, 1): the pixels to measure."""
    labels: Sequence[int] = ()
    real: Sequence[Image] = ()
    real_labels: Sequence[int] = ()

    @property
    def fields(self) -> frozenset[FieldName]:
        """The names of the fields that are not empty."""
        images = {k: v for k, v in vars(self).items() if k != "names"}
        return frozenset(name for name, values in images.items() if len(values))


@dataclass(frozen=True)
class ModelInference:
    """Computes the outputs of a model, batch by batch, in the order of the images."""

    model: Model
    to: str
    batch_size: int
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the recipe's `translate` and `draw` that are given."""

    @property
    def output_methods(self) -> list[calls.Call]:
        """The methods of the recipe that compute outputs: `translate`, `draw` or both."""
        recipe, model = self.model.recipe, self.model
        return [recipe.translate] * model.translates + [recipe.draw] * model.draws

    def options_of(self, method: calls.Call) -> dict[str, Any]:
        """Return all options of `method`; raise `ConfigError` for one that no method has."""
        all_names = {name for other in self.output_methods for name in calls.options_of(other)}
        only_others = all_names - calls.options_of(method).keys()
        options = {name: value for name, value in self.options.items() if name not in only_others}
        return calls.complete_options(method, options, self.model.name)

    @property
    def is_random(self) -> bool:
        """Whether outputs depend on the seed."""
        takes_noise = calls.takes_noise(self.model.recipe.translate)
        return self.model.draws or self.model.degrades_images or takes_noise

    def translation_fields(self, images: RunImages) -> frozenset[FieldName]:
        """Return the fields of `translations`."""
        domains = self.model.source_and_target(self.to)
        return translation_fields(self.model.recipe, *domains, truth=bool(images.truth))

    def sample_fields(self, images: RunImages) -> frozenset[FieldName]:
        """Return the fields of `samples`."""
        return sample_fields(self.model.recipe, labels=images.field("labels") is not None)

    def translations(self, images: RunImages, seed: int) -> Outputs:
        """Return the translations of the images of a split."""
        if self.model.degrades_images:
            return self._restore_degraded(images, seed)
        domain, target = self.model.source_and_target(self.to)
        fake = self._translate(images.source, domain.name, self.to, seed)
        cycle: list[Image] = []
        if self.model.translates_back(self.to):
            cycle = self._translate(fake, target.name, domain.name, seed)
        truth = images.target if images.truth else ()
        return Outputs(images.names, fake, truth, images.source, cycle, real=images.target)

    def trust(self, outputs: Outputs) -> dict[str, Mapping[str, float]]:
        """Return the trust of translations by name; empty if the recipe degrades images."""
        if self.model.degrades_images:
            return {}
        model = self.model
        options = self.options_of(model.recipe.translate)
        seed = calls.choose_seed(model.recipe.translate, None, model.name)
        meter = open_meter(ImageProcessor(model, self.to, options=options, seed=seed))
        pairs = zip(outputs.source, outputs.fake, strict=True)
        scores = [meter.measure([source], [fake])[0].scores for source, fake in pairs]
        return dict(zip(outputs.names, scores, strict=True))

    def samples(self, images: RunImages, seed: int) -> Outputs:
        """Return as many samples as there are real images, with the same labels or captions."""
        model, count = self.model, len(images.target)
        texts, labels = images.field("text"), images.field("labels")
        classes = generation.classes(model)
        conditioned = "labels" in self.sample_fields(images)
        options = self.options_of(model.recipe.draw)
        request = generation.SampleRequest(count, seed=seed, options=options or None)
        fake: list[Image] = []
        for first in range(0, count, generation.BATCH_SIZE):
            text = None
            if texts is not None and model.spec.text_length:
                rows = texts[first : first + generation.BATCH_SIZE]
                text = rows[torch.arange(generation.BATCH_SIZE) % len(rows)]
            chunk = generation.draw_batch(model, request, first, text)[: count - first]
            fake += [_require_finite(image, f"sample {first + i}") for i, image in enumerate(chunk)]
        real_labels = labels.tolist() if labels is not None else ()
        return Outputs(
            [f"sample {number}" for number in range(count)],
            fake,
            labels=[number % len(classes) for number in range(count)] if conditioned else (),
            real=images.target,
            real_labels=real_labels if conditioned else (),
        )

    def _restore_degraded(self, images: RunImages, seed: int) -> Outputs:
        """Return the outputs for inputs that the recipe degrades; the images are the truth."""
        model = self.model
        options = self.options_of(model.recipe.translate)
        rows: dict[str, list[Any]] = {"fake": [], "source": [], "target": [], "mask": []}
        for number, item in enumerate(images.items):
            with model.degraded_pair(item, seed * len(images.items) + number) as pair:
                if pair is None:
                    raise NothingUsableError(f"{model.name}: ground_truth_pair returned nothing.")
                fake = translate_batch(
                    model.recipe, pair.source, self.to, options=options, seed=seed
                )
            domain = model.spec.target
            (target,) = from_device(pair.target, domain)
            (source,) = from_device(pair.source[:, : domain.channels], domain)
            rows["fake"].append(_image(fake, domain, images.names[number]))
            rows["target"].append(target)
            rows["source"].append(resize_pixels(source, target.shape[:2]))
            if model.recipe.takes_mask:
                rows["mask"].append((pair.source[0, -1:] > 0).permute(1, 2, 0).cpu().numpy())
        return Outputs(images.names, **rows, real=images.target)

    def _translate(self, images: Sequence[Image], domain: str, to: str, seed: int) -> list[Image]:
        """Return the translations of images of one size, of `domain`, to the domain `to`."""
        model, translations = self.model, list[Image]()
        options = self.options_of(model.recipe.translate)
        domains = {each.name: each for each in model.spec.domains}
        for chunk in chunks(images, self.batch_size):
            batch = torch.stack([as_tensor(image) for image in chunk])
            with model.lock:
                model.threads.update()
                inputs = to_device(batch, model.device, domains[domain])
                fake = translate_batch(model.recipe, inputs, to, options=options, seed=seed)
            for image in fake.split(1):
                number = len(translations) + 1
                translations.append(_image(image, domains[to], f"image {number}"))
        return translations


def _image(output: Tensor, domain: Any, name: str) -> Image:
    """Return an output (1, C, H, W) with the pixel values that are saved."""
    finite = bool(output.isfinite().all())
    return _require_finite(from_device(output, domain)[0] if finite else None, name)


def _require_finite(image: Image | None, name: str) -> Image:
    """Return `image`; raise `NothingUsableError` if it is None, as its pixels are not finite."""
    if image is None:
        raise NothingUsableError(f"the output for {name} is not finite: train the model again.")
    return image
