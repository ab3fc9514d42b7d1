"""WGAN-GP: generate images with a critic that has a gradient penalty."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import torch
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.errors import ConfigError
from translate.losses import auc
from translate.nn.batching import batch_dependent, forward_batched
from translate.nn.latents import Prior, PriorName
from translate.nn.penalties import gradient_penalty
from translate.recipe import Recipe, Turn, adam
from translate.registry import (
    DiscriminatorConfig,
    PartConfig,
    create_discriminator,
    create_generator,
    create_loss,
    part,
)


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"wgan-gp": WGANGP}


class WGANGP(Recipe[Images]):
    """Wasserstein GAN with a gradient penalty on the critic (Gulrajani et al., 2017).

    Algorithm 1: several critic updates, then one generator update. Each critic update is on new
    images, and penalizes gradient norms other than 1 at points between real and generated images.
    The negative of ``critic/gan`` in the log estimates the Wasserstein distance, in units of pixel
    values. The penalty is defined per image (section 4), so the critic has layer norm where DCGAN
    has batch norm.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"steps": 50_000, "batch_size": 64},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[PartConfig, "generator, from latent vectors to images"] = "dcgan",
        critic: Annotated[
            DiscriminatorConfig, "critic of images, with unbounded scores, without batch norm"
        ] = part("dcgan", norm="layer"),
        latent_dim: Annotated[PositiveInt, "number of latent variables"] = 128,
        prior: Annotated[PriorName, "prior distribution of the latent vector"] = "normal",
        critic_steps: Annotated[
            PositiveInt,
            "critic updates per generator update; more give a better estimate of the distance",
        ] = 5,
        gradient_penalty_weight: Annotated[float, "weight of the gradient penalty"] = 10.0,
        lr_generator: Annotated[NonNegativeFloat, "learning rate of the generator"] = 1e-4,
        lr_critic: Annotated[NonNegativeFloat, "learning rate of the critic"] = 1e-4,
    ) -> None:
        super().__init__()
        channels = spec.target.channels
        self.generator = create_generator(
            generator, in_channels=latent_dim, out_channels=channels, size=spec.size
        )
        self.critic = create_discriminator(critic, in_channels=channels, size=spec.size)
        if batch_dependent(self.critic):
            raise ConfigError(
                "critic: an image's score depends on its batch, as by batch norm, and the gradient "
                "penalty would be wrong: choose one without, such as {name: dcgan, norm: layer}."
            )
        self.adversarial = create_loss("wasserstein")
        self.prior = Prior(prior, dim=latent_dim)
        self.critic_steps, self.gradient_penalty_weight = critic_steps, gradient_penalty_weight
        self.lr_generator, self.lr_critic = lr_generator, lr_critic

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "critic": adam(self.critic, lr=self.lr_critic, betas=(0.0, 0.9)),
            "generator": adam(self.generator, lr=self.lr_generator, betas=(0.0, 0.9)),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        real, critic = batch.images, self.critic
        with torch.no_grad():
            fake = self.draw(self.latents(len(real)).to(real.device))
        scores = forward_batched(critic, real, fake)
        yield Turn(
            "critic",
            gan=self.adversarial.for_discriminator(*scores),
            penalty=self.gradient_penalty_weight * gradient_penalty(critic, real, fake),
        ).log(auc=auc(*scores))
        if (self.iteration + 1) % self.critic_steps == 0:
            fake = self.draw(self.latents(len(real)).to(real.device))
            yield Turn("generator", gan=self.adversarial.for_generator(critic(fake)))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(latents)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        samples = self.draw(self.latents(32).to(batch.images.device))
        return {"real": batch.images, "samples": samples}

    def compile(self, *args: Any, **kwargs: Any) -> None:
        # not the critic: its gradient penalty needs a double backward, which compiled code lacks
        self.generator.compile(*args, **kwargs)
