"""FastCUT: the light version of CUT, which contrasts outputs alone, and half of them mirrored."""

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate.batches import ImageSpec, Pair
from translate.losses import generator_loss
from translate.nn.features import features_of
from translate.nn.init import init_xavier_
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss
from translate_plugins.cut.patchnce import PatchNCE, feature_channels, one_encoder


class FastCUT(Recipe[Pair]):
    """Faster CUT: no identity loss, contrastive weight 10 (Park et al., 2020).

    Park et al. (2020), section 4.1 and appendix C.1. Half of the sources are drawn mirrored, and
    what is seen in the output is mirrored back: a generator that is not told left from right has
    less to learn. Networks and training are those of the authors' code.
    """

    defaults = {
        "data": {"layout": "unpaired", "size": 256},
        "train": {"epochs": 200, "batch_size": 1, "schedule": "linear", "decay_from": 0.75},
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
        contrast_weight: Annotated[
            float, "of patches, the output's to the source's: less, for small pictures"
        ] = 10.0,
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
        self.contrast_weight, self.lr = contrast_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "discriminator": adam(self.discriminator, lr=self.lr),
            "generator": adam(self.generator, self.contrast, lr=self.lr),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        judge, adversarial = self.discriminator, self.adversarial
        look = features_of(self.generator)
        mirrored = bool(torch.rand(()) < 0.5)
        fake = self.generator(source.flip(3) if mirrored else source)
        yield Turn(
            "discriminator",
            gan=0.5 * adversarial.for_discriminator(judge(target), judge(fake.detach())),
        )
        seen = [feature.flip(3) if mirrored else feature for feature in look(fake)]
        with torch.no_grad():
            wanted = look(source)
        yield Turn(
            "generator",
            gan=generator_loss(adversarial, judge, fake, target),
            contrast=self.contrast_weight * self.contrast(seen, wanted),
        )

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(images)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        return {
            "source": batch.source,
            "translated": self.generator(batch.source),
            "target": batch.target,
        }
