"""The rules of each kind of plugin, in the order of testing."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from translate.contract import commands
from translate.contract.files import format_subject, formats, importers, layouts
from translate.contract.parts import exporters, losses, metrics, networks, trackers
from translate.contract.parts.subject import PARTS, make_part
from translate.contract.recipes import inference, options_and_noise, training
from translate.contract.recipes.gradients import has_correct_gradients
from translate.contract.recipes.processes import averages_gradients
from translate.contract.recipes.subject import make_subject
from translate.engine.config.parts import part_kind
from translate.engine.system import signatures
from translate.registry import Kind, find, split_part

Rule: TypeAlias = Callable[[Any], str | None]

RULES: Mapping[Kind, tuple[Rule, ...]] = {
    "recipe": (
        training.constructor_does_no_io,
        training.takes_turns,
        has_correct_gradients,
        training.updates_one_player,
        training.saves_all_state,
        training.resumes_exactly,
        training.preview_has_no_side_effects,
        inference.names_its_targets,
        inference.translates_any_size,
        inference.is_independent_of_batch,
        inference.draws_trained_size,
        options_and_noise.declares_options,
        options_and_noise.draws_from_given_noise,
        averages_gradients,
    ),
    "generator": (
        networks.constructor_does_no_io,
        networks.returns_images,
        networks.respects_halo,
        networks.has_gradients,
        networks.returns_features,
        networks.runs_in_bf16,
        networks.saves_all_state,
    ),
    "discriminator": (
        networks.constructor_does_no_io,
        networks.scores_images,
        networks.has_gradients,
        networks.returns_features,
        networks.runs_in_bf16,
        networks.saves_all_state,
    ),
    "loss": (
        networks.constructor_does_no_io,
        losses.returns_finite_scalar,
        losses.rewards_better_outputs,
        losses.has_correct_gradients,
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
CONSTRUCTOR_RULES = (
    training.constructor_does_no_io,
    networks.constructor_does_no_io,
    importers.constructor_does_no_io,
    layouts.finds_its_files,
)
"""rules that construct the plugin: if it raises, no other rule is tested"""
RULES_THAT_TRAIN = (
    has_correct_gradients,
    training.updates_one_player,
    training.saves_all_state,
    training.resumes_exactly,
    training.preview_has_no_side_effects,
    inference.is_independent_of_batch,
    inference.draws_trained_size,
    averages_gradients,
)
"""rules that train for some steps first; they are not tested if `takes_turns` is broken"""
SMALL_SIZES: Mapping[str, int] = {"width": 4, "blocks": 1, "layers": 2}
"""options of networks under test, so that a check takes seconds"""
SUBJECTS: Mapping[Kind, Callable[..., Any]] = {
    "recipe": make_subject,
    "format": lambda name, *_: format_subject.FormatSubject(name),
    "importer": lambda name, *_: importers.ImporterSubject(name),
    "command": lambda name, *_: commands.CommandSubject(name),
    **{kind: partial(make_part, kind) for kind in PARTS},
}
"""functions of name, options, spec and data that create the subject, which is the plugin under
test; layouts have a subject of their own, `layout_subject.make_subject`"""


def small_options(kind: Kind, name: str) -> dict[str, Any]:
    """Return the options that make the networks of the plugin called `name` small."""
    options = signatures.read_options(find(kind, name), ["spec"])
    small: dict[str, Any] = {}
    if kind in ("generator", "discriminator"):
        small |= {key: value for key, value in SMALL_SIZES.items() if key in options}
    for option in options.values():
        if (network_kind := part_kind(option)) in ("generator", "discriminator"):
            network, part_options = split_part(network_kind, option.default)
            small_network = small_options(network_kind, network)
            small[option.name] = {"name": network, **small_network, **part_options}
    return small
