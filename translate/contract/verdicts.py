"""Run the rules of a plugin: one verdict for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import torch

from translate.batches import ImageSpec
from translate.contract import (
    calls,
    commands,
    events,
    formats,
    inference,
    layout_subject,
    layouts,
    losses,
    metrics,
    parts,
    recipes,
    trackers,
)
from translate.contract.findings import Cause, find_cause
from translate.contract.gradients import has_true_gradients
from translate.contract.part import METRIC_ARGUMENTS, TestedPart
from translate.contract.processes import averages_over_processes
from translate.contract.subject import subject
from translate.engine.system import randomness, signatures
from translate.errors import ConfigError, DataError
from translate.registry import find, names

Tested: TypeAlias = Literal[
    "recipe",
    "generator",
    "discriminator",
    "loss",
    "layout",
    "format",
    "metric",
    "tracker",
    "command",
]
Rule: TypeAlias = Callable[[Any], str | None]

RULES: Mapping[Tested, tuple[Rule, ...]] = {
    "recipe": (
        recipes.constructor_does_no_io,
        recipes.takes_turns,
        has_true_gradients,
        recipes.moves_one_player,
        recipes.survives_saving,
        recipes.resumes_exactly,
        recipes.preview_has_no_side_effects,
        inference.names_its_targets,
        inference.translates_any_size,
        inference.is_independent_of_batch,
        inference.draws_trained_size,
        calls.declares_options,
        calls.draws_from_given_noise,
        averages_over_processes,
    ),
    "generator": (
        parts.constructor_does_no_io,
        parts.draws_images,
        parts.keeps_its_halo,
        parts.has_gradients,
        parts.shows_features,
        parts.runs_in_bf16,
        parts.survives_saving,
    ),
    "discriminator": (
        parts.constructor_does_no_io,
        parts.scores_images,
        parts.has_gradients,
        parts.shows_features,
        parts.runs_in_bf16,
        parts.survives_saving,
    ),
    "loss": (
        parts.constructor_does_no_io,
        losses.returns_finite_scalar,
        losses.rewards_better_outputs,
        losses.has_true_gradients,
    ),
    "layout": layouts.RULES,
    "format": formats.RULES,
    "command": commands.RULES,
    "metric": (parts.constructor_does_no_io, *metrics.RULES),
    "tracker": (
        parts.constructor_does_no_io,
        trackers.has_all_methods,
        trackers.tracks_a_run,
        trackers.closes_when_not_started,
    ),
}
FIRST = (recipes.constructor_does_no_io, parts.constructor_does_no_io, layouts.finds_its_files)
"""Rules of a constructor: where it raises, nothing else can be tried."""
STEPPING = (
    has_true_gradients,
    recipes.moves_one_player,
    recipes.survives_saving,
    recipes.resumes_exactly,
    recipes.preview_has_no_side_effects,
    inference.is_independent_of_batch,
    inference.draws_trained_size,
    averages_over_processes,
)
"""Rules that train some steps first, and so are not tried where `takes_turns` is broken."""
UNTRIED = "not tried, give it a folder by data.root and data.domains"
"""what is noted of a layout that cannot read the domains that are drawn"""
SMALL: Mapping[str, int] = {"width": 4, "blocks": 1, "layers": 2}
"""Options of networks that a check sets where nobody else does, so that it takes seconds."""


class Verdict(NamedTuple):
    """What came of a rule."""

    rule: str
    broken: str = ""
    """what breaks it, and what to do; nothing if it holds"""
    note: str = ""
    """why it does not apply, or was not tried"""
    error: BaseException | None = None
    place: str = ""
    """the plugin, file and line that break it"""
    same_as: str = ""
    """the rule that failed before by the same cause: one finding, not two"""


def run_rules(
    kind: Tested,
    name: str,
    given: Mapping[str, Any],
    *,
    spec: ImageSpec | None = None,
    data: Mapping[str, Any] | None = None,
) -> Iterator[Verdict]:
    """Yield a verdict for each rule of the contract; random states and threads are put back.

    Raises `ConfigError` for a name, an option or a setting that does not exist.
    """
    if kind == "layout":
        yield from _run_layout_rules(name, given, data)
        return
    if kind == "format":
        yield from run_format_rules(name)
        return
    if kind == "command":
        yield from _verdicts(RULES["command"], commands.CommandSubject(name))
        return
    chosen = {**small_options(kind, name), **given}
    if kind == "recipe":
        tested: Any = subject(name, chosen, spec, data)
    else:
        checked = ["in_channels", "out_channels", "size", *METRIC_ARGUMENTS]
        tested = TestedPart(
            kind, name, signatures.check(f"{kind} {name!r}", find(kind, name), chosen, checked)
        )
    yield from _verdicts(RULES[kind], tested)


def _run_layout_rules(
    name: str, given: Mapping[str, Any], data: Mapping[str, Any] | None
) -> Iterator[Verdict]:
    with layout_subject.subject(name, given, data) as tested:
        reason = "" if data else layout_subject.why_not(tested.asked)
        if reason:
            words = (RULES["layout"][0].__doc__ or "").partition("\n")[0]
            yield Verdict(words, note=f"{UNTRIED}: {reason}")
        else:
            yield from _verdicts(RULES["layout"], tested)


def run_format_rules(name: str, files: Sequence[Path] = ()) -> Iterator[Verdict]:
    """Yield a verdict for each rule of formats, tried on what it writes and on `files`."""
    yield from _verdicts(RULES["format"], formats.FormatSubject(name, files))


def run_event_rules(name: str) -> Iterator[tuple[str, Iterator[Verdict]]]:
    """Yield each plugin called `name` that hears of events, with a verdict for each hook."""
    for listener in events.listeners(name):
        yield listener.name, _verdicts(events.rules(listener), listener)


def small_options(kind: Tested, name: str) -> dict[str, Any]:
    """Return the options that make the networks of the thing called `name` small."""
    found = signatures.read(find(kind, name), ["spec"])
    shrunk: dict[str, Any] = {}
    if kind in ("generator", "discriminator"):
        shrunk |= {key: value for key, value in SMALL.items() if key in found}
    for option in found.values():
        default = option.default
        part = {"name": None, **default} if isinstance(default, Mapping) else {"name": default}
        for network in ("generator", "discriminator"):
            if isinstance(named := part["name"], str) and named in names(network):
                shrunk[option.name] = {"name": named, **small_options(network, named), **part}
    return shrunk


def _verdicts(rules: Sequence[Rule], tested: Any) -> Iterator[Verdict]:
    """Yield a verdict for each of `rules`; what cannot be tried for an earlier one is noted."""
    found: list[tuple[Cause, str]] = []
    untried: tuple[Rule, ...] = ()
    reason = ""
    for rule in rules:
        words = (rule.__doc__ or "").partition("\n")[0]
        if rule in untried:
            yield Verdict(words, note=reason)
            continue
        verdict, cause = _verdict(rule, words, tested)
        if cause:
            same = next((name for known, name in found if known.is_same(cause)), "")
            found.append((cause, words))
            verdict = verdict._replace(same_as=same)
            if rule in FIRST and cause.raised:
                untried, reason = tuple(rules), "not tried: it cannot be made"
            elif rule is recipes.takes_turns:
                untried, reason = STEPPING, "not tried: its steps fail, see above"
        yield verdict


def _verdict(rule: Rule, words: str, tested: Any) -> tuple[Verdict, Cause | None]:
    random, threads = randomness.random_state(), torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order are other sums
    try:
        return Verdict(words, note=rule(tested) or ""), None
    except Exception as error:  # a plugin may raise anything: that is a verdict, too
        if isinstance(error, (ConfigError, DataError)) and rule in FIRST:
            raise  # it could not be made with the options that it was given
        cause = find_cause(error, tested.owner, rule, tested.example)
        place = "" if ", line " in cause.message or not cause.place else str(cause.place)
        return Verdict(words, cause.message, "", error, place), cause
    finally:
        torch.set_num_threads(threads)
        randomness.restore_random_state(random)
