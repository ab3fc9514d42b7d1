"""CycleGAN: translate between two domains without aligned pairs."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import torch.nn.functional as F
from pydantic import NonNegativeFloat
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import ImageSpec, Pair
from translate.errors import ConfigError
from translate.losses import auc, generator_loss
from translate.nn.batching import forward_batched
from translate.nn.init import init_normal_
from translate.nn.pools import ImagePool
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss
from translate.remedies import Remedy


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"cyclegan": CycleGAN}


class CycleGAN(Recipe[Pair]):
    """Unpaired image translation in both directions, with cycle consistency (Zhu et al., 2017).

    Section 3, with the networks and training of section 4 and appendix 7.1. The identity loss of
    section 5.2 is on, at half the weight of the cycle-consistency loss, as in the authors' code.
    """

    defaults = {
        "data": {"layout": "unpaired", "size": 256},
        "train": {"epochs": 200, "batch_size": 1, "schedule": "linear", "decay_from": 0.5},
    }

    # names of options and networks in checkpoints of earlier versions
    renamed = {
        "forth": "source_to_target",
        "back": "target_to_source",
        "source_judge": "source_discriminator",
        "target_judge": "target_discriminator",
        "generator.downs": "generator.downsamplings",
    }
    preview_inputs = {"source to target": "source", "target to source": "target"}

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[PartConfig, "generator of each direction"] = "resnet",
        discriminator: Annotated[PartConfig, "discriminator of each domain"] = "patch",
        adversarial: Annotated[PartConfig, "adversarial loss"] = "lsgan",
        cycle_weight: Annotated[float, "weight of the cycle-consistency loss (L1)"] = 10.0,
        identity_weight: Annotated[
            float,
            "weight of the identity loss (L1); preserves colour",
            Remedy("colour inversion", 5.0),
            Remedy("colour tint", 5.0),
            Remedy("output equals input", 0.0),
        ] = 5.0,
        pool_size: Annotated[int, "size of the buffer of previously generated images"] = 50,
        lr: Annotated[NonNegativeFloat, "learning rate of all networks"] = 2e-4,
    ) -> None:
        super().__init__()
        source, target = spec.source.channels, spec.target.channels
        if identity_weight and source != target:
            raise ConfigError(
                f"identity_weight: an image of {source} channels cannot equal one of {target}: set "
                "it to 0, or data.channels to one number for both domains."
            )
        self.source_to_target = create_generator(
            generator, in_channels=source, out_channels=target, size=spec.size
        )
        self.target_to_source = create_generator(
            generator, in_channels=target, out_channels=source, size=spec.size
        )
        self.source_discriminator = create_discriminator(
            discriminator, in_channels=source, size=spec.size
        )
        self.target_discriminator = create_discriminator(
            discriminator, in_channels=target, size=spec.size
        )
        init_normal_(self)
        self.adversarial = create_loss(adversarial)
        self.source_pool, self.target_pool = ImagePool(pool_size), ImagePool(pool_size)
        self.cycle_weight, self.identity_weight, self.lr = cycle_weight, identity_weight, lr
        self.target_domain = spec.target.name

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "generators": adam(self.source_to_target, self.target_to_source, lr=self.lr),
            "discriminators": adam(
                self.source_discriminator, self.target_discriminator, lr=self.lr
            ),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        adversarial = self.adversarial
        cycle_weight, identity_weight = self.cycle_weight, self.identity_weight
        if identity_weight:
            fake_target, identity_target = forward_batched(self.source_to_target, source, target)
            fake_source, identity_source = forward_batched(self.target_to_source, target, source)
        else:
            fake_target, fake_source = self.source_to_target(source), self.target_to_source(target)

        losses = {
            "gan_source_to_target": generator_loss(
                adversarial, self.target_discriminator, fake_target, target
            ),
            "gan_target_to_source": generator_loss(
                adversarial, self.source_discriminator, fake_source, source
            ),
            "cycle_source": cycle_weight * F.l1_loss(self.target_to_source(fake_target), source),
            "cycle_target": cycle_weight * F.l1_loss(self.source_to_target(fake_source), target),
        }
        if identity_weight:
            losses["identity_source"] = identity_weight * F.l1_loss(identity_source, source)
            losses["identity_target"] = identity_weight * F.l1_loss(identity_target, target)
        yield Turn("generators", **losses)

        pooled_source, pooled_target = self.source_pool(fake_source), self.target_pool(fake_target)
        source_scores = self.source_discriminator(source), self.source_discriminator(pooled_source)
        target_scores = self.target_discriminator(target), self.target_discriminator(pooled_target)
        yield Turn(
            "discriminators",
            source=0.5 * adversarial.for_discriminator(*source_scores),
            target=0.5 * adversarial.for_discriminator(*target_scores),
        ).log(source_auc=auc(*source_scores), target_auc=auc(*target_scores))

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:
        if to in (None, self.target_domain):
            return self.source_to_target(images)
        return self.target_to_source(images)

    def targets(self, source: str) -> tuple[str, ...]:
        return tuple(domain for domain in self.domains if domain != source)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        source, target = batch
        fake_target, fake_source = self.source_to_target(source), self.target_to_source(target)
        return {
            "source": source,
            "source to target": fake_target,
            "reconstructed source": self.target_to_source(fake_target),
            "target": target,
            "target to source": fake_source,
            "reconstructed target": self.source_to_target(fake_source),
        }
