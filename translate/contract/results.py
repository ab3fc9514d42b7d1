"""Tests a plugin: runs the rules of its kind, and yields a result for each rule."""

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
    small_options,
)
from translate.contract.recipes import training
from translate.contract.recipes.subject import RecipeSubject
from translate.engine.system import randomness
from translate.errors import ConfigError, DataError
from translate.registry import Kind

NO_FOLDER = "not tested: give it a folder by data.root and data.domains"
"""the note for a layout that cannot read the generated domains"""


class RuleResult(NamedTuple):
    """The result of testing one rule; the defaults say that the plugin follows the rule."""

    rule: str
    """what the plugin must do: the first line of the rule's docstring"""
    failure: str = ""
    """what breaks the rule, and what to change"""
    note: str = ""
    """why the rule does not apply, or was not tested"""
    error: BaseException | None = None
    """the exception that the rule raised"""
    place: str = ""
    """plugin, file and line that break the rule"""
    same_as: str = ""
    """an earlier rule that is broken by the same cause"""


def run_rules(
    kind: Kind,
    name: str,
    options: Mapping[str, Any],
    *,
    spec: ImageSpec | None = None,
    data: Mapping[str, Any] | None = None,
) -> Iterator[RuleResult]:
    """Yield the result of each rule of a kind of plugin, tested on the plugin called `name`.

    The states of random generators and the number of threads are restored after each rule. An
    unknown name, option or setting raises `ConfigError`.
    """
    if kind == "layout":
        yield from _test_layout_rules(name, options, data)
        return
    options = {**small_options(kind, name), **options}
    yield from _test_rules(RULES[kind], SUBJECTS[kind](name, options, spec, data))


def _test_layout_rules(
    name: str, options: Mapping[str, Any], data: Mapping[str, Any] | None
) -> Iterator[RuleResult]:
    with layout_subject.make_subject(name, options, data) as subject:
        if not data and (reason := layout_subject.open_problem(subject.data)):
            yield RuleResult(_title(RULES["layout"][0]), note=f"{NO_FOLDER}: {reason}")
        else:
            yield from _test_rules(RULES["layout"], subject)


def run_file_rules(
    kind: Literal["format", "importer"], name: str, files: Sequence[Path] = ()
) -> Iterator[RuleResult]:
    """Yield the result of each rule of a format or importer, tested also on `files`."""
    subjects = {"format": format_subject.FormatSubject, "importer": importers.ImporterSubject}
    yield from _test_rules(RULES[kind], subjects[kind](name, files))


def run_event_rules(name: str) -> Iterator[tuple[str, Iterator[RuleResult]]]:
    """Yield the name and the results of each plugin called `name` that has event hooks."""
    for subject in events.event_subjects(name):
        yield subject.name, _test_rules(events.rules(subject), subject)


def _test_rules(rules: Sequence[Rule], subject: Any) -> Iterator[RuleResult]:
    """Yield the result of each of `rules`; a rule that an earlier failure prevents gets a note."""
    causes: list[tuple[Cause, str]] = []
    skipped_rules: Sequence[Rule] = ()
    reason = ""
    for rule in rules:
        if rule in skipped_rules:
            yield RuleResult(_title(rule), note=reason)
            continue
        result, cause = _test_rule(rule, subject)
        if cause:
            same_as = next((title for other, title in causes if other.is_same(cause)), "")
            causes.append((cause, result.rule))
            result = result._replace(same_as=same_as)
            if rule in CONSTRUCTOR_RULES and cause.is_exception:
                skipped_rules, reason = rules, "not tested: it cannot be constructed"
            elif rule is training.takes_turns:
                skipped_rules, reason = RULES_THAT_TRAIN, "not tested: its steps fail, see above"
        yield result


def _test_rule(rule: Rule, subject: Any) -> tuple[RuleResult, Cause | None]:
    """Return the result of `rule`, and the cause if the plugin breaks the rule."""
    random, threads = randomness.random_state(), torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums depends on the number of threads
    try:
        return RuleResult(_title(rule), note=rule(subject) or ""), None
    except Exception as error:  # a plugin may raise anything
        if isinstance(error, (ConfigError, DataError)) and rule in CONSTRUCTOR_RULES:
            raise  # an option of the caller is wrong
        batch = subject.batch(0) if isinstance(subject, RecipeSubject) else None
        cause = find_cause(error, subject.owner, rule, batch)
        place = "" if ", line " in cause.message or not cause.place else str(cause.place)
        return RuleResult(_title(rule), cause.message, error=error, place=place), cause
    finally:
        torch.set_num_threads(threads)
        randomness.restore_random_state(random)


def _title(rule: Rule) -> str:
    """Return the first line of the docstring of `rule`."""
    return (rule.__doc__ or "").partition("\n")[0]
