"""WGAN: draw images from noise, taught by a critic whose weights are clipped."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer, RMSprop

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.errors import ConfigError
from translate.nn.batching import forward_batched
from translate.nn.init import init_normal_
from translate.nn.latents import Prior
from translate.nn.penalties import clip_weights_
from translate.recipe import Recipe, Turn
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"wgan": WGAN}


class WGAN(Recipe[Images]):
    """Wasserstein GAN with a critic of clipped weights (Arjovsky et al., 2017).

    Arjovsky et al. (2017), algorithm 1: several turns of the critic, each on fresh images and
    followed by clipping, then one of the generator. ``-critic/gan`` in the log is the estimate; it
    is in no unit, as clipping bounds the critic's slope by a number that nobody knows.
    """

    defaults = {
        "data": {"layout": "images", "size": 32, "resize": "fit", "flip": False},
        "train": {"steps": 50_000, "batch_size": 64},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[Part, "network that draws"] = "dcgan",
        critic: Annotated[Part, "network that scores, without bound"] = "dcgan",
        latent: Annotated[int, Field(gt=0), "numbers of noise an image is made of"] = 100,
        noise: Annotated[Literal["normal", "uniform", "sphere"], "their distribution"] = "normal",
        critic_steps: Annotated[
            int, Field(gt=0), "critic turns for one of the generator's: more, for a better estimate"
        ] = 5,
        warm_up: Annotated[
            int, Field(ge=0), "as many for its first 25, and every 500th; the authors' code: 100"
        ] = 0,
        clip: Annotated[float, Field(gt=0), "largest weight of the critic"] = 0.01,
        lr_generator: Annotated[float, Field(ge=0), "learning rate of the generator"] = 5e-5,
        lr_critic: Annotated[float, Field(ge=0), "learning rate of the critic"] = 5e-5,
    ) -> None:
        super().__init__()
        if 0 < warm_up < critic_steps:
            raise ConfigError(
                f"warm_up: {warm_up} turns are fewer than the {critic_steps} of critic_steps: "
                "set more, such as 100, or 0 for none."
            )
        channels = spec.target.channels
        self.generator = create_generator(
            generator, in_channels=latent, out_channels=channels, size=spec.size
        )
        self.critic = create_discriminator(critic, in_channels=channels, size=spec.size)
        init_normal_(self)
        self.adversarial = create_loss("wasserstein")
        self.prior, self.clip = Prior(noise, dim=latent), clip
        self.critic_steps, self.warm_up = critic_steps, warm_up
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
        yield Turn(
            "critic", gan=self.adversarial.for_discriminator(*forward_batched(critic, real, fake))
        )
        clip_weights_(critic, self.clip)
        if generator_is_due(self.iteration + 1, self.critic_steps, self.warm_up):
            fake = self.draw(self.latents(len(real)).to(real.device))
            yield Turn("generator", gan=self.adversarial.for_generator(critic(fake)))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(latents)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        return {"samples": self.draw(self.latents(32).to(batch.images.device))}


def generator_is_due(turns: int, every: int, warm_up: int = 0) -> bool:
    """Return whether the generator moves after this many turns of the critic, counted from 1.

    It does after `every` of them; with a `warm_up`, after as many before each of its first 25
    moves and before each 500th, counted from 0 as the authors' code counts them.
    """
    if not warm_up:
        return turns % every == 0
    if turns <= 25 * warm_up:
        return turns % warm_up == 0
    turns -= 24 * (warm_up - every)  # as if of the first 25 moves only move 0 had been long
    place = (turns - 1) % (warm_up + 499 * every) + 1
    return place >= warm_up and (place - warm_up) % every == 0
