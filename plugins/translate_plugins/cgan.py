"""Conditional GAN: draw images of the class that is asked for."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import ImageSpec, Labelled
from translate.errors import ConfigError
from translate.losses import generator_loss
from translate.nn.batching import forward_batched
from translate.nn.conditioning import with_labels
from translate.nn.features import feature_distance, features_of
from translate.nn.init import init_normal_
from translate.nn.latents import Prior
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"cgan": ConditionalGAN}


class ConditionalGAN(Recipe[Labelled]):
    """Conditional GAN: samples of a class (Mirza and Osindero, 2014).

    Mirza and Osindero (2014), sections 3.2 and 4.1: a label, one-hot, joins the input of either
    network, and what is drawn in training has the labels of the batch. Their networks are fully
    connected, trained by gradient descent with momentum; here they are DCGAN's, trained by Adam.
    """

    defaults = {
        "data": {"layout": "labelled", "size": 32, "resize": "fit", "flip": False},
        "train": {"steps": 20_000, "batch_size": 64},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[Part, "network that draws, of noise and a label"] = "dcgan",
        discriminator: Annotated[Part, "network that judges an image with its label"] = "dcgan",
        adversarial: Annotated[Part, "adversarial loss"] = "vanilla",
        latent: Annotated[
            int, Field(gt=0), "numbers of noise an image is made of, beside its label"
        ] = 100,
        noise: Annotated[Literal["normal", "uniform", "sphere"], "their distribution"] = "uniform",
        critic_steps: Annotated[
            int, Field(gt=0), "discriminator's turns for each of the generator's"
        ] = 1,
        feature_matching: Annotated[
            float, "weight of the distance of mean features, real to generated; against swings"
        ] = 0.0,
        lr_generator: Annotated[float, Field(ge=0), "learning rate of the generator"] = 2e-4,
        lr_discriminator: Annotated[
            float, Field(ge=0), "learning rate of the discriminator"
        ] = 2e-4,
    ) -> None:
        super().__init__()
        if not spec.classes:
            raise ConfigError(
                "data.layout: cgan needs to know each image's class: choose labelled, which reads "
                "a folder for each class, or idx, which reads MNIST as published."
            )
        self.classes, channels = spec.classes, spec.target.channels
        self.generator = create_generator(
            generator, in_channels=latent + len(self.classes), out_channels=channels, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=channels + len(self.classes), size=spec.size
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

    def step(self, batch: Labelled) -> Iterator[Turn]:
        judge, labels = self.discriminator, batch.labels
        fake = self.draw(self.latents(len(labels)).to(batch.images), labels)
        real, fake = self.labelled(batch.images, labels), self.labelled(fake, labels)
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

    def labelled(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return images, or noise, with a plane for each class: (N, C + classes, H, W)."""
        return with_labels(images, labels, len(self.classes))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is None:
            raise ConfigError(
                f"class: this model draws what it is asked for: name one of "
                f"{', '.join(self.classes)}."
            )
        return self.generator(self.labelled(latents, condition))

    def conditions(self) -> tuple[str, ...]:
        return self.classes

    def preview(self, batch: Labelled) -> dict[str, Tensor]:
        latents = self.latents(len(batch.labels)).to(batch.images)
        return {"real": batch.images, "samples": self.draw(latents, batch.labels)}
