"""Losses: adversarial losses, `vanilla` to `wasserstein`, and image losses, `l1` to `perceptual`.

Each docstring begins with the use of the loss, "Adversarial" or "Images", as `translate show` lists
the docstrings.
"""

from collections.abc import Callable, Mapping

from torch import nn

from translate import hookimpl
from translate_plugins.losses.adversarial import (
    Hinge,
    LeastSquares,
    Relativistic,
    Vanilla,
    Wasserstein,
)
from translate_plugins.losses.images import (
    Charbonnier,
    EdgeLoss,
    MeanAbsolute,
    MeanSquared,
    Ssim,
    TotalVariation,
)
from translate_plugins.losses.perceptual import Perceptual


@hookimpl
def register_losses() -> Mapping[str, Callable[..., nn.Module]]:
    return {
        "vanilla": Vanilla,
        "lsgan": LeastSquares,
        "hinge": Hinge,
        "relativistic": Relativistic,
        "wasserstein": Wasserstein,
        "l1": MeanAbsolute,
        "l2": MeanSquared,
        "ssim": Ssim,
        "edge": EdgeLoss,
        "charbonnier": Charbonnier,
        "tv": TotalVariation,
        "perceptual": Perceptual,
    }
