"""pix2pix: image translation from aligned pairs."""

import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated

import torch
from pydantic import NonNegativeFloat
from torch import Tensor, nn
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import ImageSpec, Pair
from translate.errors import ConfigError
from translate.losses import auc, generator_loss
from translate.nn.init import init_normal_
from translate.nn.modes import mode, per_image_batch_norm, unchanged_buffers
from translate.nn.noise import temporary_seed
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss, part


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"pix2pix": Pix2Pix}


class Pix2Pix(Recipe[Pair]):
    """Paired image translation with a conditional GAN and L1 (Isola et al., 2017).

    Sections 3 and 6.1. Dropout is the only source of noise (section 3.3). At inference, dropout
    stays on, and batch norm uses statistics of the input. Here each image is normalized alone, and
    the seed of its dropout is a hash of its pixels, so a translation does not depend on the batch.
    Exported models have no dropout, and ``--set dropout=false`` translates without dropout, too.
    """

    defaults = {
        "data": {"layout": "paired", "size": 256},
        "train": {"epochs": 200, "batch_size": 1, "schedule": "constant"},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[PartConfig, "generator from source to target"] = "unet",
        discriminator: Annotated[
            PartConfig, "discriminator of source and target, concatenated"
        ] = part("patch", norm="batch"),
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        pixel: Annotated[PartConfig, "pixel loss to the target image"] = "l1",
        pixel_weight: Annotated[float, "weight of the pixel loss (lambda)"] = 100.0,
        lr: Annotated[NonNegativeFloat, "learning rate of generator and discriminator"] = 2e-4,
    ) -> None:
        super().__init__()
        source, target = spec.source.channels, spec.target.channels
        self.generator = create_generator(
            generator, in_channels=source, out_channels=target, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=source + target, size=spec.size
        )
        init_normal_(self)
        self.adversarial, self.pixel = create_loss(adversarial), create_loss(pixel)
        self.pixel_weight, self.lr = pixel_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr),
            "generator": adam(self.generator, lr=self.lr),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        fake = self.generator(source)
        scores = self.scores(source, target), self.scores(source, fake.detach())
        discriminator_loss = 0.5 * self.adversarial.for_discriminator(*scores)
        yield Turn("discriminator", gan=discriminator_loss).log(auc=auc(*scores))
        yield Turn(
            "generator",
            gan=generator_loss(self.adversarial, partial(self.scores, source), fake, target),
            pixel=self.pixel_weight * self.pixel(fake, target),
        )

    def scores(self, source: Tensor, target: Tensor) -> Tensor:
        """Return the logits of `target` being the true target of `source`."""
        return self.discriminator(torch.cat([source, target], dim=1))

    def translate(
        self,
        images: Tensor,
        *,
        to: str | None = None,  # noqa: ARG002
        dropout: Annotated[
            bool, "dropout, seeded by the pixels; false: without dropout, as in exported models"
        ] = True,
    ) -> Tensor:
        if not dropout or not has_dropout(self.generator):
            with per_image_batch_norm(self.generator):
                return self.generator(images)
        if torch.compiler.is_exporting():
            raise ConfigError(
                "its dropout is seeded by the pixels, which only PyTorch can do. "
                "--set dropout=false exports it without dropout, which gives somewhat other images."
            )
        with mode(self.generator, training=True), unchanged_buffers(self.generator):
            return torch.cat([self._translate_one(image) for image in images.split(1)])

    def _translate_one(self, image: Tensor) -> Tensor:
        with temporary_seed(zlib.crc32(image.float().cpu().numpy().tobytes())):
            return self.generator(image)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        return {
            "source": batch.source,
            "translated": self.translate(batch.source),
            "target": batch.target,
        }


def has_dropout(network: nn.Module) -> bool:
    """Return whether `network` has dropout of a probability above 0."""
    return any(isinstance(layer, nn.Dropout) and layer.p > 0 for layer in network.modules())
