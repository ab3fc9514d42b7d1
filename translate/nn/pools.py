"""The buffer of previously generated images."""

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """A history of generated images, from which a discriminator is shown half of its fakes.

    Shrivastava et al. (2017), section 2.3, as CycleGAN has it: the pool fills first; then each
    image is, with probability one half, exchanged for a random one of the pool. Draws come from
    the global generator, which the checkpoint holds. ``size=0`` returns what it is given.
    """

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = size
        self.images = torch.empty(0)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Return as many (channels, height, width) images as given, without gradient."""
        return torch.stack([self._exchange(image) for image in images.detach()])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) and self.images.shape[1:] != image.shape:
            self.images = torch.empty(0)  # a fork trains on crops of another size
        if len(self.images) > self.size:
            self.images = self.images[: self.size]  # or with a smaller pool
        if len(self.images) < self.size:
            before = self.images.to(image) if len(self.images) else image.new_empty(0, *image.shape)
            self.images = torch.cat([before, image[None]])
            return image
        if not self.size or torch.rand(()) < 0.5:
            return image
        self.images = self.images.to(image)  # a resumed pool comes from the disk, on the CPU
        chosen = int(torch.randint(self.size, ()))
        old = self.images[chosen].clone()
        self.images[chosen] = image
        return old
