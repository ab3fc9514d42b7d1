"""Recipes and turns: the interface of training methods.

A recipe is a method, a player an optimizer with its networks, a turn one update of a player.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from translate.batches import Pair
from translate.errors import TranslateError
from translate.nn.geometry import Geometry, combine_geometries, network_geometries
from translate.nn.latents import JointPrior, Prior, interpolate
from translate.nn.pools import ImagePool

Batch = TypeVar("Batch")


class Turn:
    """One player's update: the losses that its optimizer minimizes.

    ``Turn("generator", gan=a, l1=100 * b)`` minimizes ``a + 100 * b`` over the parameters of the
    optimizer named ``generator`` only. Losses of any shape are averaged; some may be numbers.
    """

    def __init__(self, player: str, **losses: Tensor | float) -> None:
        if not (devices := [x.device for x in losses.values() if isinstance(x, Tensor)]):
            raise ValueError(f"{player!r} got no tensor to minimize: Turn({player!r}, name=loss)")
        self.player, self._device = player, devices[0]
        self.losses = self._tensors(losses)
        self.metrics: dict[str, Tensor] = {}
        """values that are logged, but not minimized"""

    def log(self, **metrics: Tensor | float) -> Self:
        """Log numbers or the means of tensors, which are not minimized; return the turn.

        Example:
            >>> Turn("critic", gan=torch.zeros(1)).log(real_score=torch.ones(4)).metrics
            {'real_score': tensor(1.)}
        """
        self.metrics |= {n: value.detach().mean() for n, value in self._tensors(metrics).items()}
        return self

    def _tensors(self, values: Mapping[str, Tensor | float]) -> dict[str, Tensor]:
        def tensor(x: Tensor | float) -> Tensor:
            return x if isinstance(x, Tensor) else torch.tensor(float(x), device=self._device)

        return {name: tensor(value) for name, value in values.items()}

    @property
    def total(self) -> Tensor:
        """The scalar to minimize: the sum of the means of the losses."""
        first, *others = (loss.mean() for loss in self.losses.values())
        return sum(others, start=first)


class Recipe(nn.Module, ABC, Generic[Batch]):
    """A training method; register a subclass by the hook ``register_recipes``.

    The constructor is ``__init__(self, spec: ImageSpec, *, ...)``. It creates networks, which are
    attributes, as in any `nn.Module`. Its keyword arguments are the options of a configuration,
    with defaults from the paper. It must not read files or open connections, since inference
    rebuilds the recipe from a checkpoint.
    """

    defaults: ClassVar[Mapping[str, Any]] = {}
    """Default settings of ``data`` and ``train``: ``{"train": {"batch_size": 1}}``."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """New names of renamed options, networks and players, by old name, so that checkpoints of
    earlier versions load: ``{"generator.downs": "generator.downsamplings"}``."""
    takes_mask: ClassVar[bool] = False
    """True: `translate` gets images with one more channel, a mask: 1 in the hole, -1 outside."""
    preview_inputs: ClassVar[Mapping[str, str]] = {"translated": "source"}
    """The row of inputs for each row of translations in `preview`, for `translate doctor`."""
    keeps_gray: bool = False
    """True: results for gray images are converted to gray (luma)."""
    prior: Prior | JointPrior | None = None
    """The distribution of `latents`; None: there are no latents, or `latents` is overridden."""
    domains: tuple[str, ...] = ()
    """Names of the training domains, the source first; set by the engine."""
    iteration: int = 0
    """Number of completed steps; set by the engine."""

    @classmethod
    def overrides(cls, method: Callable[..., Any]) -> bool:
        """Return whether a recipe has its own version of a method, such as ``Recipe.translate``."""
        return getattr(cls, method.__name__) is not method

    @property
    def geometry(self) -> Geometry:
        """The sizes that `translate` takes and returns; the engine pads images and crops results.

        By default, sizes that all networks of the recipe take, except those that return scores.
        """
        return combine_geometries(*(each for each in network_geometries(self) if each.scale))

    @abstractmethod
    def optimizers(self) -> dict[str, Optimizer]:
        """Return the optimizer of each player, by the player's name."""

    @abstractmethod
    def step(self, batch: Batch) -> Iterator[Turn]:
        """Train on one batch: yield a turn for each update of a player.

        The update is done when ``yield`` returns.

        Args:
            batch: A batch of the layout, with images (N, C, H, W) in [-1, 1].
        """

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        """Translate images to another domain.

        A recipe may add keyword-only options with defaults, such as ``steps: int = 50``. If it uses
        random numbers, it must have the argument ``noise: Noise | None = None``.

        Args:
            images: (N, C, H, W) in [-1, 1]; with `takes_mask`, one more channel.
            to: The target domain; None: the last of `targets`.

        Returns:
            (N, C, H, W) in [-1, 1], with height and width times ``geometry.scale``.
        """
        raise TranslateError(f"{type(self).__name__} cannot translate images.")

    def targets(self, source: str) -> tuple[str, ...]:
        """Return the target domains for images of a source domain.

        By default: all others for the first domain, or itself if it is the only one; else none.
        """
        if source not in self.domains[:1]:
            return ()
        return self.domains[1:] or self.domains

    def latents(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return the inputs of `draw`, by default samples of `prior`.

        Args:
            count: Number of images.
            generator: Random number generator; None: the global one, which checkpoints save.

        Returns:
            (count, dim, 1, 1), on the CPU.
        """
        if self.prior is None:
            raise TranslateError(f"{type(self).__name__} cannot draw images: it has no prior.")
        return self.prior.draw(count, generator)

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Generate images from latents; a recipe may add options as for `translate`.

        Args:
            latents: (N, dim, 1, 1), such as those of `latents`.
            condition: The class or text of each image: (N,) indices into `conditions`, or
                (N, text_length) bytes of UTF-8; None: it depends on the latents.

        Returns:
            (N, C, H, W) in [-1, 1], of the training size.
        """
        raise TranslateError(f"{type(self).__name__} cannot draw images from latent vectors.")

    def conditions(self) -> tuple[str, ...]:
        """Return the names of conditions for `draw`: classes, or values of a categorical code."""
        return ()

    def walk(
        self,
        count: int,
        generator: torch.Generator,
        condition: Tensor | None = None,
        **options: Any,
    ) -> list[Tensor]:
        """Return rows of images that show what latents encode, for ``translate sample --walk``.

        By default each row interpolates between two random latents: a row for each class, or four.

        Args:
            count: Number of images in a row.
            generator: Random number generator.
            condition: The condition of all rows, (1, ...); None: each class in turn.
            options: Options of `draw`, and `noise` of `count` images if `draw` takes it.

        Returns:
            Rows (count, C, H, W) in [-1, 1].
        """
        classes = len(self.conditions()) if condition is None else 0
        device, rows = next((p.device for p in self.parameters()), torch.device("cpu")), []
        for row in range(classes or 4):
            start, end = self.latents(2, generator)
            one = torch.tensor([row]) if classes else condition
            repeated = None if one is None else one.expand(count, *one.shape[1:]).to(device)
            rows.append(self.draw(interpolate(start, end, count).to(device), repeated, **options))
        return rows

    def ground_truth_pair(self, batch: Batch) -> Pair | None:  # noqa: ARG002
        """Return images and their ground truth, made from a batch of `step`; None by default.

        Override it in recipes that degrade or reconstruct images, so that ``train.metric`` and
        ``translate evaluate`` compare outputs with ground truth. Paired layouts do not need it.

        Returns:
            ``source``, an input for `translate`, and ``target``, of the size of its output.
        """
        return None

    def preview(self, batch: Batch) -> dict[str, Tensor]:  # noqa: ARG002
        """Return rows of images for the preview by name; {} by default.

        Args:
            batch: The batch for all previews of a run.

        Returns:
            Rows (N, C, H, W) in [-1, 1], such as ``{"source": ..., "translated": ...}``.
        """
        return {}

    def training_state(self) -> dict[str, Tensor]:
        """Return state other than weights and optimizers; by default the images of `ImagePool`s."""
        return {name: pool.images for name, pool in self._pools()}

    def load_training_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `training_state` returned."""
        for name, pool in self._pools():
            pool.images = state[name]

    def _pools(self) -> Iterator[tuple[str, ImagePool]]:
        return ((n, m) for n, m in self.named_modules() if isinstance(m, ImagePool))

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Compile all networks; override it to exclude some, such as a critic with a penalty."""
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
