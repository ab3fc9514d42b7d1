"""Perceptual loss: the distance of two images in features of a network trained on ImageNet."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import at_least_float32
from translate.nn.pretrained import efficientnet_lite0
from translate.weights import PretrainedFile

LOG = logging.getLogger("translate")

VGG19 = PretrainedFile(
    name="vgg19-dcbb9e9d.pth",
    network="VGG-19 (Simonyan and Zisserman, 2015), torchvision's, trained on ImageNet",
    url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    megabytes=548,
    licence="BSD-3-Clause",
)


class Perceptual(nn.Module):
    """Images: perceptual loss, distance in features of a network trained on ImageNet.

    Johnson et al. (2016), section 3.1: the mean over the entries of a layer, summed over layers.
    Images are (N, 3, H, W) or gray (N, 1, H, W), in [-1, 1]. ``vgg19`` is used as in DeblurGAN's
    code: conv3_3 before the ReLU, inputs not standardized to ImageNet. ``efficientnet-lite0`` has a
    stem (layer 0) and blocks (layers 1 to 16); by default layers 3 and 5 are compared, at a quarter
    and an eighth of the resolution. The two networks need different weights, as their features
    differ in size.
    """

    pretrained = (VGG19,)

    def __init__(
        self,
        *,
        network: Annotated[
            Literal["efficientnet-lite0", "vgg19"],
            "pretrained network; the weights of vgg19 are downloaded, 548 MB",
        ] = "efficientnet-lite0",
        layers: Annotated[
            Sequence[int] | None,
            "numbers of the layers that are compared; layers of vgg19 as numbered by torchvision",
        ] = None,
        weights: Annotated[Sequence[float] | None, "weight of each layer; default: 1 each"] = None,
        criterion: Annotated[
            Literal["l1", "l2"], "distance of features: mean absolute or squared error"
        ] = "l2",
    ) -> None:
        super().__init__()
        load, layer_count, default_layers = NETWORKS[network]
        layers = default_layers if layers is None else layers
        if not layers or not all(0 <= layer < layer_count for layer in layers):
            raise ConfigError(
                f"layers: {network} has 0 to {layer_count - 1}, got {', '.join(map(str, layers))}."
            )
        self.weights = [1.0] * len(layers) if weights is None else weights
        if len(self.weights) != len(layers):
            raise ConfigError(
                f"weights: {len(self.weights)} for {len(layers)} layers of {network}: give each "
                "layer one, or clear weights (`weights=`), and each weighs 1."
            )
        self.features = FrozenFeatures(network, load, layers)
        self.criterion = F.l1_loss if criterion == "l1" else F.mse_loss

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        layer_losses = [
            weight * self.criterion(at_least_float32(output_layer), at_least_float32(target_layer))
            for weight, output_layer, target_layer in zip(
                self.weights, self.features(output), self.features(target), strict=True
            )
        ]
        return torch.stack(layer_losses).sum()


class FrozenFeatures:
    """Features of a frozen pretrained network, which is loaded at first use.

    The network is not a submodule of the recipe: it is in no checkpoint, optimizer or moving
    average, and inference does not load it. A call moves the network to the device of the images.
    """

    def __init__(
        self, name: str, load: Callable[[], Sequence[nn.Module]], layers: Sequence[int]
    ) -> None:
        self.name, self.load, self.layers = name, load, layers
        self.network: nn.Sequential | None = None

    def __call__(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the layers for `images`, (N, 3 or 1, H, W) in [-1, 1]."""
        if images.shape[1] not in (1, 3):
            raise ConfigError(
                f"perceptual: {self.name} takes gray or colour images, 1 or 3 channels, not "
                f"{images.shape[1]}. Set the weight of the perceptual loss to 0, or choose three "
                "bands, as in --set data.bands=[3,2,1]."
            )
        images = at_least_float32(images)
        if self.network is None:
            self.network = nn.Sequential(*self.load()[: max(self.layers) + 1])
            self.network.eval().requires_grad_(False)
            LOG.info("perceptual features: %s, layers %s", self.name, [*self.layers])
        self._require_min_side(images)
        self.network.to(images)
        features: dict[int, Tensor] = {}
        images = images.expand(-1, 3, -1, -1)
        for number, layer in enumerate(self.network):
            images = layer(images)
            if number in self.layers:
                features[number] = images
        return [features[layer] for layer in self.layers]

    def _require_min_side(self, images: Tensor) -> None:
        """Raise `ConfigError` if images are too small for the pooling layers of the network."""
        assert self.network is not None
        min_side = 2 ** sum(isinstance(layer, nn.MaxPool2d) for layer in self.network)
        if min(images.shape[-2:]) < min_side:
            height, width = images.shape[-2:]
            raise ConfigError(
                f"perceptual: layer {max(self.layers)} of {self.name} is too deep for images "
                f"of {height}x{width}: set data.size to {min_side} or more, or choose an "
                "earlier layer."
            )

    def __deepcopy__(self, memo: dict[int, Any]) -> "FrozenFeatures":
        return self  # copies of a recipe share the network


def vgg19() -> list[nn.Module]:
    """Return the convolutions, ReLUs and pools of VGG-19, in the order of torchvision.

    The weights are torchvision's for ImageNet, from its cache, or downloaded into it. Raises
    `ConfigError` if that fails.
    """
    from torchvision.models import VGG19_Weights
    from torchvision.models import vgg19 as build  # takes seconds; only vgg19 needs it

    if VGG19.present:
        VGG19.check_hash(VGG19.path)  # torch checks only files that it downloads
    with torch.device("meta"):
        network = build().features
    try:
        state = VGG19_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, check_hash=True, weights_only=True
        )
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"network: vgg19 cannot be loaded ({error}): {VGG19.instructions}, or choose "
            "efficientnet-lite0."
        ) from error
    layers = {
        key.removeprefix("features."): weight for key, weight in state.items() if "features." in key
    }
    network.load_state_dict(layers, assign=True)
    for layer in network:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False  # else it would change the features of the layer before
    return [*network]


class PretrainedNetwork(NamedTuple):
    """A network for `Perceptual`, which compares its features."""

    load: Callable[[], list[nn.Module]]
    """returns the layers of the network"""
    layer_count: int
    default_layers: tuple[int, ...]


NETWORKS: Mapping[str, PretrainedNetwork] = {
    "efficientnet-lite0": PretrainedNetwork(
        efficientnet_lite0, layer_count=17, default_layers=(3, 5)
    ),
    "vgg19": PretrainedNetwork(vgg19, layer_count=37, default_layers=(14,)),
}
