"""WAE-GAN: a Wasserstein autoencoder with a discriminator of latent codes."""

from collections.abc import Iterator, Mapping
from typing import Annotated

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
    return {"wae-gan": WAEGAN}


class WAEGAN(Recipe[Images]):
    """Wasserstein autoencoder with an adversarial prior on its codes (Tolstikhin et al., 2018).

    Algorithm 1, with the settings of the authors' code for MNIST, where the reconstruction loss is
    0.05 times the sum of the squared errors. Encoder and decoder are updated together; in an
    adversarial autoencoder (`aae`), the encoder alone minimizes the adversarial loss.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"epochs": 100, "batch_size": 100},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        encoder: Annotated[PartConfig, "encoder, from images to latent codes"] = "dcgan-encoder",
        decoder: Annotated[PartConfig, "decoder, from latent codes to images"] = "dcgan",
        discriminator: Annotated[
            PartConfig, "discriminator of prior samples and latent codes"
        ] = part("mlp", layers=4),
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        latent_dim: Annotated[PositiveInt, "dimension of the latent code"] = 8,
        prior: Annotated[PriorName, "prior distribution of the latent code"] = "normal",
        reconstruction_weight: Annotated[
            float, "weight of the squared error, summed over an image"
        ] = 0.05,
        adversarial_weight: Annotated[float, "weight of the adversarial loss (lambda)"] = 10.0,
        lr: Annotated[NonNegativeFloat, "learning rate of encoder and decoder"] = 1e-3,
        lr_discriminator: Annotated[NonNegativeFloat, "learning rate of the discriminator"] = 5e-4,
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
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.lr, self.lr_discriminator = lr, lr_discriminator

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr_discriminator),
            "autoencoder": adam(self.encoder, self.decoder, lr=self.lr),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        images, discriminator = batch.images, self.discriminator
        code, prior_samples = self.encoder(images), self.latents(len(images)).to(images)
        scores = forward_batched(discriminator, prior_samples, code.detach())
        discriminator_loss = self.adversarial.for_discriminator(*scores)
        yield Turn("discriminator", gan=self.adversarial_weight * discriminator_loss)
        squared_error = (self.decoder(code) - images).square().sum((1, 2, 3))
        encoder_loss = generator_loss(self.adversarial, discriminator, code, prior_samples)
        yield Turn(
            "autoencoder",
            reconstruction=self.reconstruction_weight * squared_error,
            gan=self.adversarial_weight * encoder_loss,
        )

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
