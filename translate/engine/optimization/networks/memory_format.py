"""Networks in PyTorch's memory format `channels_last`, which the Tensor Cores of GPUs read fastest.

Only the order of numbers in memory changes: shapes, gradients up to rounding and the files of a
checkpoint stay the same.
"""

import logging

import torch
from torch.nn.modules.instancenorm import _InstanceNorm

from translate.errors import ConfigError
from translate.recipe import Recipe

logger = logging.getLogger(__name__)


@torch.no_grad()
def use_channels_last(recipe: Recipe) -> None:
    """Store the weights of all 2D convolutions of a recipe in `channels_last` format.

    All weights with four dimensions are converted. A recipe without such weights is logged.

    Raises:
        ConfigError: A network has a norm with wrong gradients in this format.
    """
    for name, module in recipe.named_modules():
        if isinstance(module, _InstanceNorm):
            raise ConfigError(
                f"train.channels_last: {name} is PyTorch's {type(module).__name__}, which "
                "has wrong gradients in this format for a single image. Expected false, or "
                "translate.nn.norms.InstanceNorm in its place."
            )
    weights = [p for p in recipe.parameters() if p.ndim == 4]
    if not weights:
        logger.info(
            f"train.channels_last has no effect: {type(recipe).__name__} has no convolutions"
        )
    for parameter in weights:
        parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
