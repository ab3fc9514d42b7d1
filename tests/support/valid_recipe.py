"""A recipe that keeps every rule of the contract; tests break one rule at a time."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch.nn.functional as F
from torch import nn

from translate import hookimpl
from translate.batches import ImageSpec
from translate.contract.recipes.subject import RecipeSubject, make_subject
from translate.nn.pools import ImagePool
from translate.recipe import Recipe, Turn, adam


class ValidRecipe(Recipe):
    """A generator and a critic that keep every rule, with a pool, dropout and a preview."""

    defaults = {"data": {"layout": "paired"}, "train": {"steps": 10}}

    def __init__(self, spec: ImageSpec, *, width: int = 3) -> None:
        super().__init__()
        self.generator = nn.Sequential(
            nn.Conv2d(spec.source.channels, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.Dropout(0.5),
            nn.Conv2d(width, spec.target.channels, 1),
        )
        self.critic = nn.Conv2d(spec.target.channels, 1, 3)
        self.pool = ImagePool(3)

    def optimizers(self):
        return {"generator": adam(self.generator), "critic": adam(self.critic)}

    def step(self, batch):
        fake = self.generator(batch.source)
        yield Turn(
            "generator", pixel=F.l1_loss(fake, batch.target), gan=-0.1 * self.critic(fake).mean()
        )
        old = self.pool(fake)
        yield Turn("critic", gan=(self.critic(old) - self.critic(batch.target)).mean())

    def translate(self, images, *, to=None):  # noqa: ARG002
        return self.generator(images)

    def preview(self, batch):
        return {"source": batch.source, "translated": self.generator(batch.source)}


def register_parts(
    register_plugin: Callable[..., object], name: str = "a:b", **offers: dict[str, object]
) -> None:
    """Register a plugin that offers parts: ``register(register_plugin, losses={"mine": Mine})``."""

    def returning(value: object) -> Callable[[], object]:
        return hookimpl(lambda: value)

    register_plugin(
        SimpleNamespace(**{f"register_{k}": returning(v) for k, v in offers.items()}), name
    )


def assert_breaks(
    register_plugin: Callable[..., object],
    recipe: type[Recipe],
    rule: Callable[[RecipeSubject], object],
    message: str,
) -> None:
    """Assert that `recipe` breaks `rule` of the contract with `message`, a pattern."""
    register_parts(register_plugin, recipes={"tested": recipe})
    with pytest.raises(Exception, match=message):
        rule(make_subject("tested", {}, None, None))
