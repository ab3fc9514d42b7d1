"""An adversarial loss that breaks the contract: real and fake scores are swapped."""

from torch import Tensor, nn


class SwapsRealAndFake(nn.Module):
    """A Wasserstein loss with swapped scores of real and generated images."""

    def for_discriminator(self, real, fake):
        return sum((r - f).mean() for r, f in zip(scales(real), scales(fake), strict=True))

    def for_generator(self, fake, real=None):  # noqa: ARG002
        return -sum(score.mean() for score in scales(fake))


def scales(scores):
    """Return the scores of each scale of a discriminator."""
    return [scores] if isinstance(scores, Tensor) else scores
