"""pix2pixHD: translation of large images from aligned pairs, with multi-scale discriminators."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate.batches import ImageSpec, Pair
from translate.losses import Scores, at_least_float32, auc
from translate.nn.features import features_of, output_and_features
from translate.nn.init import init_normal_
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss, part


class Pix2PixHD(Recipe[Pair]):
    """Paired translation of large images, coarse to fine, multi-scale (Wang et al., 2018).

    Section 3, with the perceptual loss of the authors' code. `resnet` with four downsamplings is
    the global generator; `enhancer` adds the local enhancer, trained jointly. Departs: sources are
    images, such as coloured label maps, instead of one-hot labels and instance edges. VGG19, the
    perceptual network of the authors' code, must be downloaded, so it is not the default.
    """

    defaults = {
        "data": {"layout": "paired", "size": 256},
        "train": {"epochs": 200, "batch_size": 1, "schedule": "linear", "decay_from": 0.5},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[
            PartConfig, "generator from source to target; enhancer for large images"
        ] = part("resnet", downsamplings=4, blocks=9),
        discriminator: Annotated[
            PartConfig, "discriminator of source and target, concatenated; must have features"
        ] = part("scales", of=part("patch", padding=2)),
        adversarial: Annotated[PartConfig, "adversarial loss"] = "lsgan",
        feature_matching_weight: Annotated[
            float, "weight of the feature matching loss (L1)"
        ] = 10.0,
        content: Annotated[
            PartConfig, "content loss to the target image, between features of a pretrained network"
        ] = part("perceptual", criterion="l1"),
        content_weight: Annotated[float, "weight of the content loss"] = 10.0,
        lr: Annotated[float, Field(ge=0), "learning rate of generator and discriminator"] = 2e-4,
    ) -> None:
        super().__init__()
        source, target = spec.source.channels, spec.target.channels
        self.generator = create_generator(
            generator, in_channels=source, out_channels=target, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=source + target, size=spec.size
        )
        features_of(self.discriminator)  # raises ConfigError if the network has no features
        init_normal_(self)
        self.adversarial, self.content = create_loss(adversarial), create_loss(content)
        self.feature_matching_weight, self.content_weight, self.lr = (
            feature_matching_weight,
            content_weight,
            lr,
        )

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "generator": adam(self.generator, lr=self.lr),
            "discriminator": adam(self.discriminator, lr=self.lr),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        fake = self.generator(source)
        real_scores, real_features = self.scores_and_features(source, target)
        fake_scores, fake_features = self.scores_and_features(source, fake)
        losses = {
            "gan": self.adversarial.for_generator(fake_scores, real_scores),
            "feature_matching": self.feature_matching_weight
            * feature_matching_loss(fake_features, real_features),
        }
        if self.content_weight:
            losses["content"] = self.content_weight * self.content(fake, target)
        yield Turn("generator", **losses)

        fake_scores, _ = self.scores_and_features(source, fake.detach())
        yield Turn(
            "discriminator", gan=0.5 * self.adversarial.for_discriminator(real_scores, fake_scores)
        ).log(auc=auc(real_scores, fake_scores))

    def scores_and_features(self, source: Tensor, target: Tensor) -> tuple[Scores, list[Tensor]]:
        """Return the discriminator's scores and features of `target` as the target of `source`."""
        return output_and_features(self.discriminator, torch.cat([source, target], dim=1))

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:
        return self.generator(images)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        return {
            "source": batch.source,
            "translated": self.generator(batch.source),
            "target": batch.target,
        }


def feature_matching_loss(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Return the feature matching loss (L1) of a discriminator's features, for the generator.

    Wang et al. (2018), equation 4, with the factors of the authors' code: 4 times the mean over the
    layers and scales. Features of real images get no gradient.
    """
    distances = [
        F.l1_loss(at_least_float32(fake_layer), at_least_float32(real_layer.detach()))
        for fake_layer, real_layer in zip(fake, real, strict=True)
    ]
    return 4 * torch.stack(distances).mean()
