"""Inpainting: fill the holes of pictures, learnt from one folder of whole ones."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.errors import ConfigError
from translate.losses import generator_loss
from translate.nn.geometry import expect_scale
from translate.nn.init import init_normal_
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss, part
from translate_plugins.inpaint.flow import flowed
from translate_plugins.inpaint.holes import MOST, random_holes

FAINT = 0.05
"""contrast that a picture of one colour is taken to have, of 2 from black to white"""


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"inpaint": Inpaint}


class Inpaint(Recipe[Images]):
    """Inpainting: fill holes in images (Pathak et al., 2016).

    The joint loss of context encoders (Pathak et al., 2016, section 3.2), with L1 for L2; holes are
    theirs, boxes, and the brush strokes of Yu et al. (2019), whose discriminator, too, sees the
    composed picture and where the hole is. The generator is told where the hole is by a channel
    more; batch norm, as theirs, lets a picture's own colours through, which instance norm takes
    away. Known pixels are never drawn: the result has them as they were.

    Thousands of pictures of one kind are needed, as what is missing is drawn from what was seen. On
    a hundred, ``fill: smooth`` with the generator `dilated` and ``adversarial_weight: 0`` gives
    plain but honest fillings: colours that flow in from around, and what is known to be wrong with
    them.
    """

    defaults = {
        "data": {"layout": "images", "size": 128},
        "train": {"steps": 100_000, "batch_size": 8, "schedule": "linear", "decay_from": 0.5},
    }
    takes_mask = True
    keeps_gray = True

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[
            Part, "generator of the missing pixels; its input has one more channel, the mask"
        ] = part("resnet", norm="batch"),
        fill: Annotated[
            Literal["gray", "smooth"],
            "initial fill of a hole: gray, or a harmonic fill (smooth), whose residual the "
            "generator predicts",
        ] = "gray",
        discriminator: Annotated[
            Part, "discriminator of the completed image with its mask"
        ] = "patch",
        adversarial: Annotated[Part, "adversarial loss"] = "vanilla",
        adversarial_weight: Annotated[
            float, Field(ge=0), "weight of the adversarial loss; 0: train without a discriminator"
        ] = 1e-3,
        pixel: Annotated[Part, "pixel loss to the original image"] = "l1",
        hole_weight: Annotated[float, "weight of the pixel loss within the hole"] = 1.0,
        known_weight: Annotated[float, "weight of the pixel loss outside the hole"] = 0.1,
        content: Annotated[
            Part | None,
            "content loss to the original image, between features of a pretrained network",
        ] = "perceptual",
        content_weight: Annotated[float, "weight of the content loss, such as 1e-4; 0: none"] = 0.0,
        hole_fraction: Annotated[
            tuple[float, float],
            "smallest and largest fraction of an image that a training hole covers",
        ] = (
            0.1,
            0.3,
        ),
        stroke_fraction: Annotated[
            float,
            Field(ge=0, le=1),
            "fraction of the training holes that are brush strokes; the rest are boxes",
        ] = 0.5,
        lr: Annotated[float, Field(ge=0), "learning rate of generator and discriminator"] = 2e-4,
    ) -> None:
        super().__init__()
        if not 0 < hole_fraction[0] <= hole_fraction[1] <= MOST:
            raise ConfigError(
                f"share: expected two shares above 0 and up to {MOST}, the smaller first, got "
                f"{hole_fraction[0]}, {hole_fraction[1]}."
            )
        channels = spec.target.channels
        self.generator = create_generator(
            generator, in_channels=channels + 1, out_channels=channels, size=spec.size
        )
        expect_scale(self.generator, 1)
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
        return {p: adam(network, lr=self.lr) for p, network in players.items() if network}

    def step(self, batch: Images) -> Iterator[Turn]:
        images = batch.images
        hole = random_holes(images, self.hole_fraction, self.stroke_fraction)
        drawn, unit = self.drawn(images, hole)
        whole = torch.where(hole, drawn, images)
        known = torch.where(hole, images, drawn)
        target = images / unit
        losses = {
            "hole": self.hole_weight * self.pixel(whole / unit, target) / hole.float().mean(),
            "known": self.known_weight * self.pixel(known / unit, target) / (~hole).float().mean(),
        }
        if judge := self.discriminator:
            real, fake = (with_mask(picture, hole) for picture in (images, whole))
            yield Turn(
                "discriminator",
                gan=self.adversarial.for_discriminator(judge(real), judge(fake.detach())),
            )
            gan = generator_loss(self.adversarial, judge, fake, real)
            losses["gan"] = self.adversarial_weight * gan
        if self.content:
            losses["content"] = self.content_weight * self.content(whole, images)
        yield Turn("generator", **losses)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        known, hole = images[:, :-1], images[:, -1:] > 0
        return torch.where(hole, self.drawn(known, hole)[0].clamp(-1, 1), known)

    def drawn(self, images: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Return what becomes of `images`, whose `hole` is not shown, and a unit for differences.

        Over a gray hole it is 1; where colours flow in, each picture's contrast, (N, 1, 1, 1), in
        which the generator sees and draws, so that dull pictures count as much as striking ones.
        """
        if self.fill == "gray":
            return self.generator(seen(images, hole)), images.new_ones(())
        smooth = flowed(images, hole)
        mean = smooth.mean((1, 2, 3), keepdim=True)
        contrast = smooth.std((1, 2, 3), keepdim=True) + FAINT
        shown = with_mask((smooth - mean) / contrast, hole)
        return smooth + contrast * self.generator(shown), contrast

    def preview(self, batch: Images) -> dict[str, Tensor]:
        hole = random_holes(batch.images, self.hole_fraction, self.stroke_fraction)
        given = seen(batch.images, hole)
        return {"masked": given[:, :-1], "filled": self.translate(given), "original": batch.images}


def seen(images: Tensor, hole: Tensor) -> Tensor:
    """Return `images` with gray, 0, in the hole, and the mask behind them: 1 there, -1 outside."""
    return with_mask(images.masked_fill(hole, 0.0), hole)


def with_mask(images: Tensor, hole: Tensor) -> Tensor:
    """Return `images` with one channel more: 1 in the hole and -1 outside."""
    return torch.cat([images, hole.to(images) * 2 - 1], dim=1)
