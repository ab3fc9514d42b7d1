"""DeblurGAN: restore sharp images from blurred ones."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import ImageSpec, Pair
from translate.errors import ConfigError
from translate.losses import auc
from translate.nn.batching import batch_dependent
from translate.nn.init import init_normal_
from translate.nn.penalties import gradient_penalty, pixelwise_gradient_penalty
from translate.recipe import Recipe, Turn, adam
from translate.registry import (
    DiscriminatorConfig,
    PartConfig,
    create_discriminator,
    create_generator,
    create_loss,
    part,
)
from translate.remedies import Remedy

GRADIENT_PENALTIES = {"textbook": gradient_penalty, "deblurgan": pixelwise_gradient_penalty}


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"deblurgan": DeblurGAN}


class DeblurGAN(Recipe[Pair]):
    """Motion deblurring, with a WGAN-GP critic and a content loss (Kupyn et al., 2018).

    Sections 3 and 4.2, with the networks of the authors' code. The critic scores single images, not
    pairs; it is updated five times on each batch, with the gradient penalty of WGAN-GP. The content
    loss of the paper uses VGG19, which is a download of its own. The default is EfficientNet; its
    features are larger, so their weights are small: otherwise the content loss would dominate the
    adversarial loss. Dropout is on in training only; the paper tested with dropout, too.
    """

    defaults = {
        "data": {"layout": "paired", "size": 256, "resize": "none"},
        "train": {"epochs": 300, "batch_size": 1, "schedule": "linear", "decay_from": 0.5},
    }

    keeps_gray = True
    preview_inputs = {"restored": "blurred"}

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[
            PartConfig, "generator of the correction that is added to the blurred image"
        ] = part("resnet", blocks=9, dropout=0.5),
        critic: Annotated[
            DiscriminatorConfig, "critic of single images, without batch norm"
        ] = part("patch", padding=2),
        content: Annotated[
            PartConfig, "content loss to the sharp image, between features of a pretrained network"
        ] = part("perceptual", network="efficientnet-lite0", weights=[0.02, 0.02]),
        content_weight: Annotated[float, "weight of the content loss"] = 100.0,
        pixel: Annotated[PartConfig, "pixel loss to the sharp image"] = "l2",
        pixel_weight: Annotated[float, "weight of the pixel loss; 0 in the paper"] = 0.0,
        match_colour: Annotated[
            bool,
            "shift each sharp training image to the channel means of its blurred one, so that a "
            "difference in exposure between the two domains is not learned",
            Remedy("colour tint", True),
        ] = False,
        critic_steps: Annotated[PositiveInt, "critic updates on each batch"] = 5,
        gradient_penalty: Annotated[
            Literal["textbook", "deblurgan"],
            "gradient norm to penalize: of each image (textbook), or of each pixel, as in the "
            "authors' code (deblurgan)",
        ] = "textbook",
        gradient_penalty_weight: Annotated[float, "weight of the gradient penalty"] = 10.0,
        lr_generator: Annotated[NonNegativeFloat, "learning rate of the generator"] = 1e-4,
        lr_critic: Annotated[NonNegativeFloat, "learning rate of the critic"] = 1e-4,
    ) -> None:
        super().__init__()
        channels = spec.equal_channels("the generator corrects its input")
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
        self.critic_steps, self.gradient_penalty_weight = critic_steps, gradient_penalty_weight
        self.gradient_penalty = GRADIENT_PENALTIES[gradient_penalty]
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
            scores = critic(sharp), critic(restored.detach())
            gan = adversarial.for_discriminator(*scores)
            penalty = self.gradient_penalty_weight * self.gradient_penalty(critic, sharp, restored)
            yield Turn("critic", gan=gan, penalty=penalty).log(auc=auc(*scores))
        losses = {"gan": adversarial.for_generator(critic(restored))}
        if self.content_weight:
            losses["content"] = self.content_weight * self.content(restored, sharp)
        if self.pixel_weight:
            losses["pixel"] = self.pixel_weight * self.pixel(restored, sharp)
        yield Turn("generator", **losses)

    def restore(self, blurred: Tensor) -> Tensor:
        """Return `blurred`, (N, C, H, W) in [-1, 1], plus the predicted correction, clipped."""
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
        # not the critic: its gradient penalty needs a double backward, which compiled code lacks
        self.generator.compile(*args, **kwargs)


def match_means(images: Tensor, reference: Tensor) -> Tensor:
    """Return `images` shifted to the channel means of `reference`, image by image.

    Both are (N, C, H, W) in [-1, 1]; shifted values are clipped to this range.
    """
    shift = reference.mean((2, 3), keepdim=True) - images.mean((2, 3), keepdim=True)
    return (images + shift).clamp(-1, 1)
