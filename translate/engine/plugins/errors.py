"""Messages for exceptions in a plugin's code: the plugin, file, line and broken rule."""

import linecache
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import NamedTuple

from translate.engine.disk import file_system
from translate.engine.plugins import discovery
from translate.engine.processes.signals import reraise_interruption
from translate.engine.system.memory import is_out_of_memory, setting_to_increase
from translate.errors import BadImage, PluginError, TranslateError, describe_error, message_of

RULES = {
    "__init__": "a constructor takes its options as keyword arguments, reads no file and no "
    "network, and works without a GPU",
    "optimizers": "`optimizers` must return a dict with one torch optimizer for each player",
    "step": "`step` must yield a Turn for each update of a player: yield Turn(player, name=loss)",
    "translate": "`translate` must return a tensor (N, C, H, W) in [-1, 1] for N images of any "
    "size that suits `geometry`",
    "targets": "`targets` must return a tuple of names of domains",
    "latents": "`latents` must return a tensor (count, dim, 1, 1) on the CPU",
    "draw": "`draw` must return images (N, C, H, W) in [-1, 1] for any output of `latents`",
    "conditions": "`conditions` must return a tuple of names",
    "walk": "`walk` must return a list of rows, each a tensor (N, C, H, W) in [-1, 1]",
    "preview": "`preview` must return a dict of rows, each a tensor (N, C, H, W) in [-1, 1], and "
    "leave the weights as they are",
    "training_state": "`training_state` must return a dict of tensors",
    "load_training_state": "`load_training_state` must take back what `training_state` returned",
    "pick": "`pick(index, random)` must return the Item(files) of every index below `len(layout)`",
    "load": "`load(item, transform)` must return a named tuple of tensors, and raise BadImage for "
    "a file that cannot be read",
}
"""The rule of the contract for each method of a plugin."""
RESULT_RULES = ("optimizers", "step", "targets", "conditions", "training_state")
"""methods with a rule about their result, which does not help if the method itself raises"""
MAX_CODE = 100
"""largest number of characters of a line of code in a message"""
NO_TEMPORARY = "No usable temporary directory"
"""Python's message if no temporary file can be written, because of a full disk or a limit"""
REPORT_TO_US = "This is a bug of translate: please report it"
REPORT_TO_AUTHOR = "Report it to the plugin's author"
BASE_PACKAGES = ("translate", "torch", "abc", "builtins", "typing", "pluggy")
"""packages that are never plugins"""


class CodeLine(NamedTuple):
    """A line of a plugin's code."""

    plugin: str
    """``distribution:entry``, or "" if the code belongs to no registered plugin"""
    file: str
    line: int
    function: str = ""
    """the name of the function"""

    def __str__(self) -> str:
        code = linecache.getline(self.file, self.line).strip()
        shown = code if len(code) <= MAX_CODE else f"{code[:MAX_CODE]} ..."
        owner = f"plugin {self.plugin}, " if self.plugin else ""
        return f"{owner}{self.file}, line {self.line}" + f": `{shown}`" * bool(shown)


@contextmanager
def plugin_code(owner: object, member: str) -> Iterator[None]:
    """Turn an exception in the block, which runs ``owner.member``, into a `PluginError`.

    Exceptions that `is_explained` accepts are raised unchanged. `owner` is the plugin's class,
    object or function, `member` a key of `RULES` or the name of a hook.
    """
    try:
        yield
    except BaseException as error:
        reraise_interruption(error)
        if is_explained(error):
            raise
        raise plugin_error(error, owner, member) from error


def is_explained(error: BaseException) -> bool:
    """Return whether `error` has a message for the user: ours, or one on memory, sizes or paths."""
    if isinstance(error, (TranslateError, BadImage)) or NO_TEMPORARY in message_of(error):
        return True
    if not isinstance(error, Exception):
        return False
    return bool(
        is_out_of_memory(error)
        or setting_to_increase(error)
        or file_system.explain_path_error(error)
    )


def plugin_error(error: BaseException, owner: object, member: str, at: str = "") -> PluginError:
    """Return a `PluginError` with plugin, file, line and rule, for an error of ``owner.member``.

    `owner` and `member` are as in `plugin_code`. `at` is the place to name if no line of the
    plugin is in the traceback.
    """
    place = find_place(error, owner)
    where = f" ({place})" if place else at
    report = REPORT_TO_US if place and _is_ours(place) else REPORT_TO_AUTHOR
    broken_rule = "" if place and member in RESULT_RULES else rule(member)
    return PluginError(
        f"{qualified_name(owner, member)} raised {describe_error(error)}{where}. "
        f"{broken_rule}{report}; TRANSLATE_DEBUG=1 shows the traceback."
    )


def qualified_name(owner: object, member: str) -> str:
    """Return ``Class.member``, or the name of a function."""
    kind = owner if isinstance(owner, type) or hasattr(owner, "__name__") else type(owner)
    name = str(getattr(kind, "__name__", kind))
    return name if member in ("__init__", name) else f"{name}.{member}"


def rule(member: str) -> str:
    """Return the rule for `member` as a sentence, or ""."""
    return f"Rule: {RULES[member]}. " if member in RULES else ""


def find_place(error: BaseException, owner: object = None) -> CodeLine | None:
    """Return the innermost line of a plugin's code in the traceback of `error`, or None.

    Modules in a registered plugin's package are a plugin's code, and so is `owner`'s module. If a
    third party's plugin calls a built-in plugin, the line is the third party's.
    """
    return innermost_place(walk_tb(error.__traceback__), owner)


def innermost_place(
    frames: Iterable[tuple[FrameType, int]], owner: object = None
) -> CodeLine | None:
    """Return the last line of a plugin's code in `frames`, which are frames and lines; or None."""
    owners = _owners(owner)
    places = []
    for frame, line in frames:
        module = str(frame.f_globals.get("__name__", ""))
        if (plugin := _plugin(module, owners)) is not None:
            code = frame.f_code
            places.append(CodeLine(plugin, code.co_filename, line, code.co_name))
    third_party = [place for place in places if not _is_ours(place)]
    return (third_party or places)[-1] if places else None


def _is_ours(place: CodeLine) -> bool:
    return place.plugin.startswith(f"{discovery.OWN_DISTRIBUTION}:")


def definition_location(owner: object, member: str) -> str:
    """Return the place where a plugin defines ``owner.member``, to end a message with, or ""."""
    place = definition(owner, member)
    return f" ({place})" if place else ""


def definition(owner: object, member: str) -> CodeLine | None:
    """Return the place where a plugin defines ``owner.member``; None if it is not in Python."""
    function = getattr(owner, member, None)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return None
    line = code.co_firstlineno  # of the first decorator
    while linecache.getline(code.co_filename, line).lstrip().startswith("@"):
        line += 1
    return place_of(function, code.co_filename, line, code.co_name)


def yield_location(recipe: object, generator: object) -> str:
    """Return the line at which a `generator` of ``recipe.step`` has yielded, to end a message."""
    frame, code = getattr(generator, "gi_frame", None), getattr(generator, "gi_code", None)
    if frame is None or code is None:
        return definition_location(recipe, "step")
    function = getattr(recipe, "step", None)
    return f" ({place_of(function, code.co_filename, frame.f_lineno, code.co_name)})"


def place_of(owner: object, file: str, line: int, function: str) -> CodeLine:
    """Return a line of the plugin that defines the class or function `owner`."""
    plugin = _plugin(str(getattr(owner, "__module__", "")), _owners(None)) or ""
    return CodeLine(plugin, file, line, function)


def engine_place(error: BaseException) -> str:
    """Return the innermost line of the engine in the traceback of `error`: ``FILE, line N``."""
    lines = [
        f"{Path(frame.f_code.co_filename)}, line {line}"
        for frame, line in walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).split(".")[0] == "translate"
    ]
    return lines[-1] if lines else "no line of translate"


def is_third_party(error: BaseException) -> bool:
    """Return whether the traceback of `error` has code of a plugin that is not built in."""
    place = find_place(error)
    return place is not None and not _is_ours(place)


def describe_unexpected(error: BaseException, owner: object = None) -> str:
    """Return a message on an unexpected exception: its text, its place, and where to report it."""
    if isinstance(error, MemoryError) or (isinstance(error, Exception) and is_out_of_memory(error)):
        return "not enough memory"
    if place := find_place(error, owner):
        report = REPORT_TO_US if _is_ours(place) else REPORT_TO_AUTHOR
        return f"{describe_error(error)} ({place}). {report}."
    return f"{describe_error(error)} ({engine_place(error)}). {REPORT_TO_US}."


def _owners(owner: object) -> dict[str, str]:
    """Return the name of the plugin for each module with a plugin's code."""
    plugins: dict[str, str] = {}
    for name, plugin in discovery.load().list_name_plugin():
        module = getattr(plugin, "__name__", None)
        plugins |= dict.fromkeys([str(module)] if module else _modules(plugin), name)
    owners = {module: _plugin(module, plugins) or "" for module in _modules(owner)} | plugins
    return {m: name for m, name in owners.items() if m.split(".")[0] not in BASE_PACKAGES}


def _modules(owner: object) -> Iterator[str]:
    """Yield the modules that define a class, an object or a function, and its base classes."""
    if owner is None:
        return
    kind = owner if isinstance(owner, type) else type(owner)
    if hasattr(owner, "__name__") and not isinstance(owner, type):
        yield str(getattr(owner, "__module__", ""))
    for base in kind.__mro__:
        modules = (getattr(member, "__module__", None) for member in vars(base).values())
        yield from {base.__module__, *(name for name in modules if isinstance(name, str))}


def _plugin(module: str, owners: dict[str, str]) -> str | None:
    """Return the plugin with the longest common dotted prefix with `module`, or None."""
    best = max(owners, key=lambda name: _common_prefix_length(module, name), default="")
    return owners[best] if _common_prefix_length(module, best) else None


def _common_prefix_length(module: str, other: str) -> int:
    """Return the length of the common prefix of two dotted paths, in names."""
    pairs: Iterable[tuple[str, str]] = zip(module.split("."), other.split("."), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] and pair[0] == pair[1], pairs))
