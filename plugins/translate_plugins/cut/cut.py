"""CUT: contrast patches of outputs with their sources, and of target pictures with themselves."""

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate.batches import ImageSpec, Pair
from translate.losses import generator_loss
from translate.nn.features import features_of, output_and_features
from translate.nn.init import init_xavier_
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss
from translate_plugins.cut.patchnce import PatchNCE, feature_channels, one_encoder


class CUT(Recipe[Pair]):
    """Unpaired image translation, one way, with a patchwise contrastive loss (Park et al., 2020).

    Park et al. (2020), sections 3 and 4, equation 5: beside the game, patches of the output are
    contrasted with the source's, and those of a target picture with what it is drawn as, which
    should be itself. Networks, training and the halved weights are those of the authors' code.
    """

    defaults = {
        "data": {"layout": "unpaired", "size": 256},
        "train": {"epochs": 400, "batch_size": 1, "schedule": "linear", "decay_from": 0.5},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[Part, "network that translates, one with features"] = {  # noqa: B006
            "name": "resnet",
            "antialias": True,
        },
        discriminator: Annotated[Part, "network that judges the target domain"] = {  # noqa: B006
            "name": "patch",
            "antialias": True,
        },
        adversarial: Annotated[Part, "adversarial loss"] = "lsgan",
        contrast_weight: Annotated[float, "of patches, the output's to the source's"] = 0.5,
        identity_weight: Annotated[float, "of patches, of a target picture redrawn"] = 0.5,
        patches: Annotated[int, Field(gt=1), "places looked at in each layer"] = 256,
        temperature: Annotated[float, Field(gt=0), "less sees smaller differences"] = 0.07,
        lr: Annotated[float, Field(ge=0), "learning rate of all networks"] = 2e-4,
    ) -> None:
        super().__init__()
        channels = one_encoder(spec.source.channels, spec.target.channels)
        self.generator = create_generator(
            generator, in_channels=channels, out_channels=channels, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=channels, size=spec.size
        )
        self.contrast = PatchNCE(
            feature_channels(self.generator, channels), patches=patches, temperature=temperature
        )
        init_xavier_(self)
        self.adversarial = create_loss(adversarial)
        self.contrast_weight, self.identity_weight, self.lr = contrast_weight, identity_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr),
            "generator": adam(self.generator, self.contrast, lr=self.lr),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        judge, adversarial = self.discriminator, self.adversarial
        given = torch.cat([source, target]) if self.identity_weight else source
        drawn, seen = output_and_features(self.generator, given)
        fake = drawn[: len(source)]
        yield Turn(
            "discriminator",
            gan=0.5 * adversarial.for_discriminator(judge(target), judge(fake.detach())),
        )
        apart = self.contrast(features_of(self.generator)(drawn), seen)
        losses = {
            "gan": generator_loss(adversarial, judge, fake, target),
            "contrast": self.contrast_weight * apart[: len(source)],
        }
        if self.identity_weight:
            losses["identity"] = self.identity_weight * apart[len(source) :]
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
