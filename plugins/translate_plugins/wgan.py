"""WGAN: generate images with a critic with clipped weights."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import torch
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer, RMSprop

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.errors import ConfigError
from translate.losses import auc
from translate.nn.batching import forward_batched
from translate.nn.init import init_normal_
from translate.nn.latents import Prior, PriorName
from translate.nn.penalties import clip_weights_
from translate.recipe import Recipe, Turn
from translate.registry import (
    DiscriminatorConfig,
    PartConfig,
    create_discriminator,
    create_generator,
    create_loss,
)


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"wgan": WGAN}


class WGAN(Recipe[Images]):
    """Wasserstein GAN with a critic of clipped weights (Arjovsky et al., 2017).

    Algorithm 1: several critic updates, each on new images and followed by weight clipping, then
    one generator update. The negative of ``critic/gan`` in the log estimates the Wasserstein
    distance, up to the unknown Lipschitz constant that clipping allows.
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
        critic: Annotated[DiscriminatorConfig, "critic of images, with unbounded scores"] = "dcgan",
        latent_dim: Annotated[PositiveInt, "number of latent variables"] = 100,
        prior: Annotated[PriorName, "prior distribution of the latent vector"] = "normal",
        critic_steps: Annotated[
            PositiveInt,
            "critic updates per generator update; more give a better estimate of the distance",
        ] = 5,
        warm_up_critic_steps: Annotated[
            NonNegativeInt,
            "critic updates before each of the first 25 generator updates and each 500th; 100 in "
            "the authors' code; 0: critic_steps",
        ] = 0,
        clip: Annotated[PositiveFloat, "largest absolute weight of the critic"] = 0.01,
        lr_generator: Annotated[NonNegativeFloat, "learning rate of the generator"] = 5e-5,
        lr_critic: Annotated[NonNegativeFloat, "learning rate of the critic"] = 5e-5,
    ) -> None:
        super().__init__()
        if 0 < warm_up_critic_steps < critic_steps:
            raise ConfigError(
                f"warm_up_critic_steps: {warm_up_critic_steps} is fewer than critic_steps, "
                f"{critic_steps}: set more, such as 100, or 0 for no warm-up."
            )
        channels = spec.target.channels
        self.generator = create_generator(
            generator, in_channels=latent_dim, out_channels=channels, size=spec.size
        )
        self.critic = create_discriminator(critic, in_channels=channels, size=spec.size)
        init_normal_(self)
        self.adversarial = create_loss("wasserstein")
        self.prior, self.clip = Prior(prior, dim=latent_dim), clip
        self.critic_steps, self.warm_up_critic_steps = critic_steps, warm_up_critic_steps
        self.lr_generator, self.lr_critic = lr_generator, lr_critic

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "critic": RMSprop(self.critic.parameters(), lr=self.lr_critic),
            "generator": RMSprop(self.generator.parameters(), lr=self.lr_generator),
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        real, critic = batch.images, self.critic
        with torch.no_grad():
            fake = self.draw(self.latents(len(real)).to(real.device))
        scores = forward_batched(critic, real, fake)
        yield Turn("critic", gan=self.adversarial.for_discriminator(*scores)).log(auc=auc(*scores))
        clip_weights_(critic, self.clip)
        if generator_is_due(self.iteration + 1, self.critic_steps, self.warm_up_critic_steps):
            fake = self.draw(self.latents(len(real)).to(real.device))
            yield Turn("generator", gan=self.adversarial.for_generator(critic(fake)))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(latents)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        samples = self.draw(self.latents(32).to(batch.images.device))
        return {"real": batch.images, "samples": samples}


def generator_is_due(critic_updates: int, critic_steps: int, warm_up_steps: int = 0) -> bool:
    """Return whether a generator update follows after this many critic updates, counted from 1.

    A generator update follows each `critic_steps` critic updates. With `warm_up_steps`, the
    generator updates 0 to 24, 500, 1000 and so on (counted from 0, as in the authors' code) follow
    that many critic updates instead.
    """
    if not warm_up_steps:
        return critic_updates % critic_steps == 0
    if critic_updates <= 25 * warm_up_steps:
        return critic_updates % warm_up_steps == 0
    # subtract the warm-ups of updates 1 to 24: now each cycle of 500 updates has one, at its start
    critic_updates -= 24 * (warm_up_steps - critic_steps)
    position = (critic_updates - 1) % (warm_up_steps + 499 * critic_steps) + 1
    return position >= warm_up_steps and (position - warm_up_steps) % critic_steps == 0
