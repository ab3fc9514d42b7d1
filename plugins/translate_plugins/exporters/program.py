"""The program of a model: its operations, for images of any number and of all sizes it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from translate.errors import ConfigError
from translate.exporters import ExportedModel

if TYPE_CHECKING:
    from torch.export import ExportedProgram

NAMES = ("images", "height", "width")
"""of the dimensions that may change"""


def trace(model: ExportedModel) -> ExportedProgram:
    """Return the operations of the network of `model`, with dynamic sides."""
    import torch
    from torch._dynamo.exc import UserError, UserErrorType
    from torch.export import Dim, export  # seconds, and inference needs none of it

    if model.inputs:
        inputs = tuple(
            torch.zeros(2, *each.shape, dtype=getattr(torch, each.dtype)) for each in model.inputs
        )
        with torch.no_grad():
            return export(model.network, inputs, dynamic_shapes=[{0: Dim(NAMES[0])}] * len(inputs))
    multiple = model.geometry.multiple_of
    side = model.geometry.fit(32) + multiple
    # an example of unequal numbers, none of them 1, so that none is taken for a constant
    example = torch.zeros(2, model.channels, side, side + multiple)
    least = max(1, -(-model.geometry.minimum // multiple))
    height, width = (multiple * Dim(name, min=least) for name in NAMES[1:])
    shapes = ({0: Dim(NAMES[0]), 2: height, 3: width},)
    with torch.no_grad():
        try:
            return export(model.network, (example,), dynamic_shapes=shapes)
        except UserError as error:
            if error.error_type is not UserErrorType.CONSTRAINT_VIOLATION:
                raise
            raise ConfigError(
                "its operations depend on the sizes of images, as those of a recipe that scales "
                "images to the size it was trained on: expected the same operations for all sizes."
            ) from error
