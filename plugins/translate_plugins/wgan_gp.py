"""WGAN-GP: draw images from noise, taught by a critic whose slope is held at 1."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.errors import ConfigError
from translate.nn.batching import batch_dependent, forward_batched
from translate.nn.latents import Prior
from translate.nn.penalties import gradient_penalty
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"wgan-gp": WGANGP}


class WGANGP(Recipe[Images]):
    """Wasserstein GAN with a gradient penalty on the critic (Gulrajani et al., 2017).

    Gulrajani et al. (2017), algorithm 1: several turns of the critic, each on fresh images and with
    a penalty on any slope but 1 between real and generated ones, then one turn of the generator.
    ``-critic/gan`` in the log is the estimate of Wasserstein's distance, in pixels' units. The
    penalty is each image's own (section 4), so the critic has layer norm where DCGAN has batch
    norm, which would make an image's score depend on its neighbours.
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
        critic: Annotated[Part, "network that scores, without batch norm"] = {  # noqa: B006
            "name": "dcgan",
            "norm": "layer",
        },
        latent: Annotated[int, Field(gt=0), "numbers of noise an image is made of"] = 128,
        noise: Annotated[Literal["normal", "uniform", "sphere"], "their distribution"] = "normal",
        critic_steps: Annotated[
            int, Field(gt=0), "critic turns for one of the generator's: more, for a better estimate"
        ] = 5,
        penalty_weight: Annotated[float, "of the critic's slope, where it is not 1"] = 10.0,
        lr_generator: Annotated[float, Field(ge=0), "learning rate of the generator"] = 1e-4,
        lr_critic: Annotated[float, Field(ge=0), "learning rate of the critic"] = 1e-4,
    ) -> None:
        super().__init__()
        channels = spec.target.channels
        self.generator = create_generator(
            generator, in_channels=latent, out_channels=channels, size=spec.size
        )
        self.critic = create_discriminator(critic, in_channels=channels, size=spec.size)
        if batch_dependent(self.critic):
            raise ConfigError(
                "critic: an image's score depends on its batch, as by batch norm, and the gradient "
                "penalty would be wrong: choose one without, such as {name: dcgan, norm: layer}."
            )
        self.adversarial = create_loss("wasserstein")
        self.prior = Prior(noise, dim=latent)
        self.critic_steps, self.penalty_weight = critic_steps, penalty_weight
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
        yield Turn(
            "critic",
            gan=self.adversarial.for_discriminator(*forward_batched(critic, real, fake)),
            penalty=self.penalty_weight * gradient_penalty(critic, real, fake),
        )
        if (self.iteration + 1) % self.critic_steps == 0:
            fake = self.draw(self.latents(len(real)).to(real.device))
            yield Turn("generator", gan=self.adversarial.for_generator(critic(fake)))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(latents)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        return {"samples": self.draw(self.latents(32).to(batch.images.device))}

    def compile(self, *args: Any, **kwargs: Any) -> None:
        self.generator.compile(*args, **kwargs)  # the critic's slope is differentiated twice
