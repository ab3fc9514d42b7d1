"""Why a plugin breaks a rule: what is wrong, how to fix it, and the line of the plugin.

A rule is a function of `translate.contract` that tests a plugin; it raises an exception if the
plugin breaks the rule.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from translate.batches import Captioned, Images, Labelled, Pair
from translate.engine.plugins.errors import RULES as METHOD_DUTIES
from translate.engine.plugins.errors import CodeLine, definition, find_place
from translate.errors import TranslateError, describe_error

BATCH_TYPES = (Pair, Images, Labelled, Captioned)
TESTED_METHODS = {
    "constructor_does_no_io": "__init__",
    "takes_turns": "step",
    "has_correct_gradients": "step",
    "updates_one_player": "step",
    "saves_all_state": "step",
    "resumes_exactly": "step",
    "averages_gradients": "step",
    "preview_has_no_side_effects": "preview",
    "names_its_targets": "targets",
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
"""the method of a plugin that a rule tests, by the rule's name; other rules test `forward`"""


class Cause(NamedTuple):
    """Why a plugin breaks a rule."""

    message: str
    """what is wrong, and how to fix it"""
    place: CodeLine | None
    """the line of the plugin, if it is known"""
    is_exception: bool
    """whether testing the plugin raised an exception; otherwise a result was wrong"""
    masked_message: str
    """the message of the exception, with numbers masked, for comparison with other causes"""

    def is_same(self, other: "Cause") -> bool:
        """Return whether one masked message contains the other, or one line raised both."""
        one, two = self.masked_message, other.masked_message
        same_line = self.place is not None and self.place == other.place
        return one in two or two in one or (self.is_exception and other.is_exception and same_line)


def find_cause(error: BaseException, owner: object, rule: Callable[..., Any], batch: Any) -> Cause:
    """Return why `rule` raised `error`.

    Args:
        error: The exception.
        owner: The class or function of the plugin.
        rule: The function that tests the rule.
        batch: A batch like those of `step`; None: the plugin gets no batch. If the plugin used a
            field that the batch does not have, the message lists the fields of the batch.
    """
    for each in _chain(error):  # an `AssertionError` is that of the rule
        if not isinstance(each, AssertionError) and (place := find_place(each, owner)):
            hint = _batch_hint(each, batch)
            message = f"It raised {describe_error(each)}.{hint}{_method_duty(place, owner)}"
            return Cause(message, place, True, _mask_numbers(describe_error(each)))
    # no line of the plugin raised it: name the line that the rule found, else the tested method
    place = getattr(error, "place", None) or definition(owner, _tested_method(rule, owner))
    has_message = isinstance(error, (AssertionError, TranslateError))
    message = str(error) if has_message else f"It raised {describe_error(error)}"
    original = next((each for each in _chain(error) if isinstance(each, TranslateError)), error)
    is_exception = not isinstance(error, AssertionError)
    return Cause(message, place, is_exception, _mask_numbers(str(original)))


def _mask_numbers(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that led to `error`, the original one first, then `error`."""
    if error.__cause__:
        yield from _chain(error.__cause__)
    yield error


def _tested_method(rule: Callable[..., Any], owner: object) -> str:
    """Return the method of `owner` that `rule` tests; its constructor if it has no such method."""
    member = TESTED_METHODS.get(getattr(rule, "__name__", ""), "forward")
    return member if hasattr(owner, member) else "__init__"


def _method_duty(place: CodeLine, owner: object) -> str:
    """Return what the method that contains `place` must do, as a sentence, or ""."""
    sentence = METHOD_DUTIES.get(place.function, "") if hasattr(owner, place.function) else ""
    return f" Rule: {sentence}." if sentence else ""


def _batch_hint(error: BaseException, batch: Any) -> str:
    """Return a hint with the fields of `batch`, or "" if `error` has nothing to do with them.

    The hint helps if the plugin used a field that does not exist, unpacked the batch into a wrong
    number of variables, or indexed the batch by a name.
    """
    fields = getattr(batch, "_fields", None)
    if fields is None:
        return ""
    signature = f"{type(batch).__name__}({', '.join(fields)})"
    if isinstance(error, AttributeError) and type(error.obj) is type(batch):
        advice = "use " + " or ".join(f"batch.{field}" for field in fields)
        if types := [kind.__name__ for kind in BATCH_TYPES if error.name in kind._fields]:
            advice += f", or choose a layout with batches of {' or '.join(types)}"
        return f" The batch is {signature}; it has no field {error.name!r}: {advice}."
    unpacking = isinstance(error, ValueError) and "values to unpack" in str(error)
    if unpacking or (isinstance(error, TypeError) and "tuple indices" in str(error)):
        return f" The batch is {signature}."
    return ""
