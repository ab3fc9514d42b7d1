"""pix2pixHD: learn a translation from pairs, of large pictures, judged at several scales."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import ImageSpec, Pair
from translate.losses import Scores
from translate.nn.features import features_of, output_and_features
from translate.nn.init import init_normal_
from translate.nn.precision import at_least_float32
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"pix2pixhd": Pix2PixHD}


class Pix2PixHD(Recipe[Pair]):
    """Paired translation of large images, coarse to fine, multi-scale (Wang et al., 2018).

    Wang et al. (2018), section 3, with the perceptual loss of their code. `resnet` of four halvings
    is their global generator, and `enhancer` the whole of it, here trained at once. Sources are
    pictures: label maps in colour, where theirs were planes of labels and edges of instances. The
    perceptual network of their code is VGG19, whose weights have to be fetched, so it is not the
    default.
    """

    defaults = {
        "data": {"layout": "paired", "size": 256},
        "train": {"epochs": 200, "batch_size": 1, "schedule": "linear", "decay_from": 0.5},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[Part, "network that translates; enhancer, for large pictures"] = {  # noqa: B006
            "name": "resnet",
            "downs": 4,
            "blocks": 9,
        },
        discriminator: Annotated[Part, "network that judges a source and a target together"] = {  # noqa: B006
            "name": "scales",
            "of": {"name": "patch", "padding": 2},
        },
        adversarial: Annotated[Part, "adversarial loss"] = "lsgan",
        features_weight: Annotated[float, "of features as the true target's, L1"] = 10.0,
        content: Annotated[Part, "loss to the true target, as a trained network sees both"] = {  # noqa: B006
            "name": "perceptual",
            "criterion": "l1",
        },
        content_weight: Annotated[float, "of that loss"] = 10.0,
        lr: Annotated[float, Field(ge=0), "learning rate of both networks"] = 2e-4,
    ) -> None:
        super().__init__()
        source, target = spec.source.channels, spec.target.channels
        self.generator = create_generator(
            generator, in_channels=source, out_channels=target, size=spec.size
        )
        self.discriminator = create_discriminator(
            discriminator, in_channels=source + target, size=spec.size
        )
        features_of(self.discriminator)  # which says it here if there are none
        init_normal_(self)
        self.adversarial, self.content = create_loss(adversarial), create_loss(content)
        self.features_weight, self.content_weight, self.lr = features_weight, content_weight, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "generator": adam(self.generator, lr=self.lr),
            "discriminator": adam(self.discriminator, lr=self.lr),
        }

    def step(self, batch: Pair) -> Iterator[Turn]:
        source, target = batch
        fake = self.generator(source)
        real_scores, wanted = self.judge(source, target)
        fake_scores, seen = self.judge(source, fake)
        losses = {
            "gan": self.adversarial.for_generator(fake_scores, real_scores),
            "features": self.features_weight * feature_matching(seen, wanted),
        }
        if self.content_weight:
            losses["content"] = self.content_weight * self.content(fake, target)
        yield Turn("generator", **losses)

        fake_scores, _ = self.judge(source, fake.detach())
        yield Turn(
            "discriminator", gan=0.5 * self.adversarial.for_discriminator(real_scores, fake_scores)
        )

    def judge(self, source: Tensor, target: Tensor) -> tuple[Scores, list[Tensor]]:
        """Return the scores of `target` being what belongs to `source`, and what was seen in it."""
        return output_and_features(self.discriminator, torch.cat([source, target], dim=1))

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return self.generator(images)

    def preview(self, batch: Pair) -> dict[str, Tensor]:
        return {
            "source": batch.source,
            "translated": self.generator(batch.source),
            "target": batch.target,
        }


def feature_matching(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Return four times the mean distance of a discriminator's features, L1, to learn `fake` by.

    Wang et al. (2018), equation 4, with the factors of their code: 4 / (layers + 1) for each of a
    scale's layers + 1 features, averaged over the scales, all of which have as many.
    """
    distances = [
        F.l1_loss(at_least_float32(one), at_least_float32(other.detach()))
        for one, other in zip(fake, real, strict=True)
    ]
    return 4 * torch.stack(distances).mean()
