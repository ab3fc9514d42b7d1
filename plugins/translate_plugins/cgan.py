"""Conditional GAN: generate images of a class."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import ImageSpec, Labelled
from translate.errors import ConfigError
from translate.losses import auc, generator_loss
from translate.nn.batching import forward_batched
from translate.nn.conditioning import with_labels
from translate.nn.features import feature_distance, features_of
from translate.nn.init import init_normal_
from translate.nn.latents import Prior, PriorName
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"cgan": ConditionalGAN}


class ConditionalGAN(Recipe[Labelled]):
    """Conditional GAN: samples of a class (Mirza and Osindero, 2014).

    Sections 3.2 and 4.1: the one-hot label is part of the input of both networks, and generated
    images have the labels of the batch. Unlike the paper: networks of DCGAN instead of fully
    connected networks, and Adam instead of gradient descent with momentum.
    """

    defaults = {
        "data": {"layout": "labelled", "size": 32, "resize": "fit", "flip": False},
        "train": {"steps": 20_000, "batch_size": 64},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[
            PartConfig, "generator, from latent vectors and labels to images"
        ] = "dcgan",
        discriminator: Annotated[PartConfig, "discriminator of images with their labels"] = "dcgan",
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
        if not spec.classes:
            raise ConfigError(
                "data.layout: cgan needs to know each image's class: choose labelled, which reads "
                "a folder for each class, or idx, which reads MNIST as published."
            )
        self.classes, channels = spec.classes, spec.target.channels
        self.generator = create_generator(
            generator,
            in_channels=latent_dim + len(self.classes),
            out_channels=channels,
            size=spec.size,
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=channels + len(self.classes), size=spec.size
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

    def step(self, batch: Labelled) -> Iterator[Turn]:
        discriminator, labels = self.discriminator, batch.labels
        generated = self.draw(self.latents(len(labels)).to(batch.images), labels)
        real = self.with_label_planes(batch.images, labels)
        fake = self.with_label_planes(generated, labels)
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

    def with_label_planes(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return images or latent vectors with one-hot planes: (N, C + classes, H, W)."""
        return with_labels(images, labels, len(self.classes))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is None:
            raise ConfigError(
                f"class: this model needs the class of each image: name one of "
                f"{', '.join(self.classes)}."
            )
        return self.generator(self.with_label_planes(latents, condition))

    def conditions(self) -> tuple[str, ...]:
        return self.classes

    def preview(self, batch: Labelled) -> dict[str, Tensor]:
        latents = self.latents(len(batch.labels)).to(batch.images)
        return {
            "real": batch.images,
            "samples": self.draw(latents, batch.labels),
            "samples of one class": self.draw(latents, batch.labels[:1].expand_as(batch.labels)),
        }
