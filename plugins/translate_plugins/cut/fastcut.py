"""FastCUT: the lighter variant of CUT, without the identity loss."""

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor
from torch.optim import Optimizer

from translate.batches import ImageSpec, Pair
from translate.losses import auc, generator_loss
from translate.nn.features import features_of
from translate.nn.init import init_xavier_
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss, part
from translate_plugins.cut.patch_nce import PatchNCE, feature_channels


class FastCUT(Recipe[Pair]):
    """Faster CUT: no identity loss, contrastive weight 10 (Park et al., 2020).

    Section 4.1 and appendix C.1: with probability 0.5, the source images of a batch are flipped
    horizontally before the generator, and the features of its output are flipped back
    (flip-equivariance). Networks and training are those of the authors' code.
    """

    defaults = {
        "data": {"layout": "unpaired", "size": 256},
        "train": {"epochs": 200, "batch_size": 1, "schedule": "linear", "decay_from": 0.75},
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
        nce_weight: Annotated[
            float, "weight of the PatchNCE loss between output and source"
        ] = 10.0,
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
        self.nce_weight, self.lr = nce_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr),
            "generator": adam(self.generator, self.patch_nce, lr=self.lr),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        discriminator, adversarial = self.discriminator, self.adversarial
        features = features_of(self.generator)
        is_flipped = bool(torch.rand(()) < 0.5)
        fake = self.generator(source.flip(3) if is_flipped else source)
        scores = discriminator(target), discriminator(fake.detach())
        discriminator_loss = 0.5 * adversarial.for_discriminator(*scores)
        yield Turn("discriminator", gan=discriminator_loss).log(auc=auc(*scores))
        fake_features = [layer.flip(3) if is_flipped else layer for layer in features(fake)]
        with torch.no_grad():
            source_features = features(source)
        yield Turn(
            "generator",
            gan=generator_loss(adversarial, discriminator, fake, target),
            nce=self.nce_weight * self.patch_nce(fake_features, source_features),
        )

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(images)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        return {
            "source": batch.source,
            "translated": self.generator(batch.source),
            "target": batch.target,
        }
