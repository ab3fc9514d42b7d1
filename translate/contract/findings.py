"""What a rule found: the one cause behind several failures, its place in the plugin, the remedy."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from translate.batches import Captioned, Images, Labelled, Pair
from translate.engine.plugins.errors import RULES, Place, definition, find_place, reason
from translate.errors import TranslateError

BATCHES = (Pair, Images, Labelled, Captioned)
MEMBERS = {
    "constructor_does_no_io": "__init__",
    "takes_turns": "step",
    "has_true_gradients": "step",
    "moves_one_player": "step",
    "survives_saving": "step",
    "resumes_exactly": "step",
    "averages_over_processes": "step",
    "preview_has_no_side_effects": "preview",
    "names_its_targets": "targets",
    "translates_any_size": "translate",
    "is_independent_of_batch": "translate",
    "draws_trained_size": "draw",
    "declares_options": "translate",
    "draws_from_given_noise": "translate",
    "shows_features": "features",
    "tracks_a_run": "logged",
    "closes_when_not_started": "close",
    "rewards_better_outputs": "for_discriminator",
}
"""The method that keeps or breaks a rule, by the rule's function; `forward` for all others."""


class Cause(NamedTuple):
    """What made a rule fail."""

    message: str
    """what was wrong, and what to do about it"""
    place: Place | None
    """the line of the plugin's code, where one is known"""
    raised: bool
    """whether the plugin raised an exception, rather than that a result was wrong"""

    root: str
    """the error behind it, without its numbers"""

    def is_same(self, other: "Cause") -> bool:
        """Return whether both are one fault: one error, or two exceptions of one line."""
        if self.root in other.root or other.root in self.root:
            return True
        return self.raised and other.raised and self.place == other.place is not None


def find_cause(error: BaseException, owner: object, rule: Callable[..., Any], batch: Any) -> Cause:
    """Return what made `rule` raise `error` for a plugin's class or function `owner`.

    `batch` is what a step was given, whose fields are named where it asked for another one.
    """
    for each in _chain(error):
        if not isinstance(each, AssertionError) and (place := find_place(each, owner)):
            asked = _wrong_field(each, batch)
            said = f"It raised {reason(each)}.{asked}{_expected(place, owner)}"
            return Cause(said, place, raised=True, root=_numberless(reason(each)))
    place = getattr(error, "place", None) or definition(owner, _member(rule, owner))
    worded = isinstance(error, (AssertionError, TranslateError))
    said = str(error) if worded else f"It raised {reason(error)}"
    root = next((each for each in _chain(error) if isinstance(each, TranslateError)), error)
    return Cause(said, place, not isinstance(error, AssertionError), _numberless(str(root)))


def _numberless(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that led to `error`, the first one first."""
    if error.__cause__:
        yield from _chain(error.__cause__)
    yield error


def _member(rule: Callable[..., Any], owner: object) -> str:
    """Return the method of `owner` that `rule` is about, or its constructor."""
    member = MEMBERS.get(getattr(rule, "__name__", ""), "forward")
    return member if hasattr(owner, member) else "__init__"


def _expected(place: Place, owner: object) -> str:
    """Return the rule of the method that `place` is in, as a sentence, or nothing."""
    rule = RULES.get(place.function, "") if hasattr(owner, place.function) else ""
    return f" Rule: {rule}." if rule else ""


def _wrong_field(error: BaseException, batch: Any) -> str:
    """Say which fields the `batch` has, where `error` comes of asking it for others."""
    fields = getattr(batch, "_fields", None)
    if fields is None:
        return ""
    name = f"{type(batch).__name__}({', '.join(fields)})"
    if isinstance(error, AttributeError) and type(error.obj) is type(batch):
        others = [kind.__name__ for kind in BATCHES if error.name in kind._fields]
        layout = f", or choose a layout with batches of {' or '.join(others)}" if others else ""
        usable = " or ".join(f"batch.{field}" for field in fields)
        return f" The batch is {name}; it has no field {error.name!r}: use {usable}{layout}."
    unpacking = isinstance(error, ValueError) and "values to unpack" in str(error)
    if unpacking or (isinstance(error, TypeError) and "tuple indices" in str(error)):
        return f" The batch is {name}."
    return ""
