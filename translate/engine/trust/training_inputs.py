"""The images that a model was trained on, as crops for its network."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from translate.engine.checkpoints import read
from translate.engine.checkpoints.references.lookup import resolve, run_of
from translate.engine.config.schema import Config
from translate.engine.data import places
from translate.engine.loading.order import spread
from translate.engine.models.model import require_recipe
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.runs.run_record import working_directory_of
from translate.engine.splits.measured_images import CenterCropRandom, MeasuredImages, center_crop
from translate.engine.splits.validation import open_training_layouts
from translate.errors import NothingUsableError
from translate.images.layers import Pixels
from translate.images.tensors import as_pixels, from_device, network_input


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
        return as_pixels(crop)

    def read(self, limit: int) -> list[Pixels]:
        """Return at most `limit` training inputs (H, W, C), spread evenly, cropped at the centre.

        A mask is one more channel. Files that cannot be read are skipped.

        Raises:
            TranslateError: The images are not where they were, or none can be read.
        """
        images, role = self._open(), self._role
        degrades = require_recipe(self.processor.model).degrades_images
        if images.is_unpaired and not degrades:
            files = images.layout.domain_files[-1 if role == "target" else 0]
            inputs = [pixels for _, pixels in images.load_files(spread(files, limit), role)[0]]
        else:
            items = [item for _, item in images.load_items(limit)[0]]
            inputs = (
                list(self._degraded_inputs(items))
                if degrades
                else [as_pixels(getattr(item, role, item[0])) for item in items]
            )
        if not inputs:
            raise NothingUsableError(f"not one of {len(images.layout)} items can be read.")
        return inputs

    @property
    def _role(self) -> str:
        model = self.processor.model
        reverse = self.processor.to == model.spec.source.name != model.spec.target.name
        return "target" if reverse else "source"

    def _open(self) -> MeasuredImages:
        model, config = self.processor.model, self.config
        run = run_of(resolve(model.name)[0])
        data = places.locate(config.data, working_directory_of(run), root_changed=False)
        _, layout, _ = open_training_layouts(data, config.train.seed, model.spec.domains)
        return MeasuredImages(layout, data, seed=config.train.seed)

    def _degraded_inputs(self, items: Iterable[Any]) -> Iterator[Pixels]:
        """Yield the inputs that the recipe makes of training images."""
        model, domain = require_recipe(self.processor.model), self.processor.source
        for number, item in enumerate(items):
            with model.degraded_pair(item, number) as pair:
                if pair is None:
                    continue
            (image,) = from_device(pair.source[:, : domain.channels], domain)
            mask = pair.source[0, domain.channels :].permute(1, 2, 0) > 0
            yield np.concatenate([image, mask.cpu().numpy() * np.uint8(255)], axis=2)


def _no_file(path: Path) -> Any:
    raise AssertionError(f"{path} must not be read: the pixels are known")
