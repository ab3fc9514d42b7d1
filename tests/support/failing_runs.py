"""Runs that each have one training failure, with generators and a recipe for it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import small_runs
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.engine.config.schema import Config
from translate.recipe import Recipe, Turn


class AlmostFixed(nn.Module):
    """Applies a fixed function to an image, plus a small convolution that is trained."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.correction = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        nn.init.normal_(self.correction.weight, std=1e-4)

    def forward(self, x: Tensor) -> Tensor:
        return self.change(x) + 0.01 * self.correction(x)

    def change(self, x: Tensor) -> Tensor:
        return x


class Negative(AlmostFixed):
    """Return the negative of an image."""

    def change(self, x: Tensor) -> Tensor:
        return -x


class Tinted(AlmostFixed):
    """Make an image red."""

    def change(self, x: Tensor) -> Tensor:
        return x + x.new_tensor([0.5, -0.3, -0.3]).reshape(3, 1, 1)


class Framed(AlmostFixed):
    """Draw a black frame of two pixels."""

    def change(self, x: Tensor) -> Tensor:
        return F.pad(x[..., 2:-2, 2:-2], (2, 2, 2, 2), value=-1.0)


class Gridded(AlmostFixed):
    """Halve an image, and double its size by a transposed convolution of uneven overlap."""

    def change(self, x: Tensor) -> Tensor:
        kernel = x.new_full((x.shape[1], 1, 3, 3), 1 / 2.25)
        halved = F.avg_pool2d(x, 2)
        return F.conv_transpose2d(
            halved, kernel, stride=2, padding=1, output_padding=1, groups=x.shape[1]
        )


class Dense(nn.Module):
    """One linear layer from all pixels to all pixels, which memorizes a few images."""

    def __init__(self, in_channels: int, out_channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.shape = (out_channels, *size)
        count = size[0] * size[1]
        self.layer = nn.Linear(in_channels * count, out_channels * count)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.flatten(1)).reshape(-1, *self.shape)


class DiracGAN(Recipe[Images]):
    """Two scalars that oscillate without regularization (Mescheder et al., 2018)."""

    defaults = {"data": {"layout": "images"}}

    def __init__(self, spec: ImageSpec, *, lr: float = 0.05) -> None:  # noqa: ARG002
        super().__init__()
        self.lr = lr
        self.fake = nn.Parameter(torch.tensor(1.0))
        self.slope = nn.Parameter(torch.tensor(1.0))

    def optimizers(self) -> dict[str, Optimizer]:
        return {"critic": SGD([self.slope], self.lr), "generator": SGD([self.fake], self.lr)}

    def step(self, batch: Images) -> Iterator[Turn]:  # noqa: ARG002
        yield Turn("critic", gan=self.slope * self.fake)
        yield Turn("generator", gan=-self.slope * self.fake)


class FailingPlugin:
    """A plugin with the generators and the recipe above."""

    @hookimpl
    def register_generators(self) -> Mapping[str, Callable[..., nn.Module]]:
        generators = (AlmostFixed, Negative, Tinted, Framed, Gridded, Dense)
        return {f"test-{generator.__name__.lower()}": generator for generator in generators}

    @hookimpl
    def register_recipes(self) -> Mapping[str, type[Recipe]]:
        return {"dirac": DiracGAN}


MLP = {"name": "mlp", "width": 32, "layers": 2}


def gan_config(root: Path, recipe: str = "gan", **flags: Any) -> Config:
    """Return the configuration of a GAN of 16x16 images."""
    critic = "critic" if recipe.startswith("wgan") else "discriminator"
    networks = {"options__generator": MLP, f"options__{critic}": MLP}
    return short_config(root, recipe, **{"data__domains": ["a"], **networks, **flags})


def translation_config(root: Path, generator: str, **flags: Any) -> Config:
    """Return the configuration of a CycleGAN with a generator of this module."""
    options = {"options__generator": f"test-{generator}", "options__lr": 1e-5}
    return short_config(root, "cyclegan", **{**options, "data__size": 32, **flags})


def short_config(root: Path, recipe: str, **flags: Any) -> Config:
    """Return a configuration of 1,200 steps, with four previews."""
    defaults: dict[str, Any] = {
        "data__size": 16, "data__flip": False, "data__resize": "fit", "train__steps": 1200,
        "train__log_every": 20, "train__preview_every": 300, "train__batch_size": 8,
        "train__save_every": 10_000,
    }  # fmt: skip
    return small_runs.config(root, recipe, **{**defaults, **flags})


FAILING_CONFIGS: Mapping[str, Callable[[Path], Config]] = {
    "discriminator saturated": lambda root: gan_config(
        root, options__lr_generator=1e-9, options__lr_discriminator=0.01
    ),
    "discriminator at chance": lambda root: gan_config(
        root,
        options__discriminator={"name": "noisy", "of": MLP, "sigma": 100.0, "until": 1.0},
        train__schedule_steps=100_000,
        train__steps=1400,
    ),
    "vanishing gradient": lambda root: gan_config(
        root,
        options__adversarial={"name": "vanilla", "saturating": True},
        options__lr_generator=1e-7,
        options__lr_discriminator=0.03,
    ),
    "exploding gradient": lambda root: gan_config(
        root, options__adversarial="wasserstein", options__lr_discriminator=1e-3
    ),
    "diverging loss": lambda root: gan_config(
        root, options__adversarial="wasserstein", options__lr_discriminator=0.1
    ),
    "oscillating loss": lambda root: short_config(
        root, "dirac", data__domains=["a"], train__log_every=10
    ),
    "mode collapse": lambda root: gan_config(
        root, options__lr_generator=0.05, options__lr_discriminator=1e-5
    ),
    "checkerboard artifacts": lambda root: translation_config(root, "gridded"),
    "border artifacts": lambda root: translation_config(root, "framed"),
    "colour inversion": lambda root: translation_config(
        root, "negative", options__identity_weight=0.0
    ),
    "colour tint": lambda root: translation_config(root, "tinted", options__identity_weight=0.0),
    "output equals input": lambda root: translation_config(root, "almostfixed"),
    "overfitting": lambda root: short_config(
        root,
        "pix2pix",
        data__validation=0.5,
        options__generator="test-dense",
        options__discriminator=small_runs.PATCH,
        options__pixel_weight=1000.0,
        train__evaluate_every=20,
        train__metric="mae",
        train__steps=600,
    ),
    "copied training images": lambda root: gan_config(root, train__steps=3000, train__ema=0.99),
    "learning rate near 0": lambda root: gan_config(root, options__lr_generator=0.0),
    "waiting for data": lambda root: gan_config(root, data__cache=0.0, train__steps=200),
    "skipped turns": lambda root: gan_config(
        root, options__lr_generator=1e25, train__guard=100_000
    ),
}
"""configurations of runs that fail, by the name of the failure"""
