"""CycleGAN: translate between two domains of which no two images belong together."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import ImageSpec, Pair
from translate.errors import ConfigError
from translate.losses import generator_loss
from translate.nn.batching import forward_batched
from translate.nn.init import init_normal_
from translate.nn.pools import ImagePool
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"cyclegan": CycleGAN}


class CycleGAN(Recipe[Pair]):
    """Unpaired image translation in both directions, with cycle consistency (Zhu et al., 2017).

    Zhu et al. (2017), section 3; networks and training as section 4 and appendix 7.1 have them.
    The identity loss of section 5.2 is on, at half the cycle loss, as in the authors' code.
    """

    defaults = {
        "data": {"layout": "unpaired", "size": 256},
        "train": {"epochs": 200, "batch_size": 1, "schedule": "linear", "decay_from": 0.5},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[Part, "network of both directions"] = "resnet",
        discriminator: Annotated[Part, "network that judges either domain"] = "patch",
        adversarial: Annotated[Part, "adversarial loss"] = "lsgan",
        cycle_weight: Annotated[float, "of the way there and back, L1"] = 10.0,
        identity_weight: Annotated[
            float, "of leaving an image that is already there, L1, against shifted colours"
        ] = 5.0,
        pool_size: Annotated[int, "generated images a discriminator is reminded of"] = 50,
        lr: Annotated[float, Field(ge=0), "learning rate of all networks"] = 2e-4,
    ) -> None:
        super().__init__()
        source, target = spec.source.channels, spec.target.channels
        if identity_weight and source != target:
            raise ConfigError(
                f"identity_weight: no image of {source} channels is one of {target}: set it to 0."
            )
        self.forth = create_generator(
            generator, in_channels=source, out_channels=target, size=spec.size
        )
        self.back = create_generator(
            generator, in_channels=target, out_channels=source, size=spec.size
        )
        self.source_judge = create_discriminator(discriminator, in_channels=source, size=spec.size)
        self.target_judge = create_discriminator(discriminator, in_channels=target, size=spec.size)
        init_normal_(self)
        self.adversarial = create_loss(adversarial)
        self.source_pool, self.target_pool = ImagePool(pool_size), ImagePool(pool_size)
        self.cycle_weight, self.identity_weight, self.lr = cycle_weight, identity_weight, lr
        self.target_domain = spec.target.name

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "generators": adam(self.forth, self.back, lr=self.lr),
            "discriminators": adam(self.source_judge, self.target_judge, lr=self.lr),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        adversarial, weight = self.adversarial, self.identity_weight
        if weight:
            fake_target, same_target = forward_batched(self.forth, source, target)
            fake_source, same_source = forward_batched(self.back, target, source)
        else:
            fake_target, fake_source = self.forth(source), self.back(target)

        losses = {
            "gan_forth": generator_loss(adversarial, self.target_judge, fake_target, target),
            "gan_back": generator_loss(adversarial, self.source_judge, fake_source, source),
            "cycle_source": self.cycle_weight * F.l1_loss(self.back(fake_target), source),
            "cycle_target": self.cycle_weight * F.l1_loss(self.forth(fake_source), target),
        }
        if weight:
            losses["identity_source"] = weight * F.l1_loss(same_source, source)
            losses["identity_target"] = weight * F.l1_loss(same_target, target)
        yield Turn("generators", **losses)

        old_source, old_target = self.source_pool(fake_source), self.target_pool(fake_target)
        yield Turn(
            "discriminators",
            source=0.5
            * adversarial.for_discriminator(
                self.source_judge(source), self.source_judge(old_source)
            ),
            target=0.5
            * adversarial.for_discriminator(
                self.target_judge(target), self.target_judge(old_target)
            ),
        )

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:
        return self.forth(images) if to in (None, self.target_domain) else self.back(images)

    def targets(self, source: str) -> tuple[str, ...]:
        return tuple(domain for domain in self.domains if domain != source)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        source, target = batch
        fake_target, fake_source = self.forth(source), self.back(target)
        return {
            "source": source,
            "source to target": fake_target,
            "reconstructed source": self.back(fake_target),
            "target": target,
            "target to source": fake_source,
            "reconstructed target": self.forth(fake_source),
        }
