"""The hooks a plugin may implement. Every built-in is found through these, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from translate.batches import Layout
    from translate.formats import Format
    from translate.recipe import Recipe
    from translate.run import LogRecord, Run
    from translate.trackers import Tracker

hookspec = HookspecMarker("translate")
hookimpl = HookimplMarker("translate")

# -- what a plugin offers: names to factories ------------------------------------------------------


@hookspec
def register_generators() -> Mapping[str, Callable[..., nn.Module]]:  # type: ignore[empty-body]
    """Networks that draw images, by name: ``factory(in_channels, out_channels, **options)``."""


@hookspec
def register_discriminators() -> Mapping[str, Callable[..., nn.Module]]:  # type: ignore[empty-body]
    """Networks that score images, by name: ``factory(in_channels, **options)``."""


@hookspec
def register_losses() -> Mapping[str, Callable[..., nn.Module]]:  # type: ignore[empty-body]
    """Losses by name: ``factory(**options)``; see `translate.losses` for the two shapes."""


@hookspec
def register_layouts() -> Mapping[str, Callable[..., Layout]]:  # type: ignore[empty-body]
    """Ways to read folders as batches: ``factory(root, domains, split, leave_out=())``."""


@hookspec
def register_domains() -> Mapping[str, Callable[[], Iterator[tuple[str, NDArray | bytes]]]]:  # type: ignore[empty-body]
    """Domains that can be drawn where no folder is: yields ``("train/0001.png", pixels)``."""


@hookspec
def register_recipes() -> Mapping[str, type[Recipe]]:  # type: ignore[empty-body]
    """Trainable recipes, by the name given to ``translate train --plugin``."""


@hookspec
def register_formats() -> Mapping[str, Callable[[], Format]]:  # type: ignore[empty-body]
    """Image formats by name: ``factory()`` returns a `translate.formats.Format`."""


@hookspec
def register_trackers() -> Mapping[str, Callable[..., Tracker]]:  # type: ignore[empty-body]
    """Places for logs and previews, by name: ``factory(**options)``; see `translate.trackers`."""


# -- what a plugin is told: on the first process only, one by one; a failure is listed and --------
# -- never stops a run -----------------------------------------------------------------------------


@hookspec
def run_started(run: Run) -> None:
    """Hear that training begins, or goes on after a resume."""


@hookspec
def losses_logged(run: Run, step: int, losses: Mapping[str, float], record: LogRecord) -> None:
    """Hear of a new line in ``log.jsonl``: `losses` by ``player/name``, and all of it."""


@hookspec
def preview_drawn(run: Run, step: int, path: Path) -> None:
    """Hear of a grid of pictures at `path`."""


@hookspec
def checkpoint_saved(run: Run, step: int, path: Path) -> None:
    """Hear of a whole, verified checkpoint at `path`."""


@hookspec
def run_finished(run: Run, outcome: str) -> None:
    """Hear that training ended: ``finished``, ``stopped``, ``interrupted`` or ``failed``."""
