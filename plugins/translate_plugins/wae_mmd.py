"""WAE-MMD: a Wasserstein auto-encoder whose codes are matched to noise without any game."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.nn.geometry import at_size
from translate.nn.latents import Prior
from translate.nn.penalties import mmd
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_generator


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"wae-mmd": WAEMMD}


class WAEMMD(Recipe[Images]):
    """Wasserstein autoencoder with an MMD penalty on its codes (Tolstikhin et al., 2018).

    Tolstikhin et al. (2018), algorithm 2, with the inverse multiquadratic kernels of section 4;
    settings are those of the authors' code for MNIST, and as there the cost is .05 times the sum of
    the squared errors.
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
        code: Annotated[int, Field(gt=0), "numbers in a code"] = 8,
        noise: Annotated[
            Literal["normal", "uniform", "sphere"], "what codes are to look like"
        ] = "normal",
        cost_weight: Annotated[float, "of the squared error, summed over a picture"] = 0.05,
        prior_weight: Annotated[float, "of the discrepancy, lambda in the paper"] = 10.0,
        lr: Annotated[float, Field(ge=0), "learning rate of both networks"] = 1e-3,
    ) -> None:
        super().__init__()
        self.encoder = create_generator(
            encoder, in_channels=spec.source.channels, out_channels=code, size=spec.size
        )
        self.decoder = create_generator(
            decoder, in_channels=code, out_channels=spec.target.channels, size=spec.size
        )
        self.size, self.prior = spec.size, Prior(noise, dim=code)
        self.cost_weight, self.prior_weight, self.lr = cost_weight, prior_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {"autoencoder": adam(self.encoder, self.decoder, lr=self.lr)}

    def step(self, batch: Images) -> Iterator[Turn]:
        images = batch.images
        code, prior = self.encoder(images), self.latents(len(images)).to(images)
        cost = (self.decoder(code) - images).square().sum((1, 2, 3))
        yield Turn(
            "autoencoder",
            cost=self.cost_weight * cost,
            prior=self.prior_weight * mmd(code, prior, scale=1.0),
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
