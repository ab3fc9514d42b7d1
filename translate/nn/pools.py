"""The buffer (pool) of previously generated images that CycleGAN trains discriminators with."""

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """A buffer of generated images; a discriminator gets about half of its fake images from it.

    Shrivastava et al. (2017), section 2.3, as in CycleGAN: the pool is filled first; then, with
    probability 0.5, an image is exchanged for a random image of the pool. Random numbers are those
    of the global generator, which checkpoints save. With ``size=0`` images are returned unchanged.
    """

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = size
        self.images = torch.empty(0, device="cpu")  # also in a recipe on the meta device

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Return N images for `images`, (N, C, H, W), without gradient."""
        return torch.stack([self._exchange(image) for image in images.detach()])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) and self.images.shape[1:] != image.shape:
            self.images = torch.empty(0)  # the run was continued with another crop size
        if len(self.images) > self.size:
            self.images = self.images[: self.size]  # the run was continued with a smaller pool
        if len(self.images) < self.size:
            stored = self.images.to(image) if len(self.images) else image.new_empty(0, *image.shape)
            self.images = torch.cat([stored, image[None]])
            return image
        if not self.size or torch.rand(()) < 0.5:
            return image
        self.images = self.images.to(image)  # a resumed pool comes from the disk, on the CPU
        index = int(torch.randint(self.size, ()))
        old_image = self.images[index].clone()
        self.images[index] = image
        return old_image
