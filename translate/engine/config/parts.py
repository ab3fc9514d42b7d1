"""Options that have a part of a recipe as value: a network or a loss.

The value is the name of a plugin, or a mapping with ``name`` and the options of the plugin.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from translate.engine.system.signatures import Option
from translate.registry import Kind, PartConfig, find, names


def part_kind(option: Option) -> Kind | None:
    """Return the kind of plugin that `option` takes, which is the kind of its default; or None.

    If parts of several kinds have the default's name, the type decides, as `DiscriminatorConfig`,
    or the name of the option if it is a kind.
    """
    if not _takes_parts(option.annotation):
        return None
    default = part_name(option.default)
    kinds: tuple[Kind, ...] = ("generator", "loss", "discriminator")
    matching = [kind for kind in kinds if default in names(kind)]
    notes = [note for note in get_args(option.annotation) if get_origin(note) is Literal]
    preferred = get_args(notes[0])[0] if notes else option.name
    return next((kind for kind in matching if kind == preferred), next(iter(matching), None))


def is_adversarial(loss: str) -> bool:
    """Return whether the loss with this name takes the scores of a discriminator."""
    return hasattr(find("loss", loss), "for_discriminator")


def part_name(part: Any) -> str:
    """Return the name of a part, given as a name or as a mapping with ``name``."""
    return str(part.get("name") if isinstance(part, Mapping) else part)


def _takes_parts(annotation: Any) -> bool:
    if annotation is Any:  # no annotation: the default's name decides
        return True
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return inner == PartConfig or inner == PartConfig | None
