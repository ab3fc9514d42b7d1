"""Weight initialization of networks."""

from collections.abc import Callable

from torch import Tensor, nn


def init_normal_(module: nn.Module, std: float = 0.02) -> None:
    """Initialize weights as DCGAN, pix2pix and CycleGAN do (Radford et al., 2016, section 4).

    Args:
        module: Weights of convolutions and linear layers are drawn from N(0, std), weights of batch
            and group norms from N(1, std); their biases are set to 0.
        std: The standard deviation.
    """
    _init_(module, lambda weight: nn.init.normal_(weight, 0.0, std), std)


def init_xavier_(module: nn.Module, gain: float = 0.02) -> None:
    """Initialize weights as the authors' code of CUT does (Glorot and Bengio, 2010, section 4.2).

    Args:
        module: Weights of convolutions and linear layers are drawn from ``N(0, gain * sqrt(2 /
            (inputs + outputs)))``, weights of batch and group norms from N(1, gain); their biases
            are set to 0.
        gain: The factor of that standard deviation, and the standard deviation of norms.
    """
    _init_(module, lambda weight: nn.init.xavier_normal_(weight, gain), gain)


def _init_(module: nn.Module, draw_: Callable[[Tensor], Tensor], norm_std: float) -> None:
    weighted_layers = (nn.Linear, nn.modules.conv._ConvNd)
    norms = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm)
    for child in module.modules():
        if isinstance(child, (*weighted_layers, *norms)):
            if any(parameter.is_meta for parameter in child.parameters(recurse=False)):
                continue  # nothing to initialize: parameters on the meta device have no values
            if isinstance(child, weighted_layers):
                draw_(child.weight)
            elif child.weight is not None:
                nn.init.normal_(child.weight, 1.0, norm_std)
            if child.bias is not None:
                nn.init.zeros_(child.bias)
