"""The validation images during training: the same crops at every evaluation, and their outputs."""

from collections.abc import Iterator, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translate.batches import Domain
from translate.engine.checkpoints.state import TrainingState
from translate.engine.data.check import CheckedData
from translate.engine.evaluation.metric import sample_fields, translation_fields
from translate.engine.loading.device import batch_to_device
from translate.engine.loading.order import chunks, collate, spread
from translate.engine.plugins.errors import plugin_code
from translate.engine.splits.measured_images import MeasuredImages, UnpairedFiles
from translate.engine.splits.validation import MAX_MEASURED
from translate.errors import TrainingError
from translate.images.domains.levels import from_network_range
from translate.images.tensors import to_device
from translate.metrics import MetricBatch
from translate.nn.noise import Noise
from translate.recipe import Recipe

MAX_PIXELS, MAX_BATCH = 1 << 20, 64
"""largest number of pixels, and of images, in a batch"""


class EvaluationImages:
    """Reads the validation images, and computes the outputs of a recipe for them."""

    def __init__(self, training: TrainingState, data: CheckedData, device: torch.device) -> None:
        self.training, self.layout, self.device = training, data.layout, device
        self.spec, recipe = training.spec, training.recipe
        seed, settings = training.config.train.seed, data.augment.data
        self.images = MeasuredImages(data.layout, settings, seed=seed, read=data.augment.read)
        height, width = settings.crop
        self.batch_size = max(1, min(MAX_BATCH, MAX_PIXELS // (height * width)))
        self.translates = recipe.overrides(Recipe.translate)
        self.draws = recipe.overrides(Recipe.draw)
        self.degrades_images = recipe.overrides(Recipe.ground_truth_pair)
        self.unpaired = self.images.is_unpaired and not self.degrades_images

    @property
    def fields(self) -> frozenset[str]:
        """The fields of a `MetricBatch` that this recipe and these images have."""
        recipe, fields = self.training.recipe, frozenset[str]()
        if self.translates:
            truth = self.layout.paired or (self.unpaired and self._files(1).truth)
            fields |= translation_fields(recipe, self.spec.source, self.spec.target, truth=truth)
        if self.draws:
            labels = "labels" in getattr(self.layout.batch, "_fields", ())
            fields |= sample_fields(recipe, labels=labels)
        return fields - {"mask"}  # whole images are measured

    def batches(
        self, recipe: Recipe, needs: frozenset[str], limit: int = MAX_MEASURED
    ) -> Iterator[MetricBatch]:
        """Yield batches for a metric with these `needs`, with the outputs of `recipe`.

        At most `limit` images of each domain are measured, spread evenly.
        """
        translates = self.translates and (not self.draws or needs & {"source", "target", "cycle"})
        if translates and self.unpaired:
            yield from self._unpaired_batches(recipe, needs, limit)
            return
        for batch in self._items(limit):
            yield (
                self._translation(recipe, batch, needs)
                if translates
                else _samples(recipe, batch, self.spec.target)
            )

    def _unpaired_batches(
        self, recipe: Recipe, needs: frozenset[str], limit: int
    ) -> Iterator[MetricBatch]:
        """Yield translations of the images of the first domain, then real images of the last one.

        With hidden ground truth the real images are those of the translations: no others follow.
        """
        files = self._files(limit)
        for start in range(0, len(files.source), self.batch_size):
            rows = slice(start, start + self.batch_size)
            sources = self._crops(files.source[rows], "source", self.spec.source)
            measured = self._translate_batch(recipe, sources, needs)
            if files.truth and needs & {"target", "real"}:
                targets = self._crops(files.target[rows], "target", self.spec.target)
                measured["target"] = measured["real"] = pixel_values(targets, self.spec.target)
            yield measured
        if files.truth or "real" not in needs:
            return
        for paths in chunks(files.target, self.batch_size):
            targets = self._crops(paths, "target", self.spec.target)
            yield {"real": pixel_values(targets, self.spec.target)}

    def _files(self, limit: int) -> UnpairedFiles:
        return self.images.unpaired_files(0, len(self.layout.domain_files) - 1, limit)

    def _translation(self, recipe: Recipe, batch: Any, needs: frozenset[str]) -> MetricBatch:
        """Return the translation of a batch of items, with its ground truth, if any."""
        pair = recipe.ground_truth_pair(batch) if self.degrades_images else batch
        measured = self._translate_batch(recipe, getattr(pair, "source", batch[0]), needs)
        target = pixel_values(getattr(pair, "target", batch[0]), self.spec.target)
        measured["real"] = target
        if self.layout.paired or self.degrades_images:
            measured["target"] = target
        return measured

    def _translate_batch(
        self, recipe: Recipe, images: Tensor, needs: frozenset[str]
    ) -> MetricBatch:
        fake = _translate(recipe, images)
        measured: MetricBatch = {"fake": pixel_values(fake, self.spec.target)}
        channels = self.spec.source.channels  # a mask may follow them
        measured["source"] = pixel_values(images[:, :channels], self.spec.source)
        if "cycle" in needs:
            back = _translate(recipe, fake, to=self.spec.source.name)
            measured["cycle"] = pixel_values(back, self.spec.source)
        return measured

    def _items(self, limit: int) -> Iterator[Any]:
        """Yield batches of the items of the layout, on the device."""
        images, layout = self.images, self.layout
        for indices in chunks(spread(range(len(layout)), limit), self.batch_size):
            with plugin_code(layout, "load"):
                batch, problems = collate([(images.load(images.pick(i)), []) for i in indices])
            if batch is None:
                raise TrainingError(problems[-1].reason)
            yield batch_to_device(batch, self.device, self.spec)

    def _crops(self, paths: Sequence[Path], role: str, domain: Domain) -> Tensor:
        """Return the images of one domain (N, C, H, W), in [-1, 1]."""
        crops = torch.stack([self.images.crop(path, role) for path in paths])
        return to_device(crops, self.device, domain)


def pixel_values(images: Tensor, domain: Domain) -> Tensor:
    """Map images (N, C, H, W) in [-1, 1] to the pixel values of their domain, as they are saved."""
    numbers = from_network_range(images.float(), domain.dtype, domain)
    return numbers if domain.dtype == "float32" else numbers.round()


def _samples(recipe: Recipe, batch: Any, domain: Domain) -> MetricBatch:
    """Return as many generated images as the batch has images, with the same labels or captions."""
    labels, text = getattr(batch, "labels", None), getattr(batch, "text", None)
    with plugin_code(recipe, "draw"):
        condition = text if labels is None else labels if recipe.conditions() else None
        latents = recipe.latents(len(batch[0])).to(batch[0].device)
        fake = recipe.draw(latents, condition, **_noise(recipe.draw, len(latents), latents.device))
    measured: MetricBatch = {
        "fake": pixel_values(fake, domain),
        "real": pixel_values(batch[0], domain),
    }
    return measured if labels is None else {**measured, "labels": labels, "real_labels": labels}


def _translate(recipe: Recipe, images: Tensor, to: str | None = None) -> Tensor:
    with plugin_code(recipe, "translate"):
        noise = _noise(recipe.translate, len(images), images.device)
        return recipe.translate(images, to=to, **noise)


def _noise(call: Any, count: int, device: torch.device) -> dict[str, Noise]:
    """Return the noise that a recipe's method takes: the same at every evaluation."""
    if "noise" not in signature(call).parameters:
        return {}
    return {"noise": Noise(0, [f"image {number}" for number in range(count)], device=device)}
