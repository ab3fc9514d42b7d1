"""WAE-GAN: a Wasserstein auto-encoder whose codes are matched to noise by a discriminator."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

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
    return {"wae-gan": WAEGAN}


class WAEGAN(Recipe[Images]):
    """Wasserstein autoencoder with an adversarial prior on its codes (Tolstikhin et al., 2018).

    Tolstikhin et al. (2018), algorithm 1; settings are those of the authors' code for MNIST, and as
    there the cost is .05 times the sum of the squared errors. Their algorithm has the encoder and
    the decoder move as one; in an adversarial auto-encoder the encoder plays alone.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"epochs": 100, "batch_size": 100},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        encoder: Annotated[Part, "network from a picture to its code"] = "dcgan-encoder",
        decoder: Annotated[Part, "network from a code to its picture"] = "dcgan",
        discriminator: Annotated[Part, "network that tells noise from codes"] = {  # noqa: B006
            "name": "mlp",
            "layers": 4,
        },
        adversarial: Annotated[Part, "adversarial loss"] = "vanilla",
        code: Annotated[int, Field(gt=0), "numbers in a code"] = 8,
        noise: Annotated[
            Literal["normal", "uniform", "sphere"], "what codes are to look like"
        ] = "normal",
        cost_weight: Annotated[float, "of the squared error, summed over a picture"] = 0.05,
        prior_weight: Annotated[float, "of the game, lambda in the paper"] = 10.0,
        lr: Annotated[float, Field(ge=0), "learning rate of encoder and decoder"] = 1e-3,
        lr_discriminator: Annotated[
            float, Field(ge=0), "learning rate of the discriminator"
        ] = 5e-4,
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
        self.cost_weight, self.prior_weight = cost_weight, prior_weight
        self.lr, self.lr_discriminator = lr, lr_discriminator

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr_discriminator),
            "autoencoder": adam(self.encoder, self.decoder, lr=self.lr),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        images, judge = batch.images, self.discriminator
        code, prior = self.encoder(images), self.latents(len(images)).to(images)
        yield Turn(
            "discriminator",
            gan=self.prior_weight
            * self.adversarial.for_discriminator(*forward_batched(judge, prior, code.detach())),
        )
        cost = (self.decoder(code) - images).square().sum((1, 2, 3))
        yield Turn(
            "autoencoder",
            cost=self.cost_weight * cost,
            gan=self.prior_weight * generator_loss(self.adversarial, judge, code, prior),
        )

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
