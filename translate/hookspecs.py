"""The hooks that plugins may implement; built-in plugins use the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import click
    from numpy.typing import NDArray
    from torch import nn

    from translate.batches import Layout
    from translate.exporters import Exporter
    from translate.formats import Format
    from translate.importers import Importer
    from translate.metrics import Metric
    from translate.recipe import Recipe
    from translate.run import LogRecord, Run
    from translate.trackers import Tracker

hookspec = HookspecMarker("translate")
hookimpl = HookimplMarker("translate")

# -- registration: mappings from names to factories ------------------------------------------------


@hookspec
def register_generators() -> Mapping[str, Callable[..., nn.Module]]:  # type: ignore[empty-body]
    """Return networks that return images or latents (generators and encoders), by name.

    A factory is called as ``factory(in_channels=, out_channels=, **options)``.
    """


@hookspec
def register_discriminators() -> Mapping[str, Callable[..., nn.Module]]:  # type: ignore[empty-body]
    """Return discriminators, networks that score images, by name.

    A factory is called as ``factory(in_channels=, **options)``.
    """


@hookspec
def register_losses() -> Mapping[str, Callable[..., nn.Module]]:  # type: ignore[empty-body]
    """Return losses by name: an `ImageLoss` or an `AdversarialLoss` of `translate.losses`.

    A factory is called as ``factory(**options)``.
    """


@hookspec
def register_layouts() -> Mapping[str, Callable[..., Layout]]:  # type: ignore[empty-body]
    """Return layouts of data sets by name, for ``data.layout``.

    A factory is called as ``factory(root=, domains=, split=, leave_out=, **options)``, with the
    keywords among these that its signature has, and returns a `translate.batches.Layout`.
    """


@hookspec
def register_domains() -> Mapping[str, Callable[[], Iterator[tuple[str, NDArray | bytes]]]]:  # type: ignore[empty-body]
    """Return sample domains by name, which are generated if there is no folder of that name.

    A function yields names and pixels of files, such as ``("train/0001.png", pixels)``: (H, W[, C])
    uint8, or the content of a file. Domains with functions that have the same
    attribute ``scenes`` show the same scene in test images of the same name, which are ground truth
    for evaluation.
    """


@hookspec
def register_recipes() -> Mapping[str, type[Recipe]]:  # type: ignore[empty-body]
    """Return recipes by name, for ``translate train --plugin``."""


@hookspec
def register_formats() -> Mapping[str, Callable[[], Format]]:  # type: ignore[empty-body]
    """Return image formats by name; a factory is called without arguments."""


@hookspec
def register_trackers() -> Mapping[str, Callable[..., Tracker]]:  # type: ignore[empty-body]
    """Return trackers of logs and previews by name, for ``train.trackers``.

    A factory is called as ``factory(**options)`` and returns a `translate.trackers.Tracker`.
    """


@hookspec
def register_metrics() -> Mapping[str, Callable[..., Metric]]:  # type: ignore[empty-body]
    """Return metrics by name, for ``translate evaluate`` and ``train.metric``.

    A factory is called as ``factory(domain=, source_domain=, classes=, **options)``, with the
    keywords among these that its signature has, and returns a `translate.metrics.Metric`.
    """


@hookspec
def register_importers() -> Mapping[str, Callable[..., Importer]]:  # type: ignore[empty-body]
    """Return importers of weights by name, for ``translate import``.

    A factory is called as ``factory(**options)`` and returns a `translate.importers.Importer`.
    """


@hookspec
def register_exporters() -> Mapping[str, Callable[[], Exporter]]:  # type: ignore[empty-body]
    """Return exporters of models by name, for ``translate export``.

    A factory is called without arguments and returns a `translate.exporters.Exporter`.
    """


@hookspec
def register_commands() -> Mapping[str, click.Command]:  # type: ignore[empty-body]
    """Return commands by name, for ``translate NAME``; ``translate --help`` lists them."""


# -- events of a run: called on the first process, one plugin after the other; an exception of a ---
# -- hook becomes a line of problems.jsonl, and never stops the run --------------------------------


@hookspec
def run_started(run: Run) -> None:
    """Handle the start or the resumption of training.

    Args:
        run: The run folder, its configuration, and a way to stop it.
    """


@hookspec
def losses_logged(run: Run, step: int, losses: Mapping[str, float], record: LogRecord) -> None:
    """Handle a new line of ``log.jsonl``.

    Args:
        run: The run folder, its configuration, and a way to stop it.
        step: The number of steps done.
        losses: Means since the last line, by ``player/name``.
        record: The whole line.
    """


@hookspec
def preview_drawn(run: Run, step: int, path: Path) -> None:
    """Handle a new preview.

    Args:
        run: The run folder, its configuration, and a way to stop it.
        step: The number of steps done.
        path: The PNG file.
    """


@hookspec
def checkpoint_saved(run: Run, step: int, path: Path) -> None:
    """Handle a new checkpoint, which is verified.

    Args:
        run: The run folder, its configuration, and a way to stop it.
        step: The number of steps done.
        path: The folder of the checkpoint.
    """


@hookspec
def run_finished(run: Run, outcome: str) -> None:
    """Handle the end of training.

    Args:
        run: The run folder and its configuration.
        outcome: ``finished``, ``stopped``, ``interrupted`` or ``failed``.
    """
