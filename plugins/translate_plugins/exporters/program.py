"""Tracing of a model to a torch.export program, for any number and size of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from translate.errors import ConfigError
from translate.exporters import ExportedModel

if TYPE_CHECKING:
    from torch.export import ExportedProgram

DIMENSIONS = ("images", "height", "width")
"""names of the dynamic dimensions: number, height and width of the images"""


def trace(model: ExportedModel) -> ExportedProgram:
    """Return the program of the network of `model`, with dynamic height and width.

    Networks that generate images have one dynamic dimension, the number of images.
    """
    import torch
    from torch._dynamo.exc import UserError, UserErrorType
    from torch.export import Dim, export  # takes seconds; inference needs none of it

    if model.inputs:
        inputs = tuple(
            torch.zeros(2, *model_input.shape, dtype=getattr(torch, model_input.dtype))
            for model_input in model.inputs
        )
        with torch.no_grad():
            return export(
                model.network, inputs, dynamic_shapes=[{0: Dim(DIMENSIONS[0])}] * len(inputs)
            )
    multiple = model.geometry.multiple_of
    side = model.geometry.fit(32) + multiple
    # torch.export takes dimensions of 1 and equal dimensions for constants: use none of either
    example = torch.zeros(2, model.channels, side, side + multiple)
    min_multiples = max(1, -(-model.geometry.minimum // multiple))
    height, width = (multiple * Dim(name, min=min_multiples) for name in DIMENSIONS[1:])
    dynamic_shapes = ({0: Dim(DIMENSIONS[0]), 2: height, 3: width},)
    with torch.no_grad():
        try:
            return export(model.network, (example,), dynamic_shapes=dynamic_shapes)
        except UserError as error:
            if error.error_type is not UserErrorType.CONSTRAINT_VIOLATION:
                raise
            raise ConfigError(
                "its operations depend on the sizes of images, as those of a recipe that scales "
                "images to the size it was trained on, or that calls len(images), which is a "
                "constant in a file: expected the same operations for all sizes, images.shape[0]."
            ) from error
