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

    It has no effect, which is logged, for a recipe without convolutions. Weights of other
    dimensions stay as they are.

    Raises:
        ConfigError: A network has a norm whose gradients are wrong in this format.
    """
    for name, module in recipe.named_modules():
        if isinstance(module, _InstanceNorm):
            raise ConfigError(
                f"train.channels_last: {name} is PyTorch's {type(module).__name__}, whose "
                "gradients are wrong in this format for a single image. Expected false, or "
                "translate.nn.norms.InstanceNorm in its place."
            )
    images = [p for p in recipe.parameters() if p.ndim == 4]
    if not images:
        logger.info(
            f"train.channels_last has no effect: {type(recipe).__name__} has no convolutions"
        )
    for parameter in images:
        parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
