"""Autoencoder: compress images to latent codes and reconstruct them."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec, Pair
from translate.nn.geometry import at_size
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"autoencoder": Autoencoder}


class Autoencoder(Recipe[Images]):
    """Autoencoder: images to latent codes and back (Hinton and Salakhutdinov, 2006).

    Both networks are trained end to end. The paper's layer-wise pretraining is skipped: better
    initialization and optimizers have made it unnecessary. The codes have no prior distribution, so
    this recipe cannot generate images; `aae` and `wae-mmd` can.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"epochs": 100, "batch_size": 100},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        encoder: Annotated[PartConfig, "encoder, from images to latent codes"] = "mlp-encoder",
        decoder: Annotated[PartConfig, "decoder, from latent codes to images"] = "mlp",
        latent_dim: Annotated[PositiveInt, "dimension of the latent code"] = 30,
        pixel: Annotated[PartConfig, "reconstruction loss"] = "l2",
        lr: Annotated[NonNegativeFloat, "learning rate of encoder and decoder"] = 1e-3,
    ) -> None:
        super().__init__()
        self.encoder = create_generator(
            encoder, in_channels=spec.source.channels, out_channels=latent_dim, size=spec.size
        )
        self.decoder = create_generator(
            decoder, in_channels=latent_dim, out_channels=spec.target.channels, size=spec.size
        )
        self.pixel = create_loss(pixel)
        self.size, self.lr = spec.size, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {"autoencoder": adam(self.encoder, self.decoder, lr=self.lr, betas=(0.9, 0.999))}

    def step(self, batch: Images) -> Iterator[Turn]:
        code = self.encoder(batch.images)
        yield Turn("autoencoder", reconstruction=self.pixel(self.decoder(code), batch.images))

    def reconstruct(self, images: Tensor) -> Tensor:
        """Return reconstructions of `images` of the training size."""
        return self.decoder(self.encoder(images))

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return at_size(self.size, self.reconstruct, images)

    def ground_truth_pair(self, batch: Images) -> Pair:
        return Pair(batch.images, batch.images)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        return {"original": batch.images, "reconstructed": self.reconstruct(batch.images)}
