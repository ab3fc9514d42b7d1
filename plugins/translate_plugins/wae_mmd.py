"""WAE-MMD: a Wasserstein autoencoder with a kernel distance between codes and prior samples."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec, Pair
from translate.nn.geometry import at_size
from translate.nn.latents import Prior, PriorName
from translate.nn.penalties import mmd
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_generator


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"wae-mmd": WAEMMD}


class WAEMMD(Recipe[Images]):
    """Wasserstein autoencoder with an MMD penalty on its codes (Tolstikhin et al., 2018).

    Algorithm 2, with the inverse multiquadratic kernels of section 4 and the settings of the
    authors' code for MNIST, where the reconstruction loss is 0.05 times the sum of the squared
    errors.
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
        latent_dim: Annotated[PositiveInt, "dimension of the latent code"] = 8,
        prior: Annotated[PriorName, "prior distribution of the latent code"] = "normal",
        reconstruction_weight: Annotated[
            float, "weight of the squared error, summed over an image"
        ] = 0.05,
        mmd_weight: Annotated[float, "weight of the maximum mean discrepancy (lambda)"] = 10.0,
        lr: Annotated[NonNegativeFloat, "learning rate of encoder and decoder"] = 1e-3,
    ) -> None:
        super().__init__()
        self.encoder = create_generator(
            encoder, in_channels=spec.source.channels, out_channels=latent_dim, size=spec.size
        )
        self.decoder = create_generator(
            decoder, in_channels=latent_dim, out_channels=spec.target.channels, size=spec.size
        )
        self.size, self.prior = spec.size, Prior(prior, dim=latent_dim)
        self.reconstruction_weight, self.mmd_weight, self.lr = reconstruction_weight, mmd_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {"autoencoder": adam(self.encoder, self.decoder, lr=self.lr)}

    def step(self, batch: Images) -> Iterator[Turn]:
        images = batch.images
        code, prior_samples = self.encoder(images), self.latents(len(images)).to(images)
        squared_error = (self.decoder(code) - images).square().sum((1, 2, 3))
        yield Turn(
            "autoencoder",
            reconstruction=self.reconstruction_weight * squared_error,
            mmd=self.mmd_weight * mmd(code, prior_samples, scale=1.0),
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
