"""Run the rules of a plugin: one verdict for each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch

from translate.batches import ImageSpec
from translate.contract import events
from translate.contract.files import format_subject, importers, layout_subject
from translate.contract.findings import Cause, find_cause
from translate.contract.kinds import FIRST, RULES, STEPPING, SUBJECTS, Rule, Tested, small_options
from translate.contract.recipes import training
from translate.engine.system import randomness
from translate.errors import ConfigError, DataError

UNTRIED = "not tried, give it a folder by data.root and data.domains"
"""the note for a layout that cannot read the generated domains"""


class Verdict(NamedTuple):
    """The result of a rule."""

    rule: str
    failure: str = ""
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
    options: Mapping[str, Any],
    *,
    spec: ImageSpec | None = None,
    data: Mapping[str, Any] | None = None,
) -> Iterator[Verdict]:
    """Yield a verdict for each rule of the contract; random states and threads are restored.

    Raises `ConfigError` for an unknown name, option or setting.
    """
    if kind == "layout":
        yield from _run_layout_rules(name, options, data)
        return
    options = {**small_options(kind, name), **options}
    yield from _verdicts(RULES[kind], SUBJECTS[kind](name, options, spec, data))


def _run_layout_rules(
    name: str, options: Mapping[str, Any], data: Mapping[str, Any] | None
) -> Iterator[Verdict]:
    with layout_subject.make_subject(name, options, data) as subject:
        if not data and (reason := layout_subject.problem(subject.data)):
            yield Verdict(_title(RULES["layout"][0]), note=f"{UNTRIED}: {reason}")
        else:
            yield from _verdicts(RULES["layout"], subject)


def run_file_rules(
    kind: Literal["format", "importer"], name: str, files: Sequence[Path] = ()
) -> Iterator[Verdict]:
    """Yield a verdict for each rule of formats or importers, tested on `files` as well."""
    subjects = {"format": format_subject.FormatSubject, "importer": importers.ImporterSubject}
    yield from _verdicts(RULES[kind], subjects[kind](name, files))


def run_event_rules(name: str) -> Iterator[tuple[str, Iterator[Verdict]]]:
    """Yield each plugin called `name` that has event hooks, with a verdict for each hook."""
    for listener in events.listeners(name):
        yield listener.name, _verdicts(events.rules(listener), listener)


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
            if rule in FIRST and cause.is_exception:
                skipped, reason = tuple(rules), "not tried: it cannot be made"
            elif rule is training.takes_turns:
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
