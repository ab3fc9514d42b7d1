"""Check that a recipe can train on the batches of a layout."""

from typing import Any, get_args, get_origin

from translate.batches import Layout
from translate.engine.config.schema import Config
from translate.errors import ConfigError, PluginError
from translate.recipe import Recipe
from translate.registry import find, names


def check_batch_type(config: Config, layout: Layout) -> None:
    """Raise `ConfigError` if the layout's batches lack a field of the recipe's batches.

    A recipe declares the type of its batches by its base, ``class CycleGAN(Recipe[Pair])``. If it
    declares no type, nothing is checked.
    """
    expected, actual = batch_type(find("recipe", config.recipe)), getattr(layout, "batch", None)
    if actual is None:
        raise PluginError(
            f"layout {config.data.layout_name!r}: {type(layout).__name__} has no attribute "
            "`batch`. Expected the type of its batches, such as: batch = Pair"
        )
    if _has_fields_of(actual, expected):
        return
    suitable = sorted(
        name
        for name, factory in names("layout").items()
        if _has_fields_of(getattr(factory, "batch", tuple), expected)
    )
    proposal = f" Choose {' or '.join(suitable)}: --set data.layout=NAME" if suitable else ""
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


def _has_fields_of(batch: Any, expected: Any) -> bool:
    return {*_fields(expected)} <= {*_fields(batch)}


def _fields(batch: Any) -> tuple[str, ...]:
    return getattr(batch, "_fields", ())


def _describe(batch: Any) -> str:
    return f"{batch.__name__}({', '.join(_fields(batch))})"
