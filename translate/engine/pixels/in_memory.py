"""Translation of images in memory; each output has the type of its input."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from translate.batches import Domain
from translate.engine.pixels import conversion, mask_inputs
from translate.engine.pixels.preparation import prepare, require_inpainting
from translate.engine.pixels.processing import ImageProcessor
from translate.images.domains.levels import is_photographic
from translate.images.tensors import ImageInput


def translate_images(
    processor: ImageProcessor,
    images: ImageInput | Sequence[ImageInput],
    masks: ImageInput | Sequence[ImageInput | None] | None,
    *,
    stacklevel: int,
) -> Any:
    """Return the translation of an image, a list of images or a batch (N, C, H, W).

    Lost information is reported as a warning, `stacklevel` frames above this function.
    """
    if isinstance(images, (list, tuple)):
        pairs = zip(images, mask_inputs.split_masks(masks, len(images)), strict=True)
        return [_translate(processor, image, mask, stacklevel + 1) for image, mask in pairs]
    if isinstance(images, Tensor) and images.ndim == 4:
        pairs = zip(images, mask_inputs.split_masks(masks, len(images), shared=True), strict=True)
        outputs = [_translate(processor, image, mask, stacklevel + 1) for image, mask in pairs]
        return torch.stack(outputs) if outputs else images
    return _translate(processor, images, masks, stacklevel + 1)


def _translate(processor: ImageProcessor, image: Any, mask: Any, stacklevel: int) -> Any:
    if mask is not None:
        require_inpainting(processor.model)
    source = conversion.load(image, processor.file_domain)
    if _loses_digits(image, processor.source):
        message = "reading an image: float64 is rounded to float32"
        warnings.warn(message, stacklevel=stacklevel + 1)
    hole = mask_inputs.find_hole(source, mask) if processor.model.takes_mask else None
    source = source._replace(hole=hole, has_mask=mask is not None)
    choose_type = _pillow_dtype if conversion.is_pillow_result(image) else _same_dtype
    with conversion.input_errors(source.path, is_file=source.image is not None):
        prepared = prepare(processor, source, choose_type)
    for note in prepared.notes:
        warnings.warn(f"reading an image: {note.text}", stacklevel=stacklevel + 1)
    pixels = prepared.translate(processor)
    for note in prepared.form.clipped.notes():
        warnings.warn(f"translating an image: {note.text}", stacklevel=stacklevel + 1)
    return conversion.convert_back(image, source, pixels)


def _loses_digits(image: Any, domain: Domain) -> bool:
    """Return whether measured values are rounded; in photographs the loss is not visible."""
    if is_photographic(domain) or getattr(image, "dtype", None) not in (np.float64, torch.float64):
        return False
    numbers = image.detach().cpu().numpy() if isinstance(image, Tensor) else image
    return not np.array_equal(numbers, numbers.astype(np.float32))


def _same_dtype(channels: int, dtype: str, alpha: bool) -> str:  # noqa: ARG001 - as `ChooseType`
    return dtype


def _pillow_dtype(channels: int, dtype: str, alpha: bool) -> str:  # noqa: ARG001
    return "uint8" if dtype in ("uint16", "float32") and channels in (1, 3) else dtype
