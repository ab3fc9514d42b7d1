"""Recipes and turns: the interface of training methods."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from translate.batches import Pair
from translate.errors import TranslateError
from translate.nn.geometry import Geometry, combine_geometries, geometries
from translate.nn.latents import Prior, interpolate
from translate.nn.pools import ImagePool

Batch = TypeVar("Batch")
WALKS = 4
"""rows of a walk for recipes without classes"""


class Turn:
    """One player's update: the losses that its optimizer minimizes.

    ``Turn("generator", gan=a, l1=100 * b)`` minimizes ``a + 100 * b`` over the parameters of the
    optimizer named ``generator`` only. Losses of any shape are averaged.
    """

    def __init__(self, player: str, **losses: Tensor) -> None:
        if not losses:
            raise TranslateError(
                f"the turn of {player!r} has no losses: Turn({player!r}, name=...)"
            )
        self.player, self.losses = player, losses
        self.metrics: dict[str, Tensor] = {}
        """values that are logged and not minimized"""

    def log(self, **metrics: Tensor) -> Self:
        """Record the means of `metrics` in the log, and return the turn; they are not minimized.

        Example:
            >>> turn = Turn("critic", gan=torch.zeros(1)).log(real_score=torch.ones(4))
            >>> turn.metrics
            {'real_score': tensor(1.)}
        """
        self.metrics |= {name: value.detach().mean() for name, value in metrics.items()}
        return self

    @property
    def total(self) -> Tensor:
        """The scalar to minimize: the sum of the means of the losses."""
        first, *others = (loss.mean() for loss in self.losses.values())
        return sum(others, start=first)


class Recipe(nn.Module, ABC, Generic[Batch]):
    """A training method; subclass it and register the class with ``register_recipes``.

    ``__init__(self, spec: ImageSpec, *, ...)``: networks are attributes, as in every `nn.Module`.
    Keyword arguments are the options that a configuration may set; defaults are those of the paper.
    The constructor must not read files or use the network: inference rebuilds the recipe from a
    checkpoint.
    """

    defaults: ClassVar[Mapping[str, Any]] = {}
    """A configuration fragment, for ``data`` and ``train``."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Old names of options, networks and players, each with its present name, so that checkpoints
    of earlier versions load: ``{"generator.downs": "generator.downsamplings"}`` for a part."""
    takes_mask: ClassVar[bool] = False
    """True: `translate` gets one more channel, a mask: 1 in the hole, -1 outside."""
    preview_inputs: ClassVar[Mapping[str, str]] = {"translated": "source"}
    """The title of the input of each row of `preview` that is a translation, by the title of that
    row; `translate doctor` compares them. Rows that are not there are ignored."""
    keeps_gray: bool = False
    """True: the result for a gray image is the luma of the colours that `translate` returns."""
    prior: Prior | None = None
    """The distribution of `latents`; None without latents, or with an own `latents`."""
    domains: tuple[str, ...] = ()
    """Names of the domains trained on, the source first, set by the engine."""
    iteration: int = 0
    """Steps done so far, set by the engine."""

    @property
    def geometry(self) -> Geometry:
        """The sizes that `translate` takes and returns; the engine pads images and crops results.

        By default, those that suit all networks of the recipe that return images.
        """
        return combine_geometries(*(each for each in geometries(self) if each.scale))

    @abstractmethod
    def optimizers(self) -> dict[str, Optimizer]:
        """Return the optimizer of each player, by the name in its turns."""

    @abstractmethod
    def step(self, batch: Batch) -> Iterator[Turn]:
        """Train on one batch: yield one turn per player's update.

        After each ``yield`` the weights of that player have changed.

        Args:
            batch: Images (N, C, H, W) in [-1, 1], as the layout's batch type has them.
        """

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        """Return images translated to another domain.

        A recipe may add keyword-only options here, each with a default, such as
        ``steps: int = 50``; one that uses random numbers takes ``noise: Noise | None = None``.

        Args:
            images: (N, C, H, W) in [-1, 1]; with `takes_mask`, one more channel.
            to: The domain to translate to, by default the last of `targets`.

        Returns:
            (N, C, H, W) in [-1, 1], with sides ``geometry.scale`` times as long.
        """
        raise TranslateError(f"{type(self).__name__} cannot translate images.")

    def targets(self, source: str) -> tuple[str, ...]:
        """Return the domains that `translate` can translate images of a domain to.

        By default, images of the first domain are translated to all others, or to their own domain
        where it is the only one.

        Args:
            source: The domain of the images.
        """
        if source not in self.domains[:1]:
            return ()
        return self.domains[1:] or self.domains

    def latents(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return the inputs of `draw`, by default samples of `prior`.

        Args:
            count: Number of images.
            generator: Source of random numbers; the global one, which checkpoints save, by default.

        Returns:
            (count, dim, 1, 1), on the CPU.
        """
        if self.prior is None:
            raise TranslateError(f"{type(self).__name__} cannot draw images: it has no prior.")
        return self.prior.draw(count, generator)

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Return generated images.

        As in `translate`, a recipe may add keyword-only options.

        Args:
            latents: (N, dim, 1, 1), such as those of `latents`.
            condition: The class or text of each image: (N,) indices into `conditions`, or
                (N, text_length) bytes of text for recipes with captions. Without it, the latent
                vectors decide.

        Returns:
            (N, C, H, W) in [-1, 1], of the size trained on.
        """
        raise TranslateError(f"{type(self).__name__} cannot draw images from latent vectors.")

    def conditions(self) -> tuple[str, ...]:
        """Return the names of the conditions of `draw`, classes or learned codes."""
        return ()

    def walk(
        self, count: int, generator: torch.Generator, condition: Tensor | None = None
    ) -> list[Tensor]:
        """Return rows of images that show what the latent vectors encode.

        By default each row interpolates between two random vectors: one row per class if there are
        classes, else four.

        Args:
            count: Number of images in a row.
            generator: Source of random numbers.
            condition: The condition of all rows; its first dimension is 1.

        Returns:
            Rows (count, C, H, W) in [-1, 1].
        """
        classes = len(self.conditions()) if condition is None else 0
        device = next((each.device for each in self.parameters()), torch.device("cpu"))
        rows = []
        for row in range(classes or WALKS):
            start, end = self.latents(2, generator)
            one = torch.tensor([row]) if classes else condition
            repeated = None if one is None else one.expand(count, *one.shape[1:]).to(device)
            rows.append(self.draw(interpolate(start, end, count).to(device), repeated))
        return rows

    def ground_truth_pair(self, batch: Batch) -> Pair | None:  # noqa: ARG002
        """Return images to translate and their ground truth, which the recipe makes of a batch.

        For recipes that degrade images themselves, or reconstruct them: with it, ``train.metric``
        and ``translate evaluate`` compare outputs with the ground truth. By default there is none;
        pairs of a layout need no method.

        Args:
            batch: Images, as `step` gets them.

        Returns:
            ``source`` as `translate` takes it, and ``target`` of the size that it returns.
        """
        return None

    def preview(self, batch: Batch) -> dict[str, Tensor]:  # noqa: ARG002
        """Return rows of images for the preview, by the title of each row. By default none.

        Args:
            batch: The fixed batch that all previews of a run show.

        Returns:
            Rows (N, C, H, W) in [-1, 1], such as ``{"source": ..., "translated": ...}``.
        """
        return {}

    def training_state(self) -> dict[str, Tensor]:
        """Return state besides weights and optimizers, by default that of image pools."""
        return {name: pool.images for name, pool in self._pools()}

    def load_training_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `training_state` returned."""
        for name, pool in self._pools():
            pool.images = state[name]

    def _pools(self) -> Iterator[tuple[str, ImagePool]]:
        return ((n, m) for n, m in self.named_modules() if isinstance(m, ImagePool))

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Compile every network; override it to exclude one, such as a penalized critic."""
        for child in self.children():
            if any(True for _ in child.parameters()):
                child.compile(*args, **kwargs)


def adam(*networks: nn.Module, lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999)) -> Adam:
    """Return a fused Adam over all parameters of `networks`.

    Args:
        networks: Networks of one player.
        lr: Learning rate.
        betas: Decay rates; 0.5 for the first moment is usual for GANs (Radford et al., 2016).
    """
    parameters = [p for network in networks for p in network.parameters()]
    return Adam(parameters, lr=lr, betas=betas, fused=True)
