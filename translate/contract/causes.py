"""The cause of a broken rule: the message, the line of the plugin, and how to fix it.

A rule is a function of `translate.contract` that tests a plugin and raises an exception if the
plugin is wrong.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from translate.batches import Captioned, Images, Labelled, Pair
from translate.engine.plugins.errors import RULES as METHOD_RULES
from translate.engine.plugins.errors import Place, definition, find_place
from translate.errors import TranslateError, describe_error

BATCHES = (Pair, Images, Labelled, Captioned)
MEMBERS = {
    "constructor_does_no_io": "__init__",
    "takes_turns": "step",
    "has_correct_gradients": "step",
    "updates_one_player": "step",
    "saves_all_state": "step",
    "resumes_exactly": "step",
    "averages_gradients": "step",
    "preview_has_no_side_effects": "preview",
    "names_its_targets": "targets",  # which returns names of domains
    "translates_any_size": "translate",
    "is_independent_of_batch": "translate",
    "draws_trained_size": "draw",
    "declares_options": "translate",
    "draws_from_given_noise": "translate",
    "returns_features": "features",
    "tracks_a_run": "log",
    "closes_when_not_started": "close",
    "rejects_unknown_weights": "recognizes",
    "converts_its_files": "convert",
    "writes_what_it_loads": "write",
    "rewards_better_outputs": "for_discriminator",
}
"""the method of a plugin that each rule tests, by the rule's function; `forward` for all others"""


class Cause(NamedTuple):
    """The cause of a broken rule."""

    message: str
    """what is wrong, and how to fix it"""
    place: Place | None
    """the line of the plugin, if it is known"""
    is_exception: bool
    """whether the plugin raised an exception; otherwise a result was wrong"""
    first_message: str
    """the message by which causes are compared, with numbers masked: that of the earliest exception
    in the chain with a line of the plugin, else of the earliest `TranslateError`, else of the
    exception itself"""

    def is_same(self, other: "Cause") -> bool:
        """Return whether the causes are the same.

        They are if one message contains the other, or if both are exceptions raised by the same
        line of the plugin.
        """
        if self.first_message in other.first_message or other.first_message in self.first_message:
            return True
        return self.is_exception and other.is_exception and self.place == other.place is not None


def find_cause(error: BaseException, owner: object, rule: Callable[..., Any], batch: Any) -> Cause:
    """Return why `rule` raised `error`.

    Args:
        error: The exception.
        owner: The class or function of the plugin.
        rule: The function that tests the rule.
        batch: A batch like those of `step`; None: the plugin gets no batch. If the plugin used a
            field that the batch does not have, the message lists the fields of the batch.
    """
    for each in _chain(error):
        if not isinstance(each, AssertionError) and (place := find_place(each, owner)):
            hint = _wrong_field(each, batch)
            message = f"It raised {describe_error(each)}.{hint}{_expected(place, owner)}"
            return Cause(message, place, True, _mask_numbers(describe_error(each)))
    place = getattr(error, "place", None)
    place = place or definition(owner, _member(rule, owner))  # the line of the method's `def`
    has_message = isinstance(error, (AssertionError, TranslateError))
    message = str(error) if has_message else f"It raised {describe_error(error)}"
    first = next((each for each in _chain(error) if isinstance(each, TranslateError)), error)
    return Cause(message, place, not isinstance(error, AssertionError), _mask_numbers(str(first)))


def _mask_numbers(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and its causes, the first cause first."""
    if error.__cause__:
        yield from _chain(error.__cause__)
    yield error


def _member(rule: Callable[..., Any], owner: object) -> str:
    """Return the method of `owner` that `rule` tests; its constructor if it has no such method."""
    member = MEMBERS.get(getattr(rule, "__name__", ""), "forward")
    return member if hasattr(owner, member) else "__init__"


def _expected(place: Place, owner: object) -> str:
    """Return what the method that contains `place` must do, as a sentence; empty if unknown."""
    sentence = METHOD_RULES.get(place.function, "") if hasattr(owner, place.function) else ""
    return f" Rule: {sentence}." if sentence else ""


def _wrong_field(error: BaseException, batch: Any) -> str:
    """Return a hint with the fields of `batch`; empty if `error` is not due to them.

    It is due to them if a field is missing, if the batch is unpacked into another number of
    variables, or if it is indexed by a name.
    """
    fields = getattr(batch, "_fields", None)
    if fields is None:
        return ""
    name = f"{type(batch).__name__}({', '.join(fields)})"
    if isinstance(error, AttributeError) and type(error.obj) is type(batch):
        others = [kind.__name__ for kind in BATCHES if error.name in kind._fields]
        other_layout = (  # a layout makes batches of the files of a folder
            f", or choose a layout with batches of {' or '.join(others)}" if others else ""
        )
        usable = " or ".join(f"batch.{field}" for field in fields)
        return f" The batch is {name}; it has no field {error.name!r}: use {usable}{other_layout}."
    unpacking = isinstance(error, ValueError) and "values to unpack" in str(error)
    if unpacking or (isinstance(error, TypeError) and "tuple indices" in str(error)):
        return f" The batch is {name}."
    return ""
