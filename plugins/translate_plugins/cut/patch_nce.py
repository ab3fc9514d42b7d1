"""PatchNCE, the contrastive loss of CUT and FastCUT between patches of output and source."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.losses import at_least_float32
from translate.nn.features import features_of
from translate.nn.geometry import geometry_of
from translate.nn.modes import mode


class PatchNCE(nn.Module):
    """Contrastive loss between the encoder's features of the output and of the source.

    Park et al. (2020), section 3, equations 3 and 4. In each layer, features at random positions,
    the same in both images, are projected to unit vectors by a head of two linear layers. Each
    vector of the output must be closer to the source's vector at the same position than to the
    source's vectors at other positions. Gradients flow through the output's vectors only.
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

    def forward(self, output: Sequence[Tensor], source: Sequence[Tensor]) -> Tensor:
        """Return (N,), the mean loss over the layers, for features (N, C, H, W) of both images."""
        losses = [
            self._layer_loss(head, output_layer, source_layer)
            for head, output_layer, source_layer in zip(self.heads, output, source, strict=True)
        ]
        return torch.stack(losses).mean(dim=0)

    def _layer_loss(self, head: nn.Module, output: Tensor, source: Tensor) -> Tensor:
        positions = torch.randperm(output[0, 0].numel())[: self.patches].to(output.device)
        query = normalize(head(_features_at(positions, output)))
        with torch.no_grad():
            key = normalize(head(_features_at(positions, source)))
        return patch_cross_entropy(query, key, self.temperature)


def patch_cross_entropy(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """Return (N,), the cross-entropy of matching patches of `query` with `key`, mean over patches.

    Both are (N, patches, width). Logits are dot products divided by `temperature`. The positive of
    a query patch is the key patch at the same position; its negatives are the other key patches of
    the same image.
    """
    with torch.autocast(query.device.type, enabled=False):
        logits = at_least_float32(query) @ at_least_float32(key).mT / temperature
    positives = torch.arange(query.shape[1], device=query.device).expand(len(query), -1)
    # the classes, which are the key patches, have to be dimension 1
    return F.cross_entropy(logits.mT, positives, reduction="none").mean(dim=1)


def normalize(vectors: Tensor) -> Tensor:
    """Return vectors (..., width) scaled to length 1, in at least float32; zeros stay zeros.

    A head may output zeros for a blank image, as its biases start at 0. There the gradient of
    `vector_norm` is 0; that of the square root of the sum of squares would not be finite.
    """
    vectors = at_least_float32(vectors)
    return vectors / (torch.linalg.vector_norm(vectors, dim=-1, keepdim=True) + 1e-7)


def feature_channels(generator: nn.Module, channels: int) -> list[int]:
    """Return the number of channels of each feature tensor of `generator`, layer by layer.

    The generator is applied to a blank image of `channels` channels, in evaluation mode, so its
    running statistics do not change.
    """
    features = features_of(generator, option="generator", such_as="resnet")
    side = geometry_of(generator).fit(32)  # a small image is enough
    with torch.no_grad(), mode(generator, training=False):
        return [feature.shape[1] for feature in features(torch.zeros(1, channels, side, side))]


def _features_at(positions: Tensor, features: Tensor) -> Tensor:
    """Return the features (N, C, H, W) at `positions`, (N, positions, C)."""
    return features.flatten(2)[:, :, positions].mT
