"""DCGAN: generate images with convolutional networks."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.losses import auc, generator_loss
from translate.nn.batching import forward_batched
from translate.nn.features import feature_distance, features_of
from translate.nn.init import init_normal_
from translate.nn.latents import Prior, PriorName
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"dcgan": DCGAN}


class DCGAN(Recipe[Images]):
    """GAN of convolutional networks (Radford et al., 2016).

    Sections 3 and 4; as in the authors' code, the generator is trained on the images that the
    discriminator was just trained on. Real and generated images are separate batches, so batch norm
    does not mix them. The paper's resolution is ``data.size: 64``; the default of 32 suits digits
    of 28 pixels, which ``resize: fit`` pads.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"steps": 20_000, "batch_size": 64},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[PartConfig, "generator, from latent vectors to images"] = "dcgan",
        discriminator: Annotated[PartConfig, "discriminator of images"] = "dcgan",
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        latent_dim: Annotated[PositiveInt, "number of latent variables"] = 100,
        prior: Annotated[PriorName, "prior distribution of the latent vector"] = "uniform",
        discriminator_steps: Annotated[
            PositiveInt, "discriminator updates per generator update"
        ] = 1,
        feature_matching_weight: Annotated[
            float, "weight of feature matching (Salimans et al., 2016); stabilizes training"
        ] = 0.0,
        lr_generator: Annotated[NonNegativeFloat, "learning rate of the generator"] = 2e-4,
        lr_discriminator: Annotated[NonNegativeFloat, "learning rate of the discriminator"] = 2e-4,
    ) -> None:
        super().__init__()
        channels = spec.target.channels
        self.generator = create_generator(
            generator, in_channels=latent_dim, out_channels=channels, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=channels, size=spec.size
        )
        init_normal_(self)
        if feature_matching_weight:
            features_of(self.discriminator, such_as="mlp, patch")  # or ConfigError
        self.adversarial = create_loss(adversarial)
        self.feature_matching_weight = feature_matching_weight
        self.prior, self.discriminator_steps = Prior(prior, dim=latent_dim), discriminator_steps
        self.lr_generator, self.lr_discriminator = lr_generator, lr_discriminator

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr_discriminator),
            "generator": adam(self.generator, lr=self.lr_generator),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        real, discriminator = batch.images, self.discriminator
        fake = self.draw(self.latents(len(real)).to(real.device))
        scores = forward_batched(discriminator, real, fake.detach())
        discriminator_loss = self.adversarial.for_discriminator(*scores)
        yield Turn("discriminator", gan=discriminator_loss).log(auc=auc(*scores))
        if (self.iteration + 1) % self.discriminator_steps:
            return
        losses = {"gan": generator_loss(self.adversarial, discriminator, fake, real)}
        if self.feature_matching_weight:
            features = features_of(discriminator)
            distance = feature_distance(features(real), features(fake))
            losses["feature_matching"] = self.feature_matching_weight * distance
        yield Turn("generator", **losses)

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(latents)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        samples = self.draw(self.latents(32).to(batch.images.device))
        return {"real": batch.images, "samples": samples}
