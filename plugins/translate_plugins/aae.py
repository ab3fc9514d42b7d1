"""Adversarial auto-encoder: a discriminator makes codes look like the noise that it draws from."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.losses import generator_loss
from translate.nn.batching import forward_batched
from translate.nn.geometry import at_size
from translate.nn.latents import Prior
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"aae": AAE}


class AAE(Recipe[Images]):
    """Adversarial autoencoder (Makhzani et al., 2016).

    Makhzani et al. (2016), section 2: in each step first the reconstruction phase, then the
    regularization phase, in which the discriminator moves before the encoder. The encoder is the
    deterministic one of section 2.1. Here Adam moves all three, as is usual by now.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"epochs": 100, "batch_size": 100},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        encoder: Annotated[Part, "network from a picture to its code"] = {  # noqa: B006
            "name": "mlp-encoder",
            "width": 1000,
            "layers": 2,
            "norm": "none",
        },
        decoder: Annotated[Part, "network from a code to its picture"] = {  # noqa: B006
            "name": "mlp",
            "width": 1000,
            "layers": 2,
            "norm": "none",
        },
        discriminator: Annotated[Part, "network that tells noise from codes"] = {  # noqa: B006
            "name": "mlp",
            "width": 1000,
        },
        adversarial: Annotated[Part, "adversarial loss"] = "vanilla",
        code: Annotated[int, Field(gt=0), "numbers in a code"] = 8,
        noise: Annotated[
            Literal["normal", "uniform", "sphere"], "what codes are to look like"
        ] = "normal",
        lr: Annotated[float, Field(ge=0), "learning rate of the reconstruction"] = 1e-3,
        lr_game: Annotated[float, Field(ge=0), "learning rate of both players of the game"] = 2e-4,
    ) -> None:
        super().__init__()
        self.encoder = create_generator(
            encoder, in_channels=spec.source.channels, out_channels=code, size=spec.size
        )
        self.decoder = create_generator(
            decoder, in_channels=code, out_channels=spec.target.channels, size=spec.size
        )
        self.discriminator = create_discriminator(discriminator, in_channels=code, size=(1, 1))
        self.adversarial = create_loss(adversarial)
        self.size, self.prior = spec.size, Prior(noise, dim=code)
        self.lr, self.lr_game = lr, lr_game

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "autoencoder": adam(self.encoder, self.decoder, lr=self.lr),
            "discriminator": adam(self.discriminator, lr=self.lr_game),
            "encoder": adam(self.encoder, lr=self.lr_game),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        images, judge = batch.images, self.discriminator
        yield Turn("autoencoder", reconstruction=F.mse_loss(self.reconstruct(images), images))

        code, prior = self.encoder(images), self.latents(len(images)).to(images)
        yield Turn(
            "discriminator",
            gan=self.adversarial.for_discriminator(*forward_batched(judge, prior, code.detach())),
        )
        yield Turn("encoder", gan=generator_loss(self.adversarial, judge, code, prior))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.decoder(latents)

    def reconstruct(self, images: Tensor) -> Tensor:
        """Return what is left of `images`, which have the size trained on, after their code."""
        return self.decoder(self.encoder(images))

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return at_size(self.size, self.reconstruct, images)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        images = batch.images
        latents = self.latents(len(images)).to(images.device)
        return {
            "original": images,
            "reconstructed": self.reconstruct(images),
            "samples": self.draw(latents),
        }
