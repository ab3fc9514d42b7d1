"""VAE: an autoencoder with random latent codes, regularized towards a normal prior."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec, Pair
from translate.nn.geometry import at_size
from translate.nn.latents import Prior
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_generator, part


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"vae": VAE}


class VAE(Recipe[Images]):
    """Variational autoencoder (Kingma and Welling, 2014).

    Algorithm 1 with the estimator of equation 10 and one sample of the code per image. With the
    Bernoulli likelihood, gray values are probabilities of white, as is usual for digits. A
    `kl_weight` other than 1 is beta-VAE (Higgins et al., 2017).
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
        encoder: Annotated[
            PartConfig, "encoder, from images to mean and log-variance of latent codes"
        ] = part("mlp-encoder", width=500, layers=1, norm="none"),
        decoder: Annotated[PartConfig, "decoder, from latent codes to images"] = part(
            "mlp", width=500, layers=1, norm="none"
        ),
        latent_dim: Annotated[int, Field(gt=0), "dimension of the latent code"] = 20,
        likelihood: Annotated[
            Literal["bernoulli", "gaussian"],
            "likelihood of pixels: Bernoulli, or Gaussian with a learned variance",
        ] = "bernoulli",
        kl_weight: Annotated[
            float,
            "weight of the KL divergence; 1: the evidence lower bound, more: beta-VAE",
        ] = 1.0,
        lr: Annotated[float, Field(ge=0), "learning rate of encoder and decoder"] = 1e-3,
    ) -> None:
        super().__init__()
        self.encoder = create_generator(
            encoder, in_channels=spec.source.channels, out_channels=2 * latent_dim, size=spec.size
        )
        self.decoder = create_generator(
            decoder, in_channels=latent_dim, out_channels=spec.target.channels, size=spec.size
        )
        if likelihood == "gaussian":
            self.log_variance = nn.Parameter(torch.zeros(()))
        self.likelihood, self.kl_weight, self.lr = likelihood, kl_weight, lr
        self.size, self.prior = spec.size, Prior("normal", dim=latent_dim)

    def optimizers(self) -> dict[str, Optimizer]:
        return {"autoencoder": adam(self, lr=self.lr, betas=(0.9, 0.999))}

    def step(self, batch: Images) -> Iterator[Turn]:
        likelihood, divergence = self.likelihood_and_divergence(batch.images)
        yield Turn("autoencoder", reconstruction=-likelihood, prior=self.kl_weight * divergence)

    def likelihood_and_divergence(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return each image's log-likelihood given one code, and its KL divergence, in nats."""
        mean, log_variance = self.encoder(images).to(images).chunk(2, dim=1)
        code = mean + torch.exp(0.5 * log_variance) * self.latents(len(images)).to(images)
        likelihood = self.log_likelihood(self.decoder(code), images)
        return likelihood, normal_divergence(mean, log_variance)

    def elbo(self, images: Tensor) -> Tensor:
        """Return (N,), the evidence lower bound on each image's log-likelihood, in nats."""
        likelihood, divergence = self.likelihood_and_divergence(images)
        return likelihood - divergence

    def log_likelihood(self, decoded: Tensor, images: Tensor) -> Tensor:
        """Return (N,), the log-likelihood of `images` given the decoder's output, in nats."""
        if self.likelihood == "bernoulli":
            return bernoulli_log_likelihood(decoded.to(images), images)
        error = (decoded - images).square() / self.log_variance.exp()
        return -0.5 * (error + self.log_variance + math.log(2 * math.pi)).sum((1, 2, 3))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.decoder(latents)

    def reconstruct(self, images: Tensor) -> Tensor:
        """Return reconstructions of images of the training size, from the means of their codes."""
        return self.decoder(self.encoder(images)[:, : self.prior.dim])

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:
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


def normal_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return (N,), the Kullback-Leibler divergence of N(mean, variance) from N(0, 1), in nats.

    Kingma and Welling (2014), appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum((1, 2, 3))


def bernoulli_log_likelihood(decoded: Tensor, images: Tensor) -> Tensor:
    """Return (N,), the negative binary cross-entropy of images in [-1, 1], in nats.

    `decoded` is tanh(a), so that the probability of white is sigmoid(2a). The sum of logarithms has
    exact gradients near black and white, unlike `binary_cross_entropy`. Where tanh is rounded to 1,
    a wrong pixel costs at most 17 nats.
    """
    largest = 1 - torch.finfo(decoded.dtype).eps
    decoded = decoded.clamp(-largest, largest)
    white, black = torch.log(1 + decoded), torch.log(1 - decoded)
    return (torch.lerp(black, white, (1 + images) / 2) - math.log(2)).sum((1, 2, 3))
