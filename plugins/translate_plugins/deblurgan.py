"""DeblurGAN: restore sharp pictures from blurred ones."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import ImageSpec, Pair
from translate.errors import ConfigError
from translate.nn.batching import batch_dependent
from translate.nn.init import init_normal_
from translate.nn.penalties import gradient_penalty, pixelwise_gradient_penalty
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"deblurgan": DeblurGAN}


class DeblurGAN(Recipe[Pair]):
    """Motion deblurring of pairs, with a WGAN-GP critic and a content loss (Kupyn et al., 2018).

    Kupyn et al. (2018), sections 3 and 4.2; networks as the authors' code has them. The critic sees
    one picture, not the pair, has five turns on each batch, and pays for a slope that is not 1
    (WGAN-GP). Beside the game, restored and sharp pictures are to look alike to a network that was
    trained to see: the authors' is VGG19, whose weights have to be fetched, so it is not the
    default. EfficientNet's numbers are larger, so its layers weigh little, or nobody would hear the
    critic. Dropout is on in training alone: here a picture is restored alike each time, where
    theirs was tested with dropout on.
    """

    defaults = {
        "data": {"layout": "paired", "size": 256, "resize": "none"},
        "train": {"epochs": 300, "batch_size": 1, "schedule": "linear", "decay_from": 0.5},
    }

    keeps_gray = True

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[Part, "network that draws what is to be added"] = {  # noqa: B006
            "name": "resnet",
            "blocks": 9,
            "dropout": 0.5,
        },
        critic: Annotated[Part, "network that scores one picture, without batch norm"] = {  # noqa: B006
            "name": "patch",
            "padding": 2,
        },
        content: Annotated[Part, "loss to the sharp picture, as a trained network sees both"] = {  # noqa: B006
            "name": "perceptual",
            "features": "efficientnet-lite0",
            "weights": [0.02, 0.02],
        },
        content_weight: Annotated[float, "of that loss"] = 100.0,
        pixel: Annotated[Part, "pixel loss to the sharp image"] = "l2",
        pixel_weight: Annotated[float, "of that loss, which the paper does without"] = 0.0,
        match_colour: Annotated[
            bool,
            "shift each sharp training image to the channel means of its blurred one, so that a "
            "difference in exposure between the two domains is not learned",
        ] = False,
        critic_steps: Annotated[int, Field(gt=0), "critic turns on each batch"] = 5,
        gp: Annotated[
            Literal["textbook", "deblurgan"],
            "penalty: of images, or of pixels as in the authors' code",
        ] = "textbook",
        penalty_weight: Annotated[float, "of the critic's slope, where it is not 1"] = 10.0,
        lr_generator: Annotated[float, Field(ge=0), "learning rate of the generator"] = 1e-4,
        lr_critic: Annotated[float, Field(ge=0), "learning rate of the critic"] = 1e-4,
    ) -> None:
        super().__init__()
        channels = spec.target.channels
        if spec.source.channels != channels:
            raise ConfigError(
                f"data.channels: what is added to {spec.source.channels} channels cannot give "
                f"{channels}: set it to 1 or 3, for both domains."
            )
        self.generator = create_generator(
            generator, in_channels=channels, out_channels=channels, size=spec.size
        )
        self.critic = create_discriminator(critic, in_channels=channels, size=spec.size)
        if batch_dependent(self.critic):
            raise ConfigError(
                "critic: an image's score depends on its batch, as by batch norm, and the gradient "
                "penalty would be wrong: choose one without, such as {name: patch, norm: instance}."
            )
        init_normal_(self)
        self.adversarial = create_loss("wasserstein")
        self.content, self.pixel = create_loss(content), create_loss(pixel)
        self.content_weight, self.pixel_weight = content_weight, pixel_weight
        self.match_colour = match_colour
        self.critic_steps, self.penalty_weight = critic_steps, penalty_weight
        self.penalty = gradient_penalty if gp == "textbook" else pixelwise_gradient_penalty
        self.lr_generator, self.lr_critic = lr_generator, lr_critic

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "critic": adam(self.critic, lr=self.lr_critic),
            "generator": adam(self.generator, lr=self.lr_generator),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        blurred, sharp = batch
        if self.match_colour:
            sharp = match_means(sharp, blurred)
        critic, adversarial = self.critic, self.adversarial
        restored = self.restore(blurred)
        for _ in range(self.critic_steps):
            yield Turn(
                "critic",
                gan=adversarial.for_discriminator(critic(sharp), critic(restored.detach())),
                penalty=self.penalty_weight * self.penalty(critic, sharp, restored),
            )
        losses = {"gan": adversarial.for_generator(critic(restored))}
        if self.content_weight:
            losses["content"] = self.content_weight * self.content(restored, sharp)
        if self.pixel_weight:
            losses["pixel"] = self.pixel_weight * self.pixel(restored, sharp)
        yield Turn("generator", **losses)

    def restore(self, blurred: Tensor) -> Tensor:
        """Return `blurred`, (N, C, H, W) in [-1, 1], with what it lacks."""
        return (blurred + self.generator(blurred)).clamp(-1, 1)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return self.restore(images)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        return {
            "blurred": batch.source,
            "restored": self.restore(batch.source),
            "sharp": batch.target,
        }

    def compile(self, *args: Any, **kwargs: Any) -> None:
        self.generator.compile(*args, **kwargs)  # the critic's slope is differentiated twice


def match_means(images: Tensor, reference: Tensor) -> Tensor:
    """Return `images`, (N, C, H, W) in [-1, 1], with the channel means of each of `reference`.

    Values that leave [-1, 1] by the shift are cut off.
    """
    shift = reference.mean((2, 3), keepdim=True) - images.mean((2, 3), keepdim=True)
    return (images + shift).clamp(-1, 1)
