"""Exceptions in a plugin's code: which plugin, which file and line, and which rule it broke."""

import linecache
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple

from translate.engine.disk import file_system
from translate.engine.plugins import discovery
from translate.engine.processes.signals import reraise_interruption
from translate.engine.system.memory import out_of_memory, too_small
from translate.errors import BadImage, PluginError, TranslateError, describe_error, message_of

RULES = {
    "__init__": "a constructor takes its options as keyword arguments, reads no file and no "
    "network, and works without a GPU",
    "optimizers": "`optimizers` must return a dict with one torch optimizer for each player",
    "step": "`step` must yield a Turn for each player's move: yield Turn(player, name=loss)",
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
"""The rule that holds for each method of a plugin."""
CODE = 100
"""characters of a line of code that an error shows"""
NO_TEMPORARY = "No usable temporary directory"
"""what Python says where no file can be written, for want of room or by a limit"""
BUG = "This is a bug of translate: please report it"
REPORT = "Report it to the plugin's author"
ENGINE = "translate"
FOREIGN = (ENGINE, "torch", "abc", "builtins", "typing", "pluggy")
"""packages in which classes of plugins have their bases"""


class Place(NamedTuple):
    """Where in a plugin's code something happened."""

    plugin: str
    """``distribution:entry``, or "" where no registered plugin has this code"""
    file: str
    line: int
    function: str = ""
    """the name of the function that holds the line"""

    def __str__(self) -> str:
        code = linecache.getline(self.file, self.line).strip()
        shown = code if len(code) <= CODE else f"{code[:CODE]} ..."
        owner = f"plugin {self.plugin}, " if self.plugin else ""
        return f"{owner}{self.file}, line {self.line}" + f": `{shown}`" * bool(shown)


@contextmanager
def plugin_code(owner: object, member: str) -> Iterator[None]:
    """Run ``owner.member`` of a plugin: raise `PluginError` for what is raised in the block.

    `owner` is the plugin's class, object or function, `member` a key of `RULES` or the name of a
    hook. Errors that have words of their own pass: `TranslateError`, `BadImage`, and those that the
    engine explains (memory, images that are too small for a layer, paths that are refused).
    """
    try:
        yield
    except BaseException as error:
        reraise_interruption(error)
        if is_explained(error):
            raise
        raise plugin_error(error, owner, member) from error


def is_explained(error: BaseException) -> bool:
    """Tell whether `error` has words of its own, or the engine has them."""
    if isinstance(error, (TranslateError, BadImage)) or NO_TEMPORARY in message_of(error):
        return True
    if not isinstance(error, Exception):
        return False
    return bool(out_of_memory(error) or too_small(error) or file_system.explain_path_error(error))


def plugin_error(error: BaseException, owner: object, member: str, at: str = "") -> PluginError:
    """Return `error`, raised by ``owner.member``, in words: plugin, file, line and rule.

    `at` says where, for an error that came through no line of the plugin.
    """
    where = find_place(error, owner)
    place = f" ({where})" if where else at
    ours = bool(where and where.plugin.startswith(f"{discovery.OWN_DISTRIBUTION}:"))
    said = f"{called(owner, member)} raised {reason(error)}{place}. {rule(member)}"
    return PluginError(f"{said}{BUG if ours else REPORT}; TRANSLATE_DEBUG=1 shows the traceback.")


def called(owner: object, member: str) -> str:
    """Return ``Class.member`` or the function's name, as an error names it."""
    kind = owner if isinstance(owner, type) or hasattr(owner, "__name__") else type(owner)
    name = str(getattr(kind, "__name__", kind))
    return name if member in ("__init__", name) else f"{name}.{member}"


def rule(member: str) -> str:
    """Return what holds for `member`, as a sentence; or nothing."""
    return f"Rule: {RULES[member]}. " if member in RULES else ""


def reason(error: BaseException) -> str:
    """Return the exception's class and message in one line."""
    return describe_error(error)


def find_place(error: BaseException, owner: object = None) -> Place | None:
    """Return the innermost line of a plugin's code that `error` came through, or None.

    A plugin's code is that of a registered plugin's package, or of `owner`'s module. Where another
    plugin called one of our own distribution, the line is the other's.
    """
    return innermost(_frames(error.__traceback__), owner)


def innermost(frames: Iterable[tuple[FrameType, int]], owner: object = None) -> Place | None:
    """Return the last of `frames`, each with its line, that is a plugin's code, or None."""
    owners = _owners(owner)
    places = []
    for frame, line in frames:
        module = str(frame.f_globals.get("__name__", ""))
        if (plugin := _plugin(module, owners)) is not None:
            code = frame.f_code
            places.append(Place(plugin, code.co_filename, line, code.co_name))
    others = [
        place for place in places if not place.plugin.startswith(f"{discovery.OWN_DISTRIBUTION}:")
    ]
    return (others or places)[-1] if places else None


def at_definition(owner: object, member: str) -> str:
    """Return where a plugin defines ``owner.member``, as the end of a message; or nothing."""
    place = definition(owner, member)
    return f" ({place})" if place else ""


def definition(owner: object, member: str) -> Place | None:
    """Return where a plugin defines ``owner.member``, or None where it is not written in Python."""
    function = getattr(owner, member, None)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return None
    line = code.co_firstlineno  # of the first decorator
    while linecache.getline(code.co_filename, line).lstrip().startswith("@"):
        line += 1
    return place_of(function, code.co_filename, line, code.co_name)


def at_yield(owner: object, member: str, generator: object) -> str:
    """Return where ``owner.member``, of which this is the `generator`, has just yielded."""
    frame, code = getattr(generator, "gi_frame", None), getattr(generator, "gi_code", None)
    if frame is None or code is None:
        return at_definition(owner, member)
    function = getattr(owner, member, None)
    return f" ({place_of(function, code.co_filename, frame.f_lineno, code.co_name)})"


def place_of(owner: object, file: str, line: int, function: str) -> Place:
    """Return a line as a place of the plugin whose class or function `owner` is."""
    plugin = _plugin(str(getattr(owner, "__module__", "")), _owners(None)) or ""
    return Place(plugin, file, line, function)


def engine_place(error: BaseException) -> str:
    """Return the innermost line of ours that `error` came through: ``FILE, line N``."""
    ours = [
        f"{Path(frame.f_code.co_filename)}, line {line}"
        for frame, line in _frames(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).split(".")[0] == ENGINE
    ]
    return ours[-1] if ours else "no line of ours"


def is_third_party(error: BaseException) -> bool:
    """Tell whether `error` came through the code of a plugin that is not our own."""
    where = find_place(error)
    return where is not None and not where.plugin.startswith(f"{discovery.OWN_DISTRIBUTION}:")


def describe_unexpected(error: BaseException, owner: object = None) -> str:
    """Return what to say of an exception that nobody expected: whose fault it is, and where."""
    if isinstance(error, MemoryError) or (isinstance(error, Exception) and out_of_memory(error)):
        return "not enough memory"
    if where := find_place(error, owner):
        ours = where.plugin.startswith(f"{discovery.OWN_DISTRIBUTION}:")
        return f"{reason(error)} ({where}). {BUG if ours else REPORT}."
    return f"{reason(error)} ({engine_place(error)}). {BUG}."


def _frames(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _owners(owner: object) -> dict[str, str]:
    """Return the modules that are plugins' code, with the names of their plugins."""
    found: dict[str, str] = {}
    for name, plugin in discovery.load().list_name_plugin():
        module = getattr(plugin, "__name__", None)
        found |= dict.fromkeys([str(module)] if module else _modules(plugin), name)
    own = {module: _plugin(module, found) or "" for module in _modules(owner)}
    found = {**own, **found}
    return {module: name for module, name in found.items() if module.split(".")[0] not in FOREIGN}


def _modules(owner: object) -> Iterator[str]:
    """Yield the modules in which a class, an object or a function is defined, base classes too."""
    if owner is None:
        return
    kind = owner if isinstance(owner, type) else type(owner)
    if hasattr(owner, "__name__") and not isinstance(owner, type):
        yield str(getattr(owner, "__module__", ""))
    for each in kind.__mro__:
        functions = (getattr(member, "__module__", None) for member in vars(each).values())
        yield from {each.__module__, *(name for name in functions if isinstance(name, str))}


def _plugin(module: str, owners: dict[str, str]) -> str | None:
    """Return the plugin to which `module` belongs, or None: the one with the longest common path.

    Modules beside a plugin's, in one package with it, are its code as well.
    """
    best = max(owners, key=lambda name: _common(module, name), default="")
    return owners[best] if _common(module, best) else None


def _common(module: str, other: str) -> int:
    """Return how many names two dotted paths share at their beginning."""
    pairs: Iterable[tuple[str, str]] = zip(module.split("."), other.split("."), strict=False)
    count = 0
    for one, two in pairs:
        if not one or one != two:
            break
        count += 1
    return count
