"""PatchNCE, the loss of `cut` and `fastcut`: a patch tells which patch of the source it is."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.features import features_of
from translate.nn.geometry import geometry_of
from translate.nn.modes import mode
from translate.nn.precision import at_least_float32

SIDE = 32
"""of the image by which a generator shows how many channels its features have"""


class PatchNCE(nn.Module):
    """Contrast of what a generator's encoder sees in its output and in its source.

    Park et al. (2020), section 3, equations 3 and 4. Each layer is looked at in some random places,
    the same ones in both. A head of two layers makes a unit vector of each; an output's is to be
    more like the source's at its place than like those at all other places of the same image. The
    source's vectors stand still, so heads and encoder learn from the output's alone.
    """

    def __init__(
        self, channels: Sequence[int], *, width: int = 256, patches: int, temperature: float
    ) -> None:
        super().__init__()
        self.patches, self.temperature = patches, temperature
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(count, width), nn.ReLU(), nn.Linear(width, width))
            for count in channels
        )

    def forward(self, drawn: Sequence[Tensor], source: Sequence[Tensor]) -> Tensor:
        """Return (N,), each image's mean over the layers, of features (N, C, H, W) of both."""
        each = [
            self._layer(head, one, other)
            for head, one, other in zip(self.heads, drawn, source, strict=True)
        ]
        return torch.stack(each).mean(dim=0)

    def _layer(self, head: nn.Module, drawn: Tensor, source: Tensor) -> Tensor:
        places = torch.randperm(drawn[0, 0].numel())[: self.patches].to(drawn.device)
        query = normalize(head(_at(places, drawn)))
        with torch.no_grad():
            key = normalize(head(_at(places, source)))
        return patch_cross_entropy(query, key, self.temperature)


def patch_cross_entropy(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """Return (N,), the mean cross-entropy of the places of `query` among those of `key`.

    Both are (N, places, width). Logits are products over `temperature`; the right answer is the
    place itself, and wrong ones are the others of the same image.
    """
    with torch.autocast(query.device.type, enabled=False):
        logits = at_least_float32(query) @ at_least_float32(key).mT / temperature
    own = torch.arange(query.shape[1], device=query.device).expand(len(query), -1)
    return F.cross_entropy(logits.mT, own, reduction="none").mean(dim=1)


def normalize(vectors: Tensor) -> Tensor:
    """Return vectors (..., width) of length 1, in full precision; of zeros, zeros.

    A head without bias makes zeros of a blank picture, where the root of a sum of squares has no
    finite slope; that of `vector_norm` is 0 there.
    """
    vectors = at_least_float32(vectors)
    return vectors / (torch.linalg.vector_norm(vectors, dim=-1, keepdim=True) + 1e-7)


def feature_channels(generator: nn.Module, channels: int) -> list[int]:
    """Return how many channels the features of `generator` have, for images of `channels`.

    Nothing is drawn at random, and no statistics move.
    """
    look = features_of(generator, "generator", "resnet")
    side = geometry_of(generator).fit(SIDE)
    with torch.no_grad(), mode(generator, training=False):
        return [feature.shape[1] for feature in look(torch.zeros(1, channels, side, side))]


def expect_equal_channels(source: int, target: int) -> int:
    """Return the channels of both domains; `ConfigError` where they differ."""
    if source != target:
        raise ConfigError(
            f"data.channels: one encoder looks at source and output and takes no {source} and "
            f"{target} channels: set it to 1 or 3, for both domains."
        )
    return source


def _at(places: Tensor, features: Tensor) -> Tensor:
    """Return (N, places, C) of features (N, C, H, W)."""
    return features.flatten(2)[:, :, places].mT
