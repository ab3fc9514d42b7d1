"""State that checkpoints do not save: numbers, lists and tensors in Python attributes."""

import ast
import inspect
import random
import re
import sys
import textwrap
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from translate.engine.plugins.errors import Place, place_of

PLAIN = (bool, int, float, complex, str, bytes, type(None))
INTERNAL = frozenset(vars(nn.Module()))
"""attributes of `nn.Module` itself: parameters, buffers, hooks"""
LIBRARIES = ("translate", "torch", "numpy", "builtins", "abc", "typing", "pluggy")
"""packages whose classes are not a plugin's"""


def attributes(recipe: nn.Module) -> dict[str, Any]:
    """Return copies of the attributes of all modules of `recipe`, by dotted name.

    These are numbers, strings, tensors, arrays and random generators, also within lists,
    dictionaries and objects; not parameters and buffers.
    """
    values: dict[str, Any] = {}
    known = {id(module) for module in recipe.modules()}
    for path, module in recipe.named_modules():
        for name, value in vars(module).items():
            if name not in INTERNAL:
                values |= _values(f"{path}.{name}".lstrip("."), value, known)
    return values


def class_and_global_numbers(recipe: nn.Module) -> dict[str, Any]:
    """Return copies of the numbers in class attributes and global variables of `recipe`.

    All instances share them, and no checkpoint saves them.
    """
    values: dict[str, Any] = {}
    for kind in {c for module in recipe.modules() for c in type(module).__mro__}:
        if kind.__module__.partition(".")[0] in LIBRARIES:
            continue
        for name, value in vars(kind).items():
            if type(value) in (int, float, complex) or isinstance(value, Tensor):
                values |= _values(f"{kind.__name__}.{name}", value, set())
        source = sys.modules.get(kind.__module__)
        for name, value in vars(source).items() if source else ():
            if type(value) in (int, float, complex) or isinstance(value, Tensor):
                values |= _values(f"{kind.__module__}.{name}", value, set())
    return values


def differing_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of values that are not bitwise equal; NaN is equal to NaN."""
    missing = object()
    keys = dict.fromkeys([*before, *after])
    return [k for k in keys if not _equal(before.get(k, missing), after.get(k, missing))]


def find_assignment(recipe: nn.Module, name: str) -> Place | None:
    """Return the line outside constructors that assigns the attribute `name`, or uses it."""
    names = re.findall(r"\w+", name.removeprefix("len("))
    for kind in {c for module in recipe.modules() for c in type(module).__mro__}:
        if kind.__module__.partition(".")[0] in LIBRARIES:
            continue
        try:
            lines, first = inspect.getsourcelines(kind)
            tree = ast.parse(textwrap.dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError):
            continue  # no source file: defined interactively
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name != "__init__":
                for line in _lines_of(function, names):
                    file = inspect.getfile(kind)
                    return place_of(kind, file, first + line - 1, function.name)
    return None


def _lines_of(function: ast.FunctionDef, names: list[str]) -> list[int]:
    """Return the lines that assign one of the attributes `names` of ``self``, or else use one."""
    nodes = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and node.attr in names
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    ]
    return [n.lineno for n in nodes if isinstance(n.ctx, ast.Store)] or [n.lineno for n in nodes]


def _values(name: str, value: Any, visited_ids: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield the scalars, arrays and generator states within `value`, each with its name."""
    if isinstance(value, PLAIN):
        yield name, value
        return
    if id(value) in visited_ids:
        return
    visited_ids.add(id(value))
    if isinstance(value, Tensor):
        yield name, value.detach().clone()
    elif isinstance(value, np.ndarray | np.generic):
        yield name, value.copy()
    elif isinstance(value, torch.Generator):
        yield name, value.get_state()
    elif isinstance(value, random.Random):
        yield name, value.getstate()
    elif isinstance(value, np.random.Generator):
        yield name, str(value.bit_generator.state)
    elif isinstance(value, count | set | frozenset):
        yield name, repr(value)
    elif isinstance(value, Mapping):
        yield f"len({name})", len(value)
        for key, item in value.items():
            yield from _values(f"{name}[{key!r}]", item, visited_ids)
    elif isinstance(value, list | tuple | deque):
        yield f"len({name})", len(value)
        for index, item in enumerate(value):
            yield from _values(f"{name}[{index}]", item, visited_ids)
    elif isinstance(value, nn.Module):
        for key, item in value.state_dict().items():
            yield f"{name}.{key}", item.detach().clone()
    elif not isinstance(value, type) and type(value).__module__.partition(".")[0] not in LIBRARIES:
        for key, item in getattr(value, "__dict__", {}).items():
            yield from _values(f"{name}.{key}", item, visited_ids)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        same = one.dtype == other.dtype and one.shape == other.shape
        return same and bool(((one == other) | ((one != one) & (other != other))).all())
    if isinstance(one, np.ndarray | np.generic) and isinstance(other, np.ndarray | np.generic):
        return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))
    if isinstance(one, float) and isinstance(other, float) and one != one:
        return other != other
    return type(one) is type(other) and bool(one == other)
