"""VAE: an auto-encoder whose codes are random, and kept close to the noise that it draws from."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.nn.geometry import at_size
from translate.nn.latents import Prior
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_generator


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"vae": VAE}


class VAE(Recipe[Images]):
    """Variational autoencoder (Kingma and Welling, 2014).

    Kingma and Welling (2014), algorithm 1 with the estimator of equation 10, one code a picture.
    Gray values count as probabilities of white, as is usual for digits. A weight of the prior other
    than 1 is that of Higgins et al. (2017).
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"epochs": 100, "batch_size": 100},
    }

    prior: Prior

    def __init__(
        self,
        spec: ImageSpec,
        *,
        encoder: Annotated[Part, "network from a picture to mean and variance"] = {  # noqa: B006
            "name": "mlp-encoder",
            "width": 500,
            "layers": 1,
            "norm": "none",
        },
        decoder: Annotated[Part, "network from a code to its picture"] = {  # noqa: B006
            "name": "mlp",
            "width": 500,
            "layers": 1,
            "norm": "none",
        },
        code: Annotated[int, Field(gt=0), "numbers in a code"] = 20,
        likelihood: Annotated[
            Literal["bernoulli", "gaussian"],
            "of pixels: black or white by chance, or a gray value with a learnt variance",
        ] = "bernoulli",
        kl_weight: Annotated[
            float, "of the distance between codes and noise; 1 is the bound"
        ] = 1.0,
        lr: Annotated[float, Field(ge=0), "learning rate of both networks"] = 1e-3,
    ) -> None:
        super().__init__()
        self.encoder = create_generator(
            encoder, in_channels=spec.source.channels, out_channels=2 * code, size=spec.size
        )
        self.decoder = create_generator(
            decoder, in_channels=code, out_channels=spec.target.channels, size=spec.size
        )
        if likelihood == "gaussian":
            self.log_variance = nn.Parameter(torch.zeros(()))
        self.likelihood, self.kl_weight, self.lr = likelihood, kl_weight, lr
        self.size, self.prior = spec.size, Prior("normal", dim=code)

    def optimizers(self) -> dict[str, Optimizer]:
        return {"autoencoder": adam(self, lr=self.lr, betas=(0.9, 0.999))}

    def step(self, batch: Images) -> Iterator[Turn]:
        likelihood, divergence = self.bound(batch.images)
        yield Turn("autoencoder", reconstruction=-likelihood, prior=self.kl_weight * divergence)

    def bound(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return each picture's log likelihood given one code, and its codes' divergence: nats."""
        mean, log_variance = self.encoder(images).to(images).chunk(2, dim=1)
        code = mean + torch.exp(0.5 * log_variance) * self.latents(len(images)).to(images)
        return self.log_likelihood(self.decoder(code), images), divergence(mean, log_variance)

    def elbo(self, images: Tensor) -> Tensor:
        """Return (N,) nats, the lower bound on what each picture's log likelihood is."""
        likelihood, divergence = self.bound(images)
        return likelihood - divergence

    def log_likelihood(self, drawn: Tensor, images: Tensor) -> Tensor:
        """Return (N,) nats, the log likelihood of `images` where the decoder has `drawn`."""
        if self.likelihood == "bernoulli":
            return bernoulli(drawn.to(images), images)
        error = (drawn - images).square() / self.log_variance.exp()
        return -0.5 * (error + self.log_variance + math.log(2 * math.pi)).sum((1, 2, 3))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.decoder(latents)

    def reconstruct(self, images: Tensor) -> Tensor:
        """Return `images`, which have the size trained on, made of the means of their codes."""
        return self.decoder(self.encoder(images)[:, : self.prior.dim])

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


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return (N,) nats, the Kullback-Leibler divergence of N(mean, variance) from N(0, 1).

    Kingma and Welling (2014), appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum((1, 2, 3))


def bernoulli(drawn: Tensor, images: Tensor) -> Tensor:
    """Return (N,) nats, minus the cross entropy of probabilities of white, both in [-1, 1].

    What is `drawn` ends in tanh(a), whose probability is sigmoid(2a). No ratio is formed, so the
    gradient keeps all its digits close to black and white, where that of `binary_cross_entropy`
    loses them. Where tanh has rounded to 1, a pixel costs 17 nats.
    """
    most = 1 - torch.finfo(drawn.dtype).eps
    drawn = drawn.clamp(-most, most)
    white, black = torch.log(1 + drawn), torch.log(1 - drawn)
    return (torch.lerp(black, white, (1 + images) / 2) - math.log(2)).sum((1, 2, 3))
