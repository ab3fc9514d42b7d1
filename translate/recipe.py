"""Recipes and turns: what a plugin writes to teach the engine a new way of training."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from translate.errors import TranslateError
from translate.nn.geometry import Geometry, combined, geometries
from translate.nn.latents import Prior, interpolate
from translate.nn.pools import ImagePool

Batch = TypeVar("Batch")
WALKS = 4
"""rows of a walk where there are no classes"""


class Turn:
    """One player's move: the losses its optimizer is about to reduce.

    ``Turn("generator", gan=a, l1=100 * b)`` minimises ``a + 100 * b`` over the parameters of the
    optimizer called ``generator``, and over nothing else.
    """

    def __init__(self, player: str, **losses: Tensor) -> None:
        if not losses:
            raise TranslateError(
                f"the turn of {player!r} has no losses: Turn({player!r}, name=...)"
            )
        self.player, self.losses = player, losses
        self.metrics: dict[str, Tensor] = {}
        """what is recorded beside the losses, and minimised by nobody"""

    def log(self, **metrics: Tensor) -> Self:
        """Record the means of `metrics` in the run's log, beside the losses, and return the turn.

        ``yield Turn("critic", gan=a).log(real_score=scores)``: what is logged is never minimised.
        """
        self.metrics |= {name: value.detach().mean() for name, value in metrics.items()}
        return self

    @property
    def total(self) -> Tensor:
        """The scalar to minimise: the sum of the losses' means."""
        first, *others = (loss.mean() for loss in self.losses.values())
        return sum(others, start=first)


class Recipe(nn.Module, ABC, Generic[Batch]):
    """Subclass this to teach the engine a new way of training.

    ``__init__(self, spec: ImageSpec, *, ...)``: networks are plain attributes, so ``to``, ``train``
    and ``state_dict`` come from `nn.Module`; the keyword arguments are the options that a
    configuration may set, and their defaults are the paper's.

    A constructor reads no file and no network: inference rebuilds the recipe from a checkpoint.
    """

    defaults: ClassVar[Mapping[str, Any]] = {}
    """A configuration fragment, for ``data`` and ``train``."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Old names of options, networks and players, each with its present name, so that checkpoints
    of earlier versions load. ``{"generator.downs": "generator.downsamplings"}`` is of a part."""
    takes_mask: ClassVar[bool] = False
    """True: `translate` is given one channel more, a mask: 1 in the hole, -1 outside."""
    keeps_gray: bool = False
    """True: a gray image has a gray result, the luma of what `translate` makes of it in colour."""
    prior: Prior | None = None
    """The distribution that `latents` draws from; None: a recipe that draws nothing, or has its own
    `latents`."""
    domains: tuple[str, ...] = ()
    """Names of the domains trained on, the source first, set by the engine."""
    iteration: int = 0
    """Steps done so far, set by the engine."""

    @property
    def geometry(self) -> Geometry:
        """The sizes that `translate` takes and makes; the engine pads images, and crops the result.

        By default, those that suit all networks of the recipe whose output is an image.
        """
        return combined(*(each for each in geometries(self) if each.scale))

    @abstractmethod
    def optimizers(self) -> dict[str, Optimizer]:
        """Return one optimizer for each player."""

    @abstractmethod
    def step(self, batch: Batch) -> Iterator[Turn]:
        """Train on one batch of images in [-1, 1]: yield a turn for each player's move."""

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        """Return `images`, (N, C, H, W) in [-1, 1], translated to the domain `to`.

        Without `to`, it is the domain of `targets` that comes last. With `takes_mask` images have
        one channel more. The result is ``geometry.scale`` times as large.

        A recipe may have options of its own here, such as ``steps: int = 50``: keyword-only, each
        with a default. One that draws random numbers takes ``noise: Noise | None = None``.
        """
        raise TranslateError(f"{type(self).__name__} cannot translate images.")

    def targets(self, source: str) -> tuple[str, ...]:
        """Return the domains that `translate` takes images of the domain `source` to.

        By default, images of the first domain are translated to all others, or to their own where
        it is the only one.
        """
        if source not in self.domains[:1]:
            return ()
        return self.domains[1:] or self.domains

    def latents(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return the inputs of `draw` for `count` images, (count, dim, 1, 1), on the CPU.

        They come from `prior`; and from `generator`, or from the global one, whose state the
        checkpoint holds.
        """
        if self.prior is None:
            raise TranslateError(f"{type(self).__name__} cannot draw images: it has no prior.")
        return self.prior.draw(count, generator)

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Return images (N, C, H, W) in [-1, 1], of the size trained on.

        `condition` says for each image what to draw: (N,) indices into `conditions`, or
        (N, text_length) bytes of text where the images have captions. Without it, the latent
        vectors decide. As in `translate`, a recipe may have keyword-only options of its own.
        """
        raise TranslateError(f"{type(self).__name__} cannot draw images from latent vectors.")

    def conditions(self) -> tuple[str, ...]:
        """Return the names of what `draw` can be asked for: classes, or the codes it learnt."""
        return ()

    def walk(
        self, count: int, generator: torch.Generator, condition: Tensor | None = None
    ) -> list[Tensor]:
        """Return rows of `count` images that show what the noise means.

        By default each row leads from one draw to another: a row a class where there are classes,
        else a few rows; or all of one `condition`, whose first dimension is 1.
        """
        named = len(self.conditions()) if condition is None else 0
        device = next(self.parameters()).device
        rows = []
        for row in range(named or WALKS):
            start, end = self.latents(2, generator)
            asked = torch.tensor([row]) if named else condition
            alike = None if asked is None else asked.expand(count, *asked.shape[1:]).to(device)
            rows.append(self.draw(interpolate(start, end, count).to(device), alike))
        return rows

    def preview(self, batch: Batch) -> dict[str, Tensor]:  # noqa: ARG002
        """Return rows of images to look at, by the name that is written above each row.

        Each row is (N, C, H, W) in [-1, 1], such as ``{"source": ..., "translated": ...}``; by
        default there are none.
        """
        return {}

    def training_state(self) -> dict[str, Tensor]:
        """Return what a resumed run needs beside weights and optimizers: the image pools."""
        return {name: pool.images for name, pool in self._pools()}

    def load_training_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `training_state` returned."""
        for name, pool in self._pools():
            pool.images = state[name]

    def _pools(self) -> Iterator[tuple[str, ImagePool]]:
        return ((n, m) for n, m in self.named_modules() if isinstance(m, ImagePool))

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Compile every network; override to leave one out (a penalised critic must stay eager)."""
        for child in self.children():
            if any(True for _ in child.parameters()):
                child.compile(*args, **kwargs)


def adam(*networks: nn.Module, lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999)) -> Adam:
    """Return a fused Adam over all `networks`, with the field's momentum of one half."""
    parameters = [p for network in networks for p in network.parameters()]
    return Adam(parameters, lr=lr, betas=betas, fused=True)
