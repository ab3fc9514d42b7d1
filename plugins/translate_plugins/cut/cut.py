"""CUT: unpaired translation with a contrastive loss on patches."""

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor
from torch.optim import Optimizer

from translate.batches import ImageSpec, Pair
from translate.losses import auc, generator_loss
from translate.nn.features import features_of, output_and_features
from translate.nn.init import init_xavier_
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss, part
from translate_plugins.cut.patch_nce import PatchNCE, feature_channels


class CUT(Recipe[Pair]):
    """Unpaired image translation, one way, with a patchwise contrastive loss (Park et al., 2020).

    Sections 3 and 4, equation 5: the PatchNCE loss compares patches of the output with the source,
    and target images with their translations, which should be identical (identity loss). Networks,
    training and the loss weights of 0.5 (1 in the paper) are those of the authors' code.
    """

    defaults = {
        "data": {"layout": "unpaired", "size": 256},
        "train": {"epochs": 400, "batch_size": 1, "schedule": "linear", "decay_from": 0.5},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[
            PartConfig, "generator from source to target; must return features of its layers"
        ] = part("resnet", antialias=True),
        discriminator: Annotated[PartConfig, "discriminator of the target domain"] = part(
            "patch", antialias=True
        ),
        adversarial: Annotated[PartConfig, "adversarial loss"] = "lsgan",
        nce_weight: Annotated[float, "weight of the PatchNCE loss between output and source"] = 0.5,
        identity_weight: Annotated[
            float, "weight of the PatchNCE loss between target images and their translations"
        ] = 0.5,
        patches: Annotated[int, Field(gt=1), "number of patches sampled from each layer"] = 256,
        temperature: Annotated[
            PositiveFloat, "softmax temperature of PatchNCE; lower is stricter"
        ] = 0.07,
        lr: Annotated[NonNegativeFloat, "learning rate of all networks"] = 2e-4,
    ) -> None:
        super().__init__()
        channels = spec.equal_channels("PatchNCE encodes input and output with one encoder")
        self.generator = create_generator(
            generator, in_channels=channels, out_channels=channels, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=channels, size=spec.size
        )
        self.patch_nce = PatchNCE(
            feature_channels(self.generator, channels), patches=patches, temperature=temperature
        )
        init_xavier_(self)
        self.adversarial = create_loss(adversarial)
        self.nce_weight, self.identity_weight, self.lr = nce_weight, identity_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr),
            "generator": adam(self.generator, self.patch_nce, lr=self.lr),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        discriminator, adversarial = self.discriminator, self.adversarial
        images = torch.cat([source, target]) if self.identity_weight else source
        outputs, image_features = output_and_features(self.generator, images)
        fake = outputs[: len(source)]
        scores = discriminator(target), discriminator(fake.detach())
        discriminator_loss = 0.5 * adversarial.for_discriminator(*scores)
        yield Turn("discriminator", gan=discriminator_loss).log(auc=auc(*scores))
        nce = self.patch_nce(features_of(self.generator)(outputs), image_features)
        losses = {
            "gan": generator_loss(adversarial, discriminator, fake, target),
            "nce": self.nce_weight * nce[: len(source)],
        }
        if self.identity_weight:
            losses["identity"] = self.identity_weight * nce[len(source) :]
        yield Turn("generator", **losses)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(images)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        source, target = batch
        return {
            "source": source,
            "translated": self.generator(source),
            "target": target,
            "identity": self.generator(target),
        }
