"""Inpainting: fill holes in images, trained on one folder of complete images."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec, Pair
from translate.errors import ConfigError
from translate.losses import auc, generator_loss
from translate.nn.geometry import require_scale
from translate.nn.init import init_normal_
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss, part
from translate_plugins.inpaint.harmonic_fill import harmonic_fill
from translate_plugins.inpaint.holes import LARGEST_FRACTION, random_holes

CONTRAST_OFFSET = 0.05
"""added to the contrast of an image, which would be 0 for a single colour; values are in [-1, 1]"""


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"inpaint": Inpaint}


class Inpaint(Recipe[Images]):
    """Inpainting: fill holes in images (Pathak et al., 2016).

    The joint loss of context encoders (section 3.2), with L1 instead of L2. Holes are boxes, as in
    the paper, and brush strokes, as in Yu et al. (2019). As in the latter, the discriminator
    gets the completed image with the mask. The mask is an additional channel of the generator's
    input. The generator has batch norm, as instance norm would remove the colours of an image.
    Known pixels are copied to the result.

    The content of a hole is generated, so thousands of similar training images are needed. With a
    hundred images, ``fill: smooth``, the generator `dilated` and ``adversarial_weight: 0`` give
    smooth content: a harmonic fill plus a learned correction.
    """

    defaults = {
        "data": {"layout": "images", "size": 128},
        "train": {"steps": 100_000, "batch_size": 8, "schedule": "linear", "decay_from": 0.5},
    }
    takes_mask = True
    keeps_gray = True
    preview_inputs = {"filled": "masked"}

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[
            PartConfig,
            "generator of the missing pixels; the mask is an additional channel of its input",
        ] = part("resnet", norm="batch"),
        fill: Annotated[
            Literal["gray", "smooth"],
            "initial fill of a hole: gray, or smooth: a harmonic fill, to which the generator "
            "adds a correction",
        ] = "gray",
        discriminator: Annotated[
            PartConfig, "discriminator of the completed image with its mask"
        ] = "patch",
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        adversarial_weight: Annotated[
            NonNegativeFloat, "weight of the adversarial loss; 0: train without a discriminator"
        ] = 1e-3,
        pixel: Annotated[PartConfig, "pixel loss to the original image"] = "l1",
        hole_weight: Annotated[float, "weight of the pixel loss within the hole"] = 1.0,
        known_weight: Annotated[float, "weight of the pixel loss outside the hole"] = 0.1,
        content: Annotated[
            PartConfig | None,
            "content loss to the original image, between features of a pretrained network",
        ] = "perceptual",
        content_weight: Annotated[float, "weight of the content loss, such as 1e-4; 0: none"] = 0.0,
        hole_fraction: Annotated[
            tuple[float, float],
            "smallest and largest fraction of an image that a training hole covers",
        ] = (0.1, 0.3),
        stroke_fraction: Annotated[
            float,
            Field(ge=0, le=1),
            "fraction of the training holes that are brush strokes; the rest are boxes",
        ] = 0.5,
        lr: Annotated[NonNegativeFloat, "learning rate of generator and discriminator"] = 2e-4,
    ) -> None:
        super().__init__()
        smallest, largest = hole_fraction
        if not 0 < smallest <= largest <= LARGEST_FRACTION:
            raise ConfigError(
                f"hole_fraction: expected two numbers above 0 and up to {LARGEST_FRACTION}, the "
                f"smaller first, got {smallest}, {largest}."
            )
        channels = spec.equal_channels("the generator completes its input")
        self.generator = create_generator(
            generator, in_channels=channels + 1, out_channels=channels, size=spec.size
        )
        require_scale(self.generator, 1, "srresnet (the recipe sets its scale)")
        self.fill, self.discriminator = fill, None
        if adversarial_weight:
            self.discriminator = create_discriminator(
                discriminator, in_channels=channels + 1, size=spec.size
            )
        init_normal_(self)
        self.adversarial, self.pixel = create_loss(adversarial), create_loss(pixel)
        self.content = create_loss(content) if content and content_weight else None
        self.adversarial_weight, self.content_weight = adversarial_weight, content_weight
        self.hole_weight, self.known_weight = hole_weight, known_weight
        self.hole_fraction, self.stroke_fraction, self.lr = hole_fraction, stroke_fraction, lr

    def optimizers(self) -> dict[str, Optimizer]:
        players = {"discriminator": self.discriminator, "generator": self.generator}
        return {player: adam(network, lr=self.lr) for player, network in players.items() if network}

    def step(self, batch: Images) -> Iterator[Turn]:
        images = batch.images
        hole = random_holes(images, self.hole_fraction, self.stroke_fraction)
        predicted, unit = self.predict(images, hole)
        completed = torch.where(hole, predicted, images)
        surroundings = torch.where(hole, images, predicted)
        target = images / unit
        hole_loss = self.pixel(completed / unit, target) / hole.float().mean()
        known_loss = self.pixel(surroundings / unit, target) / (~hole).float().mean()
        losses = {"hole": self.hole_weight * hole_loss, "known": self.known_weight * known_loss}
        if discriminator := self.discriminator:
            real, fake = with_mask(images, hole), with_mask(completed, hole)
            scores = discriminator(real), discriminator(fake.detach())
            discriminator_loss = self.adversarial.for_discriminator(*scores)
            yield Turn("discriminator", gan=discriminator_loss).log(auc=auc(*scores))
            gan = generator_loss(self.adversarial, discriminator, fake, real)
            losses["gan"] = self.adversarial_weight * gan
        if self.content:
            losses["content"] = self.content_weight * self.content(completed, images)
        yield Turn("generator", **losses)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        masked_images, hole = images[:, :-1], images[:, -1:] > 0
        predicted, _ = self.predict(masked_images, hole)
        return torch.where(hole, predicted.clamp(-1, 1), masked_images)

    def predict(self, images: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Return images predicted from the known pixels, and the unit of the pixel loss.

        With ``fill: gray`` the unit is 1. With ``fill: smooth`` the unit is the contrast of each
        image, (N, 1, 1, 1): the generator's input is divided by the contrast and its output is
        multiplied by the contrast, so that images of low contrast have the same weight.
        """
        if self.fill == "gray":
            return self.generator(mask_out(images, hole)), images.new_ones(())
        smooth = harmonic_fill(images, hole)
        mean = smooth.mean((1, 2, 3), keepdim=True)
        contrast = smooth.std((1, 2, 3), keepdim=True) + CONTRAST_OFFSET
        normalized = with_mask((smooth - mean) / contrast, hole)
        return smooth + contrast * self.generator(normalized), contrast

    def ground_truth_pair(self, batch: Images) -> Pair:
        hole = random_holes(batch.images, self.hole_fraction, self.stroke_fraction)
        return Pair(mask_out(batch.images, hole), batch.images)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        hole = random_holes(batch.images, self.hole_fraction, self.stroke_fraction)
        masked = mask_out(batch.images, hole)
        return {
            "masked": masked[:, :-1],
            "filled": self.translate(masked),
            "original": batch.images,
        }


def mask_out(images: Tensor, hole: Tensor) -> Tensor:
    """Return `images` with gray, 0, in the hole, and the mask as an additional channel."""
    return with_mask(images.masked_fill(hole, 0.0), hole)


def with_mask(images: Tensor, hole: Tensor) -> Tensor:
    """Return `images` with the mask as an additional channel: 1 in the hole, -1 outside."""
    return torch.cat([images, hole.to(images) * 2 - 1], dim=1)
