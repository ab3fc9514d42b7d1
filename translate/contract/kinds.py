"""The rules of each kind of plugin, in the order in which they are tested."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, TypeAlias

from translate.contract import commands
from translate.contract.files import format_subject, formats, importers, layouts
from translate.contract.parts import exporters, losses, metrics, networks, trackers
from translate.contract.parts.subject import PARTS, make_part
from translate.contract.recipes import calls, inference, training
from translate.contract.recipes.gradients import has_true_gradients
from translate.contract.recipes.processes import averages_over_processes
from translate.contract.recipes.subject import make_subject
from translate.engine.system import signatures
from translate.registry import Kind, find, names

Tested: TypeAlias = Literal[
    "recipe",
    "generator",
    "discriminator",
    "loss",
    "layout",
    "format",
    "metric",
    "tracker",
    "importer",
    "exporter",
    "command",
]
Rule: TypeAlias = Callable[[Any], str | None]

RULES: Mapping[Tested, tuple[Rule, ...]] = {
    "recipe": (
        training.constructor_does_no_io,
        training.takes_turns,
        has_true_gradients,
        training.moves_one_player,
        training.survives_saving,
        training.resumes_exactly,
        training.preview_has_no_side_effects,
        inference.names_its_targets,
        inference.translates_any_size,
        inference.is_independent_of_batch,
        inference.draws_trained_size,
        calls.declares_options,
        calls.draws_from_given_noise,
        averages_over_processes,
    ),
    "generator": (
        networks.constructor_does_no_io,
        networks.draws_images,
        networks.keeps_its_halo,
        networks.has_gradients,
        networks.shows_features,
        networks.runs_in_bf16,
        networks.survives_saving,
    ),
    "discriminator": (
        networks.constructor_does_no_io,
        networks.scores_images,
        networks.has_gradients,
        networks.shows_features,
        networks.runs_in_bf16,
        networks.survives_saving,
    ),
    "loss": (
        networks.constructor_does_no_io,
        losses.returns_finite_scalar,
        losses.rewards_better_outputs,
        losses.has_true_gradients,
    ),
    "layout": layouts.RULES,
    "format": formats.RULES,
    "command": commands.RULES,
    "importer": importers.RULES,
    "exporter": exporters.RULES,
    "metric": (networks.constructor_does_no_io, *metrics.RULES),
    "tracker": (
        networks.constructor_does_no_io,
        trackers.has_all_methods,
        trackers.tracks_a_run,
        trackers.closes_when_not_started,
    ),
}
FIRST = (
    training.constructor_does_no_io,
    networks.constructor_does_no_io,
    importers.constructor_does_no_io,
    layouts.finds_its_files,
)
"""Rules of a constructor: if it raises, no other rule can be tried."""
STEPPING = (
    has_true_gradients,
    training.moves_one_player,
    training.survives_saving,
    training.resumes_exactly,
    training.preview_has_no_side_effects,
    inference.is_independent_of_batch,
    inference.draws_trained_size,
    averages_over_processes,
)
"""Rules that train some steps first, and so are not tried if `takes_turns` is broken."""
SMALL: Mapping[str, int] = {"width": 4, "blocks": 1, "layers": 2}
"""Default options of networks under test, so that a check takes seconds."""


SUBJECTS: Mapping[Kind, Callable[..., Any]] = {
    "recipe": make_subject,
    "format": lambda name, *_: format_subject.FormatSubject(name),
    "importer": lambda name, *_: importers.ImporterSubject(name),
    "command": lambda name, *_: commands.CommandSubject(name),
    **{kind: partial(make_part, kind) for kind in PARTS},
}
"""The plugin under test, by its name, options, spec and data; layouts are opened with a folder."""


def small_options(kind: Tested, name: str) -> dict[str, Any]:
    """Return the options that make the networks of the plugin called `name` small."""
    options = signatures.read_options(find(kind, name), ["spec"])
    small: dict[str, Any] = {}
    if kind in ("generator", "discriminator"):
        small |= {key: value for key, value in SMALL.items() if key in options}
    for option in options.values():
        default = option.default
        part = {"name": None, **default} if isinstance(default, Mapping) else {"name": default}
        for network in ("generator", "discriminator"):
            if isinstance(named := part["name"], str) and named in names(network):
                small[option.name] = {"name": named, **small_options(network, named), **part}
    return small
