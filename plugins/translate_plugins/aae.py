"""Adversarial autoencoder: a discriminator matches latent codes to a prior distribution."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import torch.nn.functional as F
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec, Pair
from translate.losses import generator_loss
from translate.nn.batching import forward_batched
from translate.nn.geometry import at_size
from translate.nn.latents import Prior, PriorName
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss, part


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"aae": AAE}


class AAE(Recipe[Images]):
    """Adversarial autoencoder (Makhzani et al., 2016).

    Section 2: each step has a reconstruction phase, then a regularization phase, in which the
    discriminator is updated before the encoder. The encoder is deterministic, the first of the
    three choices of section 2.1. All three optimizers are Adam.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"epochs": 100, "batch_size": 100},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        encoder: Annotated[PartConfig, "encoder, from images to latent codes"] = part(
            "mlp-encoder", width=1000, layers=2, norm="none"
        ),
        decoder: Annotated[PartConfig, "decoder, from latent codes to images"] = part(
            "mlp", width=1000, layers=2, norm="none"
        ),
        discriminator: Annotated[
            PartConfig, "discriminator of prior samples and latent codes"
        ] = part("mlp", width=1000),
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        latent_dim: Annotated[PositiveInt, "dimension of the latent code"] = 8,
        prior: Annotated[PriorName, "prior distribution of the latent code"] = "normal",
        lr: Annotated[
            NonNegativeFloat, "learning rate of the autoencoder's reconstruction turn"
        ] = 1e-3,
        lr_adversarial: Annotated[
            NonNegativeFloat,
            "learning rate of the discriminator, and of the encoder's adversarial turn",
        ] = 2e-4,
    ) -> None:
        super().__init__()
        self.encoder = create_generator(
            encoder, in_channels=spec.source.channels, out_channels=latent_dim, size=spec.size
        )
        self.decoder = create_generator(
            decoder, in_channels=latent_dim, out_channels=spec.target.channels, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=latent_dim, size=(1, 1)
        )
        self.adversarial = create_loss(adversarial)
        self.size, self.prior = spec.size, Prior(prior, dim=latent_dim)
        self.lr, self.lr_adversarial = lr, lr_adversarial

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "autoencoder": adam(self.encoder, self.decoder, lr=self.lr),
            "discriminator": adam(self.discriminator, lr=self.lr_adversarial),
            "encoder": adam(self.encoder, lr=self.lr_adversarial),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        images, discriminator = batch.images, self.discriminator
        yield Turn("autoencoder", reconstruction=F.mse_loss(self.reconstruct(images), images))

        code, prior_samples = self.encoder(images), self.latents(len(images)).to(images)
        scores = forward_batched(discriminator, prior_samples, code.detach())
        yield Turn("discriminator", gan=self.adversarial.for_discriminator(*scores))
        encoder_loss = generator_loss(self.adversarial, discriminator, code, prior_samples)
        yield Turn("encoder", gan=encoder_loss)

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.decoder(latents)

    def reconstruct(self, images: Tensor) -> Tensor:
        """Return reconstructions of `images` of the training size."""
        return self.decoder(self.encoder(images))

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return at_size(self.size, self.reconstruct, images)

    def ground_truth_pair(self, batch: Images) -> Pair:
        return Pair(batch.images, batch.images)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        images = batch.images
        latents = self.latents(len(images)).to(images.device)
        return {
            "original": images,
            "reconstructed": self.reconstruct(images),
            "samples": self.draw(latents),
        }
