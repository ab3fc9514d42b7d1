"""Perceptual distances to the ground truth of the same image: LPIPS and DISTS, by torchmetrics."""

from abc import abstractmethod
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

import torch
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.errors import require_package
from translate.metrics import MetricBatch, MetricValue
from translate.weights import PretrainedFile
from translate_plugins.metrics.errors import mean_inside
from translate_plugins.metrics.means import MeanOverImages
from translate_plugins.metrics.published import ALEXNET, SQUEEZENET, VGG16

Network: TypeAlias = Literal["alex", "squeeze", "vgg"]
NETWORKS: dict[Network, PretrainedFile] = {"alex": ALEXNET, "squeeze": SQUEEZENET, "vgg": VGG16}
MIN_SIDE = 32
"""shortest side in pixels that the pooling layers do not reduce to nothing"""


class _PerceptualDistance(MeanOverImages):
    """Measures the distance of each fake image to its target by `measure`."""

    needs = frozenset({"fake", "target"})
    domain: Domain

    def update(self, batch: MetricBatch) -> None:
        fake, target = (to_unit_range(batch[name], self.domain) for name in ("fake", "target"))
        if min(fake.shape[-2:]) < MIN_SIDE:
            distance = torch.full((len(fake),), torch.nan)
        else:
            with torch.no_grad():
                distance = self.measure(fake, target, batch.get("mask"))
        self.add("fake", value=distance)  # `MeanOverImages` averages ``value``

    @abstractmethod
    def measure(self, fake: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        """Return the distances (N,) of two batches of images (N, 3, H, W) in [0, 1]."""


class LearnedDistance(_PerceptualDistance):
    """Paired: LPIPS, distance in features, weighted to agree with human judgements.

    Zhang et al. (2018), with their linear layers, version 0.1. With a mask, the network returns a
    map of distances, one for each pixel, and the distance is the mean over the pixels of the mask.
    Undefined for images with a side below 32 pixels.
    """

    masked = True  # measures only the pixels of the mask, if there is one
    values = {"lpips": MetricValue("min")}
    pretrained = (*NETWORKS.values(),)

    def __init__(
        self,
        *,
        domain: Domain = UNNAMED,
        network: Annotated[Network, "AlexNet (the paper's choice), SqueezeNet or VGG-16"] = "alex",
    ) -> None:
        require_package("torchmetrics", "metrics")
        self.domain, self.network = domain, network
        self.pretrained = (NETWORKS[network],)

    def measure(self, fake: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        network = _lpips(self.network).to(fake.device)
        network.spatial = mask is not None
        distance = network(fake, target, normalize=True)
        return mean_inside(distance, mask) if mask is not None else distance.flatten()

    def protocol(self) -> dict[str, str]:
        """Return the network and its weights, which must be equal for comparable values."""
        weights = NETWORKS[self.network].sha256
        return {"network": f"{self.network}, LPIPS 0.1", "weights sha256": weights}


class StructureAndTextureDistance(_PerceptualDistance):
    """Paired: DISTS, distance of structure and texture in features of VGG-16.

    Ding et al. (2020): similar textures at other positions have a small distance. Undefined for
    images with a side below 32 pixels.
    """

    values = {"dists": MetricValue("min")}
    pretrained = (VGG16,)

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        require_package("torchmetrics", "metrics")
        self.domain = domain

    def measure(self, fake: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:  # noqa: ARG002
        return _dists().to(fake.device)(fake, target).reshape(-1)

    def protocol(self) -> dict[str, str]:
        """Return the network and its weights, which must be equal for comparable values."""
        return {"network": "VGG-16", "weights sha256": VGG16.sha256}


def to_unit_range(images: Tensor, domain: Domain) -> Tensor:
    """Return images as (N, 3, H, W) in [0, 1]; `images` are in the range of `domain`."""
    low, high = domain.range
    return ((images.float() - low) / (high - low)).clamp(0, 1).expand(-1, 3, -1, -1)


@cache
def _lpips(network: Network) -> Any:
    NETWORKS[network].require()  # raises `ConfigError` if the file is missing or damaged
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    with torch.random.fork_rng(devices=[]):  # torchmetrics draws weights before it loads them
        return LearnedPerceptualImagePatchSimilarity(net_type=network).net.eval()


@cache
def _dists() -> Any:
    VGG16.require()  # raises `ConfigError` if the file is missing or damaged
    from torchmetrics.functional.image.dists import DISTSNetwork

    with torch.random.fork_rng(devices=[]):
        return DISTSNetwork().eval()
