"""InfoGAN: a GAN that finds, without labels, codes that say what an image shows."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.errors import ConfigError
from translate.losses import generator_loss
from translate.nn.batching import forward_batched
from translate.nn.conditioning import one_hot
from translate.nn.features import features_of
from translate.nn.init import init_normal_
from translate.nn.latents import Prior
from translate.nn.modes import unchanged_buffers
from translate.nn.precision import at_least_float32
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"infogan": InfoGAN}


class InfoGAN(Recipe[Images]):
    """GAN with latent codes that it finds without labels (Chen et al., 2016).

    Chen et al. (2016), equation 6, and appendix C.1 for MNIST: a category, and numbers in [-1, 1].
    A head guesses the codes of a drawn image from what the discriminator sees in it. As in the
    authors' code, both players minimise what is missed (the bound of equation 5, less constants):
    the generator so as to be legible, the discriminator's trunk and the head so as to read. The
    guess at a number is a Gaussian of variance 1, as that code has it for MNIST.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"steps": 5_000, "batch_size": 128},
    }

    prior: Prior

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[Part, "network that draws, of noise and codes"] = "dcgan",
        discriminator: Annotated[Part, "network that judges, and whose features tell codes"] = (
            "dcgan"
        ),
        adversarial: Annotated[Part, "adversarial loss"] = "vanilla",
        categories: Annotated[int, Field(ge=2), "values of the code that is a category"] = 10,
        continuous: Annotated[int, Field(ge=0), "codes that are numbers in [-1, 1]"] = 2,
        information_weight: Annotated[float, "of guessing the codes right"] = 1.0,
        latent: Annotated[
            int, Field(gt=0), "numbers of noise an image is made of, beside its codes"
        ] = 62,
        noise: Annotated[Literal["normal", "uniform", "sphere"], "their distribution"] = "uniform",
        lr_generator: Annotated[float, Field(ge=0), "learning rate of the generator"] = 1e-3,
        lr_discriminator: Annotated[
            float, Field(ge=0), "learning rate of the discriminator and the head"
        ] = 2e-4,
    ) -> None:
        super().__init__()
        channels = spec.target.channels
        self.generator = create_generator(
            generator,
            in_channels=latent + categories + continuous,
            out_channels=channels,
            size=spec.size,
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=channels, size=spec.size
        )
        with torch.no_grad(), unchanged_buffers(self.discriminator):
            seen = features_of(self.discriminator)(torch.zeros(2, channels, *spec.size))[-1]
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(seen[0].numel(), 128, bias=False),
            nn.BatchNorm1d(128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, categories + continuous),
        )
        init_normal_(self)
        self.adversarial, self.information_weight = create_loss(adversarial), information_weight
        self.categories, self.continuous = categories, continuous
        self.prior = Prior(noise, dim=latent)
        self.lr_generator, self.lr_discriminator = lr_generator, lr_discriminator

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, self.head, lr=self.lr_discriminator),
            "generator": adam(self.generator, lr=self.lr_generator),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        real, judge = batch.images, self.discriminator
        if len(real) < 2:
            raise ConfigError(
                "train.batch_size: the head of infogan has a batch norm, to which 1 image says "
                "nothing: set 2 or more for each process."
            )
        noise = self.latents(len(real)).to(real)
        fake = self.generator(noise)
        yield Turn(
            "discriminator",
            gan=self.adversarial.for_discriminator(*forward_batched(judge, real, fake.detach())),
            **self.missed(fake.detach(), noise),
        )
        yield Turn(
            "generator",
            gan=generator_loss(self.adversarial, judge, fake, real),
            **self.missed(fake, noise),
        )

    def missed(self, images: Tensor, noise: Tensor) -> dict[str, Tensor]:
        """Return how far the codes guessed from `images` are from those in `noise`."""
        guessed = self.head(features_of(self.discriminator)(images)[-1])
        category, numbers = at_least_float32(guessed).split(
            [self.categories, self.continuous], dim=1
        )
        _, true_category, true_numbers = self.parts(noise.flatten(1))
        apart = (numbers - true_numbers).square().sum(dim=1).mean() / 2
        return {
            "category": self.information_weight * F.cross_entropy(category, true_category),
            "numbers": self.information_weight * apart,
        }

    def latents(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return noise, the category one-hot, and the numbers, as channels behind one another."""
        category = torch.randint(self.categories, (count,), generator=generator)
        parts = [
            self.prior.draw(count, generator),
            one_hot(category, self.categories),
            Prior("uniform", dim=self.continuous).draw(count, generator),
        ]
        return torch.cat(parts, dim=1)

    def parts(self, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what `noise` returned as its three parts."""
        free, category, numbers = noise.split([self.prior.dim, self.categories, self.continuous], 1)
        return free, category, numbers

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is not None:
            free, _, numbers = self.parts(latents)
            category = one_hot(condition, self.categories).to(latents)
            latents = torch.cat([free, category, numbers], dim=1)
        return self.generator(latents)

    def conditions(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.categories)))

    def walk(
        self, count: int, generator: torch.Generator, condition: Tensor | None = None
    ) -> list[Tensor]:
        """Return a row a code, all else alike: the categories in turn, each number from -2 to 2.

        As figure 2 of the paper. Of one `condition`, the rows of the numbers show that category.
        """
        noise = self.latents(1, generator).to(next(self.parameters()).device)
        noise = noise.expand(count, -1, -1, -1)
        steps = torch.linspace(-2, 2, count, device=noise.device)
        asked = None if condition is None else condition.to(noise.device).expand(count)
        rows = [self.draw(noise, torch.arange(count, device=noise.device) % self.categories)]
        for number in range(self.continuous):
            varied = noise.clone()
            varied[:, self.prior.dim + self.categories + number] = steps[:, None, None]
            rows.append(self.draw(varied, asked))
        return rows

    def preview(self, batch: Images) -> dict[str, Tensor]:
        rows = self.walk(len(batch.images), torch.Generator().manual_seed(0))
        names = ("category", *(f"code {number + 1}" for number in range(self.continuous)))
        return {"real": batch.images, **dict(zip(names, rows, strict=True))}
