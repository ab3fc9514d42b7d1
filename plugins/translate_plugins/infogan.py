"""InfoGAN: a GAN with latent codes that describe the image, learned without labels."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt
from torch import Tensor, nn
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.errors import ConfigError
from translate.losses import at_least_float32, auc, generator_loss
from translate.nn.batching import forward_batched
from translate.nn.conditioning import one_hot
from translate.nn.features import features_of
from translate.nn.init import init_normal_
from translate.nn.latents import JointPrior, Prior, PriorName
from translate.nn.modes import unchanged_buffers
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"infogan": InfoGAN}


class InfoGAN(Recipe[Images]):
    """GAN with interpretable latent codes, learned without labels (Chen et al., 2016).

    Equation 6, and appendix C.1 for MNIST: a categorical code, and continuous codes in [-1, 1]. A
    head predicts the codes of a generated image from the discriminator's features. As in the
    authors' code, both players minimize the negative lower bound of the mutual information
    (equation 5, without constants). The predicted distribution of a continuous code is a Gaussian
    of variance 1.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"steps": 5_000, "batch_size": 128},
    }

    prior: JointPrior
    """latent variables, one-hot category, continuous codes"""

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[
            PartConfig, "generator, from latent vectors and codes to images"
        ] = "dcgan",
        discriminator: Annotated[
            PartConfig, "discriminator of images; its last features predict the codes"
        ] = "dcgan",
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        categories: Annotated[int, Field(ge=2), "number of values of the categorical code"] = 10,
        continuous: Annotated[NonNegativeInt, "number of continuous codes, uniform in [-1, 1]"] = 2,
        information_weight: Annotated[
            float, "weight of the mutual information loss (lambda)"
        ] = 1.0,
        latent_dim: Annotated[
            PositiveInt, "number of latent variables in addition to the codes"
        ] = 62,
        prior: Annotated[PriorName, "prior distribution of the latent vector"] = "uniform",
        lr_generator: Annotated[NonNegativeFloat, "learning rate of the generator"] = 1e-3,
        lr_discriminator: Annotated[
            NonNegativeFloat,
            "learning rate of the discriminator and the head that predicts the codes",
        ] = 2e-4,
    ) -> None:
        super().__init__()
        channels = spec.target.channels
        self.generator = create_generator(
            generator,
            in_channels=latent_dim + categories + continuous,
            out_channels=channels,
            size=spec.size,
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=channels, size=spec.size
        )
        with torch.no_grad(), unchanged_buffers(self.discriminator):
            features_of_images = features_of(self.discriminator, such_as="mlp, patch")
            features = features_of_images(torch.zeros(2, channels, *spec.size))[-1]
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(features[0].numel(), 128, bias=False),
            nn.BatchNorm1d(128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, categories + continuous),
        )
        init_normal_(self)
        self.adversarial, self.information_weight = create_loss(adversarial), information_weight
        self.categories, self.continuous = categories, continuous
        variables, category = Prior(prior, dim=latent_dim), Prior("category", dim=categories)
        self.prior = JointPrior((variables, category, Prior("uniform", dim=continuous)))
        self.lr_generator, self.lr_discriminator = lr_generator, lr_discriminator

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, self.head, lr=self.lr_discriminator),
            "generator": adam(self.generator, lr=self.lr_generator),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        real, discriminator = batch.images, self.discriminator
        if len(real) < 2:
            raise ConfigError(
                "train.batch_size: the head of infogan has a batch norm, which needs more than 1 "
                "image: set 2 or more for each process."
            )
        latents = self.latents(len(real)).to(real)
        fake = self.generator(latents)
        scores = forward_batched(discriminator, real, fake.detach())
        yield Turn(
            "discriminator",
            gan=self.adversarial.for_discriminator(*scores),
            **self.information_loss(fake.detach(), latents),
        ).log(auc=auc(*scores))
        yield Turn(
            "generator",
            gan=generator_loss(self.adversarial, discriminator, fake, real),
            **self.information_loss(fake, latents),
        )

    def information_loss(self, images: Tensor, latents: Tensor) -> dict[str, Tensor]:
        """Return the losses of predicting from `images` the codes in their `latents`."""
        predictions = self.head(features_of(self.discriminator)(images)[-1])
        category_logits, continuous = at_least_float32(predictions).split(
            [self.categories, self.continuous], dim=1
        )
        _, true_category, true_continuous = self.split(latents.flatten(1))
        squared_error = (continuous - true_continuous).square().sum(dim=1).mean() / 2
        return {
            "category": self.information_weight * F.cross_entropy(category_logits, true_category),
            "continuous": self.information_weight * squared_error,
        }

    def split(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return latent variables, one-hot category and continuous codes of `latents`."""
        variables, category, continuous = latents.split(
            [part.dim for part in self.prior.parts], dim=1
        )
        return variables, category, continuous

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is not None:
            variables, _, continuous = self.split(latents)
            category = one_hot(condition, self.categories).to(latents)
            latents = torch.cat([variables, category, continuous], dim=1)
        return self.generator(latents)

    def conditions(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.categories)))

    def walk(
        self,
        count: int,
        generator: torch.Generator,
        condition: Tensor | None = None,
        **options: Any,
    ) -> list[Tensor]:
        """Return a row of images for each code: only this code varies in the row (figure 2).

        In the first row the categories follow each other. In each further row one continuous code
        rises from -2 to 2; the category is `condition` if given, otherwise a random one.
        """
        latents = self.latents(1, generator).to(next(self.parameters()).device)
        latents = latents.expand(count, -1, -1, -1)
        code_values = torch.linspace(-2, 2, count, device=latents.device)
        category = None if condition is None else condition.to(latents.device).expand(count)
        categories = torch.arange(count, device=latents.device) % self.categories
        rows = [self.draw(latents, categories, **options)]
        for code in range(self.continuous):
            varied_latents = latents.clone()
            varied_latents[:, code - self.continuous] = code_values[:, None, None]
            rows.append(self.draw(varied_latents, category, **options))
        return rows

    def preview(self, batch: Images) -> dict[str, Tensor]:
        rows = self.walk(len(batch.images), torch.Generator().manual_seed(0))
        names = ("category", *(f"code {code + 1}" for code in range(self.continuous)))
        return {"real": batch.images, **dict(zip(names, rows, strict=True))}
