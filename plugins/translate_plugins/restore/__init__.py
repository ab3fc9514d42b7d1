"""Restoration: undo degradations of images, trained on one folder of clean images."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import NonNegativeFloat
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec, Pair
from translate.losses import auc, generator_loss
from translate.nn.geometry import require_scale
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss, part
from translate_plugins.restore.degradations import DegradationChain


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"restore": Restore}


class Restore(Recipe[Images]):
    """Restoration: remove noise, blur or JPEG artifacts, or colorize (Zhang et al., 2017).

    Residual learning (sections 3.1 and 3.2): the network predicts the degradation, which is easier
    to learn than the image. Training images are degraded in each step by a chain of ``gray``,
    ``noise``, ``blur`` and ``jpeg``; `translate` takes degraded images. An adversarial loss and a
    content loss are optional: they sharpen the result, but lower its fidelity.

    Some dozens of photographs are enough, as each is degraded at random each time.
    """

    defaults = {
        "data": {"layout": "images", "size": 64, "resize": "none"},
        "train": {"steps": 100_000, "batch_size": 16, "schedule": "linear", "decay_from": 0.5},
    }
    preview_inputs = {"restored": "degraded"}

    def __init__(
        self,
        spec: ImageSpec,
        *,
        degradations: Annotated[
            Sequence[PartConfig],
            "degradations of training images, applied in this order: gray, noise, blur, jpeg",
        ] = (part("noise", sigma=0.1),),
        generator: Annotated[
            PartConfig, "generator of the correction that is added to the degraded image"
        ] = part("srresnet", norm="none"),
        discriminator: Annotated[
            PartConfig, "discriminator of images, if adversarial_weight is not 0"
        ] = "patch",
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        adversarial_weight: Annotated[
            NonNegativeFloat, "weight of the adversarial loss; 0: train without a discriminator"
        ] = 0.0,
        pixel: Annotated[PartConfig, "pixel loss to the original image"] = "l1",
        pixel_weight: Annotated[float, "weight of the pixel loss"] = 1.0,
        content: Annotated[
            PartConfig | None,
            "content loss to the original image, between features of a pretrained network",
        ] = "perceptual",
        content_weight: Annotated[float, "weight of the content loss, such as 1e-4; 0: none"] = 0.0,
        lr: Annotated[NonNegativeFloat, "learning rate of generator and discriminator"] = 2e-4,
    ) -> None:
        super().__init__()
        self.degrade = DegradationChain(degradations)
        self.keeps_gray = not self.degrade.desaturates  # else gray images are colourized
        channels = spec.equal_channels("the generator corrects its input")
        self.generator = create_generator(
            generator, in_channels=channels, out_channels=channels, size=spec.size
        )
        require_scale(self.generator, 1, "srresnet (the recipe sets its scale)")
        self.discriminator = None
        if adversarial_weight:
            self.discriminator = create_discriminator(
                discriminator, in_channels=channels, size=spec.size
            )
        self.adversarial, self.pixel = create_loss(adversarial), create_loss(pixel)
        self.content = create_loss(content) if content and content_weight else None
        self.adversarial_weight, self.content_weight = adversarial_weight, content_weight
        self.pixel_weight, self.lr = pixel_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        players = {"discriminator": self.discriminator, "generator": self.generator}
        return {
            player: adam(network, lr=self.lr, betas=(0.9, 0.999))
            for player, network in players.items()
            if network
        }

    def step(self, batch: Images) -> Iterator[Turn]:
        clean = batch.images
        restored = self.restore(self.degrade(clean))
        losses = {"pixel": self.pixel_weight * self.pixel(restored, clean)}
        if discriminator := self.discriminator:
            scores = discriminator(clean), discriminator(restored.detach())
            discriminator_loss = self.adversarial.for_discriminator(*scores)
            yield Turn("discriminator", gan=discriminator_loss).log(auc=auc(*scores))
            gan = generator_loss(self.adversarial, discriminator, restored, clean)
            losses["gan"] = self.adversarial_weight * gan
        if self.content:
            losses["content"] = self.content_weight * self.content(restored, clean)
        yield Turn("generator", **losses)

    def restore(self, degraded: Tensor) -> Tensor:
        """Return `degraded`, (N, C, H, W) in [-1, 1], plus the predicted correction, unclipped."""
        return degraded + self.generator(degraded)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return self.restore(images).clamp(-1, 1)

    def ground_truth_pair(self, batch: Images) -> Pair:
        return Pair(self.degrade(batch.images), batch.images)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        degraded = self.degrade(batch.images)
        return {
            "degraded": degraded,
            "restored": self.translate(degraded),
            "original": batch.images,
        }
