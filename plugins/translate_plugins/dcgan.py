"""DCGAN: draw images from noise with convolutions."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.losses import generator_loss
from translate.nn.batching import forward_batched
from translate.nn.features import feature_distance, features_of
from translate.nn.init import init_normal_
from translate.nn.latents import Prior
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"dcgan": DCGAN}


class DCGAN(Recipe[Images]):
    """GAN of convolutional networks (Radford et al., 2016).

    Radford et al. (2016), sections 3 and 4; as in the authors' code, the generator answers for the
    images that the discriminator has just judged. Real and generated ones are judged in minibatches
    of their own, so batch norm never mixes the two. The paper's 64 pixels are ``data.size: 64``:
    the default of 32 suits the digits of 28, which `resize: fit` pads and does not enlarge.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"steps": 20_000, "batch_size": 64},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[Part, "network that draws"] = "dcgan",
        discriminator: Annotated[Part, "network that judges"] = "dcgan",
        adversarial: Annotated[Part, "adversarial loss"] = "vanilla",
        latent: Annotated[int, Field(gt=0), "numbers of noise an image is made of"] = 100,
        noise: Annotated[Literal["normal", "uniform", "sphere"], "their distribution"] = "uniform",
        critic_steps: Annotated[
            int, Field(gt=0), "critic turns for one of the generator's: more, where it lags behind"
        ] = 1,
        feature_matching: Annotated[
            float, "weight of equal mean features, real and generated: against a game that swings"
        ] = 0.0,
        lr_generator: Annotated[float, Field(ge=0), "learning rate of the generator"] = 2e-4,
        lr_discriminator: Annotated[
            float, Field(ge=0), "learning rate of the discriminator"
        ] = 2e-4,
    ) -> None:
        super().__init__()
        channels = spec.target.channels
        self.generator = create_generator(
            generator, in_channels=latent, out_channels=channels, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=channels, size=spec.size
        )
        init_normal_(self)
        if feature_matching:
            features_of(self.discriminator)  # which says it here if there are none
        self.adversarial, self.feature_matching = create_loss(adversarial), feature_matching
        self.prior, self.critic_steps = Prior(noise, dim=latent), critic_steps
        self.lr_generator, self.lr_discriminator = lr_generator, lr_discriminator

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr_discriminator),
            "generator": adam(self.generator, lr=self.lr_generator),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        real, judge = batch.images, self.discriminator
        fake = self.draw(self.latents(len(real)).to(real.device))
        yield Turn(
            "discriminator",
            gan=self.adversarial.for_discriminator(*forward_batched(judge, real, fake.detach())),
        )
        if (self.iteration + 1) % self.critic_steps:
            return
        losses = {"gan": generator_loss(self.adversarial, judge, fake, real)}
        if self.feature_matching:
            look = features_of(judge)
            losses["features"] = self.feature_matching * feature_distance(look(real), look(fake))
        yield Turn("generator", **losses)

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(latents)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        return {"samples": self.draw(self.latents(32).to(batch.images.device))}
