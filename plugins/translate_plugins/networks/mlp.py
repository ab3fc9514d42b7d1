"""Fully connected networks: generator, encoder and discriminator."""

import math
from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.norms import conv_bias, vector_norm_layer
from translate_plugins.networks.patch import leaky_relu_outputs
from translate_plugins.networks.sizes import require_image_size, require_latent_vectors


class MlpGenerator(nn.Module):
    """Fully connected generator: latent vectors (N, C, 1, 1) to images (N, C, *size) in [-1, 1].

    Goodfellow et al. (2014), section 5: hidden layers with ReLU. Unlike the paper: batch norm,
    without which deep networks hardly train (Radford et al., 2016, section 3).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[PositiveInt, "units of each hidden layer"] = 512,
        layers: Annotated[int, Field(le=1000), "number of hidden layers"] = 3,
        norm: Annotated[str, "normalization: batch, layer or none"] = "batch",
        size: Annotated[tuple[int, int], "height and width of a training image"] = (28, 28),
    ) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Flatten(),
            *_hidden_layers(in_channels, width, layers, norm, nn.ReLU),
            nn.Linear(width, out_channels * math.prod(size)),
            nn.Tanh(),
            nn.Unflatten(1, (out_channels, *size)),
        )

    def forward(self, x: Tensor) -> Tensor:
        require_latent_vectors(x)
        return self.model(x)


class MlpEncoder(nn.Module):
    """Fully connected encoder: images (N, C, *size) to latent codes (N, out_channels, 1, 1).

    The reverse of the generator (Makhzani et al., 2016, appendix A).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[PositiveInt, "units of each hidden layer"] = 512,
        layers: Annotated[int, Field(le=1000), "number of hidden layers"] = 3,
        norm: Annotated[str, "normalization: batch, layer or none"] = "batch",
        size: Annotated[tuple[int, int], "height and width of a training image"] = (28, 28),
    ) -> None:
        super().__init__()
        self.size = size
        self.model = nn.Sequential(
            nn.Flatten(),
            *_hidden_layers(in_channels * math.prod(size), width, layers, norm, nn.ReLU),
            nn.Linear(width, out_channels),
            nn.Unflatten(1, (out_channels, 1, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        require_image_size(x, self.size)
        return self.model(x)


class MlpDiscriminator(nn.Module):
    """Fully connected discriminator: images (N, in_channels, *size) to one logit each, (N, 1).

    Goodfellow et al. (2014), section 5, with leaky ReLU instead of maxout. With size 1x1 it scores
    the latent codes of an adversarial autoencoder (Makhzani et al., 2016, section 2).
    """

    def __init__(
        self,
        in_channels: int,
        *,
        width: Annotated[PositiveInt, "units of each hidden layer"] = 512,
        layers: Annotated[int, Field(le=1000), "number of hidden layers"] = 2,
        norm: Annotated[str, "normalization: batch, layer or none"] = "none",
        dropout: Annotated[
            float, Field(ge=0, le=1), "dropout probability after each hidden layer"
        ] = 0.0,
        size: Annotated[tuple[int, int], "height and width of a training image"] = (28, 28),
    ) -> None:
        super().__init__()
        self.size = size
        leaky_relu = partial(nn.LeakyReLU, 0.2)
        self.model = nn.Sequential(
            nn.Flatten(),
            *_hidden_layers(
                in_channels * math.prod(size), width, layers, norm, leaky_relu, dropout
            ),
            nn.Linear(width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        require_image_size(x, self.size)
        return self.model(x)

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the activations (N, width) of each hidden layer, before any dropout."""
        require_image_size(x, self.size)
        return leaky_relu_outputs(self.model, x)


def _hidden_layers(
    in_units: int,
    width: int,
    layers: int,
    norm: str,
    activation: Callable[[], nn.Module],
    dropout: float = 0.0,
) -> list[nn.Module]:
    """Return hidden layers from vectors (N, in_units) to (N, width), with norms and activations."""
    if layers < 1:
        raise ConfigError(f"layers: expected 1 hidden layer or more, got {layers}.")
    make_norm, bias = vector_norm_layer(norm), conv_bias(norm)
    modules: list[nn.Module] = []
    for units in [in_units] + [width] * (layers - 1):
        modules += [nn.Linear(units, width, bias=bias), make_norm(width), activation()]
        modules += [nn.Dropout(dropout)] if dropout else []
    return modules
