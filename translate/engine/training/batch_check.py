"""Refuse a layout whose batches are not those that a recipe trains on."""

from typing import Any, get_args, get_origin

from translate.batches import Layout
from translate.engine.config.schema import Config
from translate.errors import ConfigError, PluginError
from translate.recipe import Recipe
from translate.registry import find, names


def expect_batch(asked: Config, layout: Layout) -> None:
    """Raise `ConfigError` where the recipe's batches have a field that the layout's lack.

    A recipe says what it trains on by its base: ``class CycleGAN(Recipe[Pair])``. One that does
    not say it is not checked.
    """
    wanted, given = batch_type(find("recipe", asked.recipe)), getattr(layout, "batch", None)
    if given is None:
        raise PluginError(
            f"layout {asked.data.layout_name!r}: {type(layout).__name__} does not say what its "
            "batches are. Expected a type, such as: batch = Pair"
        )
    if _fits(wanted, given):
        return
    fitting = sorted(
        name
        for name, factory in names("layout").items()
        if _fits(wanted, getattr(factory, "batch", tuple))
    )
    try_one = f" Choose {' or '.join(fitting)}: --set data.layout=NAME" if fitting else ""
    raise ConfigError(
        f"data.layout: {asked.data.layout_name!r} gives {_described(given)}, and {asked.recipe} "
        f"trains on {_described(wanted)}.{try_one}"
    )


def batch_type(recipe: Any) -> Any:
    """Return the named tuple that a recipe's class says it trains on, or None."""
    for kind in getattr(recipe, "__mro__", ()):
        for base in vars(kind).get("__orig_bases__", ()):
            if get_origin(base) is Recipe:
                (batch,) = get_args(base)
                return batch if hasattr(batch, "_fields") else None
    return None


def _fits(wanted: Any, given: Any) -> bool:
    return {*_fields(wanted)} <= {*_fields(given)}


def _fields(batch: Any) -> tuple[str, ...]:
    return getattr(batch, "_fields", ())


def _described(batch: Any) -> str:
    return f"{batch.__name__}({', '.join(_fields(batch))})"
