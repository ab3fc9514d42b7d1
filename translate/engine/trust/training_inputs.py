"""The images that a model was trained on, as crops for its network."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import default_collate

from translate.batches import Layout
from translate.engine.checkpoints import read
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.config.schema import Config
from translate.engine.data import places, samples
from translate.engine.data.check import open_layout
from translate.engine.loading.device import batch_to_device
from translate.engine.loading.order import spread
from translate.engine.models.model import require_recipe
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.plugins.errors import plugin_code
from translate.engine.runs.run_record import working_directory_of
from translate.engine.splits.measured_images import CenterCropRandom, MeasuredImages, center_crop
from translate.engine.splits.validation import hold_out
from translate.errors import BadImage, NothingUsableError
from translate.images.layers import Pixels
from translate.images.tensors import from_device, network_input
from translate.nn.noise import temporary_seed
from translate.recipe import Recipe


@dataclass(frozen=True)
class TrainingInputs:
    """Reads training images of the domain that `processor` translates from."""

    processor: ImageProcessor

    @cached_property
    def config(self) -> Config:
        """The configuration of the run."""
        return read.read_checkpoint(resolve(self.processor.model.name)[0]).config

    def crop(self, pixels: Pixels) -> Pixels:
        """Return the crop (H, W, C) at the centre of an input of any size, as for training.

        It has the channels and the dtype of the domain; further channels are dropped.
        """
        model, domain = self.processor.model, self.processor.source
        image = pixels[..., : domain.channels]
        if image.dtype.name != domain.dtype:
            (image,) = from_device(network_input(image, "cpu", domain), domain)
        transform = center_crop(model.spec, self.config.data, _no_file)
        (crop,) = transform.item(CenterCropRandom())(image, roles=(self._role,))
        return crop.permute(1, 2, 0).contiguous().numpy()

    def read(self, limit: int) -> list[Pixels]:
        """Return at most `limit` training inputs (H, W, C), spread evenly, cropped at the centre.

        A mask is one more channel. Files that cannot be read are skipped.

        Raises:
            TranslateError: The images are not where they were, or none can be read.
        """
        layout, images = self._open()
        recipe = require_recipe(self.processor.model).recipe
        makes_inputs = recipe.overrides(Recipe.ground_truth_pair)
        yield_inputs = self._recipe_inputs if makes_inputs else self._file_inputs
        inputs = list(yield_inputs(images, limit))
        if not inputs:
            raise NothingUsableError(f"not one of {len(layout)} items can be read.")
        return inputs

    @property
    def _role(self) -> str:
        model = self.processor.model
        reverse = self.processor.to == model.spec.source.name != model.spec.target.name
        return "target" if reverse else "source"

    def _open(self) -> tuple[Layout, MeasuredImages]:
        checkpoint, _ = resolve(self.processor.model.name)
        run = checkpoint.parent.parent
        data = places.locate(self.config.data, working_directory_of(run), root_changed=False)
        samples.ensure(data)
        layout = open_layout(data, known=self.processor.model.spec.domains)
        seed = self.config.train.seed
        if isinstance(data.validation, float):
            layout, _ = hold_out(layout, data, data.validation, seed)
        return layout, MeasuredImages(layout, data, seed=seed)

    def _file_inputs(self, images: MeasuredImages, limit: int) -> Iterator[Pixels]:
        """Yield images of the source domain, as they are read."""
        role, layout = self._role, images.layout
        if images.is_unpaired:
            index = -1 if role == "target" else 0
            for path in spread(layout.domain_files[index], limit):
                try:
                    yield _pixels(images.crop(path, role))
                except BadImage:
                    continue
            return
        for item in _items(images, limit):
            yield _pixels(getattr(item, role, item[0]))

    def _recipe_inputs(self, images: MeasuredImages, limit: int) -> Iterator[Pixels]:
        """Yield inputs that the recipe makes of training images."""
        model = require_recipe(self.processor.model)
        for number, item in enumerate(_items(images, limit)):
            batch = batch_to_device(default_collate([item]), model.device, model.spec)
            own_code = plugin_code(model.recipe, "ground_truth_pair")
            with model.lock, temporary_seed(number), torch.no_grad(), own_code:
                pair = model.recipe.ground_truth_pair(batch)
            if pair is None:
                continue
            domain = self.processor.source
            (image,) = from_device(pair.source[:, : domain.channels], domain)
            mask = pair.source[0, domain.channels :].permute(1, 2, 0) > 0
            yield np.concatenate([image, mask.cpu().numpy() * np.uint8(255)], axis=2)


def _no_file(path: Path) -> Any:
    raise AssertionError(f"{path} must not be read: the pixels are known")


def _items(images: MeasuredImages, limit: int) -> Iterator[Any]:
    for index in spread(range(len(images.layout)), limit):
        try:
            yield images.load(images.pick(index))
        except BadImage:
            continue


def _pixels(image: torch.Tensor) -> Pixels:
    return image.permute(1, 2, 0).contiguous().numpy()
