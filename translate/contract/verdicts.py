"""Run the rules of a plugin: one verdict for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import torch

from translate.batches import ImageSpec
from translate.contract import (
    calls,
    commands,
    events,
    exporters,
    formats,
    importers,
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
from translate.contract.part import PARTS, make_part
from translate.contract.processes import averages_over_processes
from translate.contract.subject import make_subject
from translate.engine.system import randomness, signatures
from translate.errors import ConfigError, DataError
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
    "importer": importers.RULES,
    "exporter": exporters.RULES,
    "metric": (parts.constructor_does_no_io, *metrics.RULES),
    "tracker": (
        parts.constructor_does_no_io,
        trackers.has_all_methods,
        trackers.tracks_a_run,
        trackers.closes_when_not_started,
    ),
}
FIRST = (
    recipes.constructor_does_no_io,
    parts.constructor_does_no_io,
    importers.constructor_does_no_io,
    layouts.finds_its_files,
)
"""Rules of a constructor: if it raises, no other rule can be tried."""
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
"""Rules that train some steps first, and so are not tried if `takes_turns` is broken."""
UNTRIED = "not tried, give it a folder by data.root and data.domains"
"""the note for a layout that cannot read the generated domains"""
SMALL: Mapping[str, int] = {"width": 4, "blocks": 1, "layers": 2}
"""Default options of networks under test, so that a check takes seconds."""


SUBJECTS: Mapping[Kind, Callable[..., Any]] = {
    "recipe": make_subject,
    "format": lambda name, *_: formats.FormatSubject(name),
    "importer": lambda name, *_: importers.ImporterSubject(name),
    "command": lambda name, *_: commands.CommandSubject(name),
    **{kind: partial(make_part, kind) for kind in PARTS},
}
"""The plugin under test, by its name, options, spec and data; layouts are opened with a folder."""


class Verdict(NamedTuple):
    """The result of a rule."""

    rule: str
    broken: str = ""
    """what breaks it, and what to do; empty if it is kept"""
    note: str = ""
    """why it does not apply, or was not tried"""
    error: BaseException | None = None
    place: str = ""
    """the plugin, file and line that break it"""
    same_as: str = ""
    """an earlier rule with the same cause: they are one finding"""


def run_rules(
    kind: Tested,
    name: str,
    given: Mapping[str, Any],
    *,
    spec: ImageSpec | None = None,
    data: Mapping[str, Any] | None = None,
) -> Iterator[Verdict]:
    """Yield a verdict for each rule of the contract; random states and threads are restored.

    Raises `ConfigError` for an unknown name, option or setting.
    """
    if kind == "layout":
        yield from _run_layout_rules(name, given, data)
        return
    options = {**small_options(kind, name), **given}
    yield from _verdicts(RULES[kind], SUBJECTS[kind](name, options, spec, data))


def _run_layout_rules(
    name: str, given: Mapping[str, Any], data: Mapping[str, Any] | None
) -> Iterator[Verdict]:
    with layout_subject.make_subject(name, given, data) as subject:
        if not data and (reason := layout_subject.problem(subject.data)):
            yield Verdict(_title(RULES["layout"][0]), note=f"{UNTRIED}: {reason}")
        else:
            yield from _verdicts(RULES["layout"], subject)


def run_file_rules(
    kind: Literal["format", "importer"], name: str, files: Sequence[Path] = ()
) -> Iterator[Verdict]:
    """Yield a verdict for each rule of formats or importers, tested on `files` as well."""
    subjects = {"format": formats.FormatSubject, "importer": importers.ImporterSubject}
    yield from _verdicts(RULES[kind], subjects[kind](name, files))


def run_event_rules(name: str) -> Iterator[tuple[str, Iterator[Verdict]]]:
    """Yield each plugin called `name` that has event hooks, with a verdict for each hook."""
    for listener in events.listeners(name):
        yield listener.name, _verdicts(events.rules(listener), listener)


def small_options(kind: Tested, name: str) -> dict[str, Any]:
    """Return the options that make the networks of the plugin called `name` small."""
    options = signatures.read(find(kind, name), ["spec"])
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


def _verdicts(rules: Sequence[Rule], subject: Any) -> Iterator[Verdict]:
    """Yield a verdict for each of `rules`; those that an earlier failure prevents get a note."""
    causes: list[tuple[Cause, str]] = []
    skipped: tuple[Rule, ...] = ()
    reason = ""
    for rule in rules:
        if rule in skipped:
            yield Verdict(_title(rule), note=reason)
            continue
        verdict, cause = _verdict(rule, subject)
        if cause:
            same = next((title for known, title in causes if known.is_same(cause)), "")
            causes.append((cause, verdict.rule))
            verdict = verdict._replace(same_as=same)
            if rule in FIRST and cause.raised:
                skipped, reason = tuple(rules), "not tried: it cannot be made"
            elif rule is recipes.takes_turns:
                skipped, reason = STEPPING, "not tried: its steps fail, see above"
        yield verdict


def _verdict(rule: Rule, subject: Any) -> tuple[Verdict, Cause | None]:
    random, threads = randomness.random_state(), torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums depends on the number of threads
    try:
        return Verdict(_title(rule), note=rule(subject) or ""), None
    except Exception as error:  # a plugin may raise anything: that is a verdict, too
        if isinstance(error, (ConfigError, DataError)) and rule in FIRST:
            raise  # the given options are wrong
        cause = find_cause(error, subject.owner, rule, subject.example)
        place = "" if ", line " in cause.message or not cause.place else str(cause.place)
        return Verdict(_title(rule), cause.message, "", error, place), cause
    finally:
        torch.set_num_threads(threads)
        randomness.restore_random_state(random)


def _title(rule: Rule) -> str:
    """Return the first line of the docstring of `rule`."""
    return (rule.__doc__ or "").partition("\n")[0]
