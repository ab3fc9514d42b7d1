"""Test a plugin: run its rules, and return a result for each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch

from translate.batches import ImageSpec
from translate.contract import events
from translate.contract.causes import Cause, find_cause
from translate.contract.files import format_subject, importers, layout_subject
from translate.contract.kinds import (
    CONSTRUCTOR_RULES,
    RULES,
    RULES_THAT_TRAIN,
    SUBJECTS,
    Rule,
    TestedKind,
    small_options,
)
from translate.contract.recipes import training
from translate.engine.system import randomness
from translate.errors import ConfigError, DataError

NO_FOLDER = "not tested: give it a folder by data.root and data.domains"
"""the note for a layout that cannot read the generated domains"""


class RuleResult(NamedTuple):
    """The result of testing one rule; by default it is followed."""

    rule: str
    """what the plugin must do: the first line of the rule's docstring"""
    failure: str = ""
    """what breaks it, and what to change"""
    note: str = ""
    """why it does not apply, or was not tested"""
    error: BaseException | None = None
    place: str = ""
    """plugin, file and line that break it"""
    same_as: str = ""
    """an earlier rule that is broken by the same cause"""


def run_rules(
    kind: TestedKind,
    name: str,
    options: Mapping[str, Any],
    *,
    spec: ImageSpec | None = None,
    data: Mapping[str, Any] | None = None,
) -> Iterator[RuleResult]:
    """Yield the result of each rule; random states and the number of threads are restored.

    Raises `ConfigError` for an unknown name, option or setting.
    """
    if kind == "layout":
        yield from _run_layout_rules(name, options, data)
        return
    options = {**small_options(kind, name), **options}
    yield from _run_all(RULES[kind], SUBJECTS[kind](name, options, spec, data))


def _run_layout_rules(
    name: str, options: Mapping[str, Any], data: Mapping[str, Any] | None
) -> Iterator[RuleResult]:
    with layout_subject.make_subject(name, options, data) as subject:
        if not data and (reason := layout_subject.open_problem(subject.data)):
            yield RuleResult(_title(RULES["layout"][0]), note=f"{NO_FOLDER}: {reason}")
        else:
            yield from _run_all(RULES["layout"], subject)


def run_file_rules(
    kind: Literal["format", "importer"], name: str, files: Sequence[Path] = ()
) -> Iterator[RuleResult]:
    """Yield the result of each rule of a format or importer, tested also on `files`."""
    subjects = {"format": format_subject.FormatSubject, "importer": importers.ImporterSubject}
    yield from _run_all(RULES[kind], subjects[kind](name, files))


def run_event_rules(name: str) -> Iterator[tuple[str, Iterator[RuleResult]]]:
    """Yield the name and the results of each plugin called `name` that has event hooks."""
    for subject in events.event_subjects(name):
        yield subject.name, _run_all(events.rules(subject), subject)


def _run_all(rules: Sequence[Rule], subject: Any) -> Iterator[RuleResult]:
    """Yield the result of each of `rules`; those that an earlier failure prevents get a note."""
    causes: list[tuple[Cause, str]] = []
    skipped: tuple[Rule, ...] = ()
    reason = ""
    for rule in rules:
        if rule in skipped:
            yield RuleResult(_title(rule), note=reason)
            continue
        result, cause = _run(rule, subject)
        if cause:
            same = next((title for known, title in causes if known.is_same(cause)), "")
            causes.append((cause, result.rule))
            result = result._replace(same_as=same)
            if rule in CONSTRUCTOR_RULES and cause.is_exception:
                skipped, reason = tuple(rules), "not tested: it cannot be constructed"
            elif rule is training.takes_turns:
                skipped, reason = RULES_THAT_TRAIN, "not tested: its steps fail, see above"
        yield result


def _run(rule: Rule, subject: Any) -> tuple[RuleResult, Cause | None]:
    random, threads = randomness.random_state(), torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums depends on the number of threads
    try:
        return RuleResult(_title(rule), note=rule(subject) or ""), None
    except Exception as error:  # a plugin may raise anything
        if isinstance(error, (ConfigError, DataError)) and rule in CONSTRUCTOR_RULES:
            raise  # the given options are wrong
        cause = find_cause(error, subject.owner, rule, subject.example_batch)
        place = "" if ", line " in cause.message or not cause.place else str(cause.place)
        return RuleResult(_title(rule), cause.message, "", error, place), cause
    finally:
        torch.set_num_threads(threads)
        randomness.restore_random_state(random)


def _title(rule: Rule) -> str:
    """Return the first line of the docstring of `rule`."""
    return (rule.__doc__ or "").partition("\n")[0]
