"""The images that a run is measured on: the same crops at every evaluation, with their outputs."""

from collections.abc import Iterable, Iterator, Sequence
from inspect import signature
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from translate.batches import Domain
from translate.engine.checkpoints.state import TrainingState
from translate.engine.data.check import CheckedData
from translate.engine.data.device import batch_to_device
from translate.engine.data.order import collate, item_rng
from translate.engine.data.transform import Augment
from translate.engine.data.validation import MEASURED
from translate.engine.plugins.errors import plugin_code
from translate.errors import TrainingError
from translate.images.tensors import to_device
from translate.metrics import MetricBatch
from translate.nn.noise import Noise
from translate.recipe import Recipe

PIXELS, MOST = 1 << 20, 64
"""pixels of a batch, and images"""


class Middle(Random):
    """The middle of every range: crops at the centre, images that are not mirrored."""

    def random(self) -> float:
        """Return 0.5."""
        return 0.5

    def randint(self, a: int, b: int) -> int:
        """Return the number in the middle."""
        return (a + b) // 2


class EvaluationImages:
    """Reads the validation images, and lets a recipe translate or generate."""

    def __init__(self, training: TrainingState, data: CheckedData, device: torch.device) -> None:
        self.training, self.layout, self.device = training, data.layout, device
        self.spec, self.recipe_type = training.spec, type(training.recipe)
        settings = training.config.data
        # label maps and photographs are as in training, without its random changes
        resize = settings.resize if settings.resize in ("none", "fit") else min(settings.crop)
        fixed = settings.model_copy(update={"resize": resize, "flip": False, "augment": ()})
        self.transform = Augment(fixed, data.layout.spec, data.augment.read)
        height, width = settings.crop
        self.batch_size = max(1, min(MOST, PIXELS // (height * width)))
        self.translates = self.recipe_type.translate is not Recipe.translate
        self.draws = self.recipe_type.draw is not Recipe.draw
        self.has_own_pairs = self.recipe_type.ground_truth_pair is not Recipe.ground_truth_pair

    @property
    def fields(self) -> frozenset[str]:
        """The fields of a `MetricBatch` that this recipe and these images have."""
        fields = {"fake", "real"}
        if self.translates:
            fields |= {"source"}
            fields |= {"target"} if self.layout.paired or self.has_own_pairs else set()
            fields |= {"cycle"} if self._way_back() else set()
        if self.draws and "labels" in getattr(self.layout.batch, "_fields", ()):
            fields |= {"labels", "real_labels"}
        return frozenset(fields if self.translates or self.draws else ())

    def batches(
        self, recipe: Recipe, needs: frozenset[str], limit: int = MEASURED
    ) -> Iterator[MetricBatch]:
        """Yield what a metric with these `needs` measures, with the outputs of `recipe`.

        At most `limit` images of each domain are measured, spread evenly.
        """
        translates = self.translates and (not self.draws or needs & {"source", "target", "cycle"})
        if translates and self._is_unpaired():
            sources, targets = self.layout.domain_files[0], self.layout.domain_files[-1]
            for images in self._crops(sources, "source", self.spec.source, limit):
                yield self._translated(recipe, images, needs)
            if "real" not in needs:
                return
            for images in self._crops(targets, "target", self.spec.target, limit):
                yield {"real": in_units(images, self.spec.target)}
            return
        for batch in self._items(limit):
            yield (
                self._translation(recipe, batch, needs)
                if translates
                else _drawn(recipe, batch, self.spec.target)
            )

    def _is_unpaired(self) -> bool:
        """Return whether the images of both domains are read one by one, each once."""
        layout = self.layout
        separate = len(layout.domain_files) == len(self.spec.names) > 1
        return separate and not (layout.paired or layout.joined or self.has_own_pairs)

    def _way_back(self) -> bool:
        source, target = self.spec.source.name, self.spec.target.name
        return source != target and source in self.training.recipe.targets(target)

    def _translation(self, recipe: Recipe, batch: Any, needs: frozenset[str]) -> MetricBatch:
        """Return the translation of a batch of items, with its ground truth, if any."""
        pair = recipe.ground_truth_pair(batch) if self.has_own_pairs else batch
        measured = self._translated(recipe, getattr(pair, "source", batch[0]), needs)
        target = in_units(getattr(pair, "target", batch[0]), self.spec.target)
        measured["real"] = target
        if self.layout.paired or self.has_own_pairs:
            measured["target"] = target
        return measured

    def _translated(self, recipe: Recipe, images: Tensor, needs: frozenset[str]) -> MetricBatch:
        fake = _translate(recipe, images)
        measured: MetricBatch = {"fake": in_units(fake, self.spec.target)}
        channels = self.spec.source.channels  # a mask may follow them
        measured["source"] = in_units(images[:, :channels], self.spec.source)
        if "cycle" in needs:
            back = _translate(recipe, fake, to=self.spec.source.name)
            measured["cycle"] = in_units(back, self.spec.source)
        return measured

    def _items(self, limit: int) -> Iterator[Any]:
        """Yield batches of the items of the layout, on the device."""
        seed, layout = self.training.config.train.seed, self.layout

        def load(index: int) -> Any:
            item = layout.pick(index, item_rng(seed, 0, index))
            return layout.load(item, self.transform.item(Middle()))

        for indices in _chunks(range(len(layout)), self.batch_size, limit):
            with plugin_code(layout, "load"):
                batch, met = collate([(load(index), []) for index in indices])
            if batch is None:
                raise TrainingError(met[-1].reason)
            yield batch_to_device(batch, self.device, self.spec)

    def _crops(
        self, files: Sequence[Path], role: str, domain: Domain, limit: int
    ) -> Iterator[Tensor]:
        """Yield batches (N, C, H, W) of the images of one domain, in [-1, 1]."""
        for paths in _chunks(files, self.batch_size, limit):
            crops: list[Tensor] = []
            for path in paths:
                transform = self.transform.item(Middle())
                crops += transform(transform.read(path), roles=(role,))
            yield to_device(torch.stack(crops), self.device, domain)


def in_units(images: Tensor, domain: Domain) -> Tensor:
    """Return images (N, C, H, W) in [-1, 1] in the numbers of their domain, as they are saved."""
    low, high = domain.range
    numbers = images.float().clamp(-1, 1).add(1).mul((high - low) / 2).add(low)
    return numbers if domain.dtype.startswith("float") else numbers.round()


def _drawn(recipe: Recipe, batch: Any, domain: Domain) -> MetricBatch:
    """Return as many generated images as the batch has real ones, under the same conditions."""
    labels, text = getattr(batch, "labels", None), getattr(batch, "text", None)
    with plugin_code(recipe, "draw"):
        condition = text if labels is None else labels if recipe.conditions() else None
        latents = recipe.latents(len(batch[0])).to(batch[0].device)
        fake = recipe.draw(latents, condition, **_noise(recipe.draw, len(latents), latents.device))
    measured: MetricBatch = {"fake": in_units(fake, domain), "real": in_units(batch[0], domain)}
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


def _chunks(things: Sequence[Any], size: int, limit: int) -> Iterator[list[Any]]:
    """Yield at most `limit` of `things`, spread evenly, in lists of `size`."""
    count = min(limit, len(things))
    chosen: Iterable[Any] = iter(things[place * len(things) // count] for place in range(count))
    while chunk := list(islice(chosen, size)):
        yield chunk
