"""Refuse a layout whose batches a recipe cannot train on."""

from typing import Any, get_args, get_origin

from translate.batches import Layout
from translate.engine.config.schema import Config
from translate.errors import ConfigError, PluginError
from translate.recipe import Recipe
from translate.registry import find, names


def require_batch(config: Config, layout: Layout) -> None:
    """Raise `ConfigError` if the layout's batches lack a field of the recipe's batches.

    A recipe declares the type of its batches by its base, ``class CycleGAN(Recipe[Pair])``; without
    a type it is not checked.
    """
    expected, actual = batch_type(find("recipe", config.recipe)), getattr(layout, "batch", None)
    if actual is None:
        raise PluginError(
            f"layout {config.data.layout_name!r}: {type(layout).__name__} has no attribute "
            "`batch`. Expected the type of its batches, such as: batch = Pair"
        )
    if _fits(expected, actual):
        return
    fitting = sorted(
        name
        for name, factory in names("layout").items()
        if _fits(expected, getattr(factory, "batch", tuple))
    )
    proposal = f" Choose {' or '.join(fitting)}: --set data.layout=NAME" if fitting else ""
    raise ConfigError(
        f"data.layout: {config.data.layout_name!r} gives {_describe(actual)}, and {config.recipe} "
        f"trains on {_describe(expected)}.{proposal}"
    )


def batch_type(recipe: Any) -> Any:
    """Return the named tuple in the base of a recipe's class, or None."""
    for kind in getattr(recipe, "__mro__", ()):
        for base in vars(kind).get("__orig_bases__", ()):
            if get_origin(base) is Recipe:
                (batch,) = get_args(base)
                return batch if hasattr(batch, "_fields") else None
    return None


def _fits(expected: Any, actual: Any) -> bool:
    return {*_fields(expected)} <= {*_fields(actual)}


def _fields(batch: Any) -> tuple[str, ...]:
    return getattr(batch, "_fields", ())


def _describe(batch: Any) -> str:
    return f"{batch.__name__}({', '.join(_fields(batch))})"
