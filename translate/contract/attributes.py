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

from translate.engine.plugins.errors import CodeLine, place_of

SCALARS = (bool, int, float, complex, str, bytes, type(None))
MODULE_ATTRIBUTES = frozenset(vars(nn.Module()))
"""attributes that every `nn.Module` has, such as its parameters, buffers and hooks"""
LIBRARIES = ("translate", "torch", "numpy", "builtins", "abc", "typing", "pluggy")
"""packages that are not plugins"""


def attributes(recipe: nn.Module) -> dict[str, Any]:
    """Return copies of the attributes of all modules of `recipe`, by dotted name.

    Numbers, strings, tensors, arrays and the states of random generators are copied, also those
    within lists, dictionaries and objects. Parameters and buffers are not copied.
    """
    values: dict[str, Any] = {}
    visited_ids = {id(module) for module in recipe.modules()}
    for path, module in recipe.named_modules():
        for name, value in vars(module).items():
            if name not in MODULE_ATTRIBUTES:
                values |= _leaves(f"{path}.{name}".lstrip("."), value, visited_ids)
    return values


def class_and_global_numbers(recipe: nn.Module) -> dict[str, Any]:
    """Return copies of the numbers in class attributes and global variables of `recipe`.

    All instances share them, and no checkpoint saves them.
    """
    values: dict[str, Any] = {}
    for cls in _plugin_classes(recipe):
        module = sys.modules.get(cls.__module__)
        global_variables = vars(module) if module else {}
        for owner, variables in ((cls.__name__, vars(cls)), (cls.__module__, global_variables)):
            for name, value in variables.items():
                if type(value) in (int, float, complex) or isinstance(value, Tensor):
                    values |= _leaves(f"{owner}.{name}", value, set())
    return values


def differing_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of values that are not bitwise equal; NaN is equal to NaN."""
    absent_value = object()
    names = dict.fromkeys([*before, *after])
    return [n for n in names if not _equal(before.get(n, absent_value), after.get(n, absent_value))]


def find_assignment(recipe: nn.Module, name: str) -> CodeLine | None:
    """Return the line outside constructors that assigns an attribute, or else one that uses it.

    `name` is a name that `attributes` returns, such as ``len(pool.images)``.
    """
    names = re.findall(r"\w+", name.removeprefix("len("))
    for cls in _plugin_classes(recipe):
        try:
            lines, first_line = inspect.getsourcelines(cls)
            tree = ast.parse(textwrap.dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError):
            continue  # no source file: defined interactively
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name != "__init__":
                for line in _attribute_lines(function, names):
                    file = inspect.getfile(cls)
                    return place_of(cls, file, first_line + line - 1, function.name)
    return None


def _plugin_classes(recipe: nn.Module) -> set[type]:
    """Return the classes of all modules of `recipe`, and their bases, that a plugin defines."""
    classes = {cls for module in recipe.modules() for cls in type(module).__mro__}
    return {cls for cls in classes if not _is_of_library(cls)}


def _is_of_library(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in LIBRARIES


def _attribute_lines(function: ast.FunctionDef, names: list[str]) -> list[int]:
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


def _leaves(name: str, value: Any, visited_ids: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield the scalars, arrays and generator states within `value`, each with its name.

    Objects with ids in `visited_ids` are skipped.
    """
    if isinstance(value, SCALARS):
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
            yield from _leaves(f"{name}[{key!r}]", item, visited_ids)
    elif isinstance(value, list | tuple | deque):
        yield f"len({name})", len(value)
        for index, item in enumerate(value):
            yield from _leaves(f"{name}[{index}]", item, visited_ids)
    elif isinstance(value, nn.Module):
        for key, item in value.state_dict().items():
            yield f"{name}.{key}", item.detach().clone()
    elif not isinstance(value, type) and not _is_of_library(type(value)):
        for key, item in getattr(value, "__dict__", {}).items():
            yield from _leaves(f"{name}.{key}", item, visited_ids)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        same = one.dtype == other.dtype and one.shape == other.shape
        return same and bool(((one == other) | ((one != one) & (other != other))).all())
    if isinstance(one, np.ndarray | np.generic) and isinstance(other, np.ndarray | np.generic):
        return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))
    if isinstance(one, float) and isinstance(other, float) and one != one:
        return other != other
    return type(one) is type(other) and bool(one == other)
