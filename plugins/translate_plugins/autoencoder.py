"""A plain auto-encoder: a picture becomes a few numbers, and these the picture again."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.nn.geometry import at_size
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"autoencoder": Autoencoder}


class Autoencoder(Recipe[Images]):
    """Autoencoder: images to codes and back (Hinton and Salakhutdinov, 2006).

    Hinton and Salakhutdinov (2006), trained in one go: their pretraining, layer by layer, is what
    better initial weights and optimizers have made unnecessary. Nothing says how codes are spread,
    so there is no noise to draw from: `vae`, `aae` and `wae-mmd` are for that.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"epochs": 100, "batch_size": 100},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        encoder: Annotated[Part, "network from a picture to its code"] = "mlp-encoder",
        decoder: Annotated[Part, "network from a code to its picture"] = "mlp",
        code: Annotated[int, Field(gt=0), "numbers in a code"] = 30,
        pixel: Annotated[Part, "reconstruction loss"] = "l2",
        lr: Annotated[float, Field(ge=0), "learning rate of both networks"] = 1e-3,
    ) -> None:
        super().__init__()
        self.encoder = create_generator(
            encoder, in_channels=spec.source.channels, out_channels=code, size=spec.size
        )
        self.decoder = create_generator(
            decoder, in_channels=code, out_channels=spec.target.channels, size=spec.size
        )
        self.pixel = create_loss(pixel)
        self.size, self.lr = spec.size, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {"autoencoder": adam(self.encoder, self.decoder, lr=self.lr, betas=(0.9, 0.999))}

    def step(self, batch: Images) -> Iterator[Turn]:
        code = self.encoder(batch.images)
        yield Turn("autoencoder", reconstruction=self.pixel(self.decoder(code), batch.images))

    def reconstruct(self, images: Tensor) -> Tensor:
        """Return what is left of `images`, which have the size trained on, after their code."""
        return self.decoder(self.encoder(images))

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return at_size(self.size, self.reconstruct, images)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        return {"original": batch.images, "reconstructed": self.reconstruct(batch.images)}
