"""SRGAN: super-resolution by 2 or 4, trained on one folder of high-resolution images."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch.nn.functional as F
from pydantic import NonNegativeFloat, NonNegativeInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec, Pair
from translate.errors import ConfigError
from translate.losses import auc, generator_loss
from translate.nn.geometry import require_scale
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"srgan": SRGAN}


class SRGAN(Recipe[Images]):
    """Super-resolution, 2 or 4 times, perceptual and adversarial (Ledig et al., 2017).

    Sections 2.1 and 3.2. Low-resolution images are made in each step by antialiased bicubic
    interpolation. The paper trains the generator alone for 10^6 steps before adversarial training
    (option `pretrain_steps`). With ``adversarial_weight: 0`` the model is SRResNet. Unlike the
    paper: the content loss uses another network than VGG19, as its weights must be downloaded, and
    there is an additional pixel loss.

    Some dozens of photographs are enough for the pixel loss; adversarial training needs hundreds,
    or data augmentation for the discriminator: ``discriminator: {name: augmented, of: vgg}``.
    """

    defaults = {
        "data": {"layout": "images", "size": 96, "resize": "none"},
        "train": {"steps": 200_000, "batch_size": 16, "schedule": "linear", "decay_from": 0.5},
    }

    keeps_gray = True
    preview_inputs = {"upscaled": "low resolution"}

    def __init__(
        self,
        spec: ImageSpec,
        *,
        scale: Annotated[Literal[2, 4], "upscaling factor of the sides"] = 4,
        generator: Annotated[PartConfig, "generator from low to high resolution"] = "srresnet",
        discriminator: Annotated[PartConfig, "discriminator of high-resolution images"] = "vgg",
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        adversarial_weight: Annotated[
            NonNegativeFloat, "weight of the adversarial loss; 0: train without a discriminator"
        ] = 1e-3,
        pixel: Annotated[PartConfig, "pixel loss to the high-resolution image"] = "l1",
        pixel_weight: Annotated[float, "weight of the pixel loss"] = 1.0,
        content: Annotated[
            PartConfig | None,
            "content loss to the high-resolution image, between features of a pretrained network",
        ] = "perceptual",
        content_weight: Annotated[
            float, "weight of the content loss; small, as features are large"
        ] = 1e-4,
        pretrain_steps: Annotated[
            NonNegativeInt,
            "steps of pixel loss alone before adversarial training; paper: 1,000,000",
        ] = 0,
        lr: Annotated[NonNegativeFloat, "learning rate of generator and discriminator"] = 1e-4,
    ) -> None:
        super().__init__()
        height, width = spec.size
        if height % scale or width % scale:
            raise ConfigError(
                f"data.size: {height}x{width} does not divide by {scale}: choose "
                f"sides that divide by {scale}, such as 96."
            )
        channels = spec.equal_channels("the generator enlarges its input")
        self.generator = create_generator(
            generator, in_channels=channels, out_channels=channels, scale=scale
        )
        require_scale(self.generator, scale, "srresnet (the recipe sets its scale)")
        self.discriminator = None
        if adversarial_weight:
            self.discriminator = create_discriminator(
                discriminator, in_channels=channels, size=spec.size
            )
        self.adversarial, self.pixel = create_loss(adversarial), create_loss(pixel)
        self.content = create_loss(content) if content and content_weight else None
        self.adversarial_weight, self.content_weight = adversarial_weight, content_weight
        self.scale, self.pixel_weight = scale, pixel_weight
        self.pretrain_steps, self.lr = pretrain_steps, lr

    def optimizers(self) -> dict[str, Optimizer]:
        players = {"discriminator": self.discriminator, "generator": self.generator}
        return {
            player: adam(network, lr=self.lr, betas=(0.9, 0.999))
            for player, network in players.items()
            if network
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        original, discriminator = batch.images, self.discriminator
        upscaled = self.generator(downscale(original, self.scale))
        losses = {"pixel": self.pixel_weight * self.pixel(upscaled, original)}
        if self.iteration >= self.pretrain_steps:
            if discriminator:
                scores = discriminator(original), discriminator(upscaled.detach())
                discriminator_loss = self.adversarial.for_discriminator(*scores)
                yield Turn("discriminator", gan=discriminator_loss).log(auc=auc(*scores))
                gan = generator_loss(self.adversarial, discriminator, upscaled, original)
                losses["gan"] = self.adversarial_weight * gan
            if self.content:
                losses["content"] = self.content_weight * self.content(upscaled, original)
        yield Turn("generator", **losses)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(images).clamp(-1, 1)

    def ground_truth_pair(self, batch: Images) -> Pair:
        return Pair(downscale(batch.images, self.scale), batch.images)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        low_resolution = downscale(batch.images, self.scale)
        enlarged = low_resolution.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)
        return {
            "low resolution": enlarged,
            "upscaled": self.translate(low_resolution),
            "original": batch.images,
        }


def downscale(images: Tensor, factor: int) -> Tensor:
    """Return (N, C, H / factor, W / factor) of `images`, by antialiased bicubic interpolation."""
    height, width = (side // factor for side in images.shape[2:])
    return F.interpolate(images, (height, width), mode="bicubic", antialias=True).clamp(-1, 1)
