"""Options and noise of a recipe's `translate` and `draw`."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from inspect import Parameter, signature
from typing import Any

import torch
from torch import Tensor

from translate.engine.system import signatures
from translate.engine.system.signatures import Option
from translate.errors import ConfigError, short_repr, suggest
from translate.images.domains.levels import from_network_range
from translate.nn.noise import Noise

Call = Callable[..., Tensor]
"""`translate` or `draw` of a recipe or of its class"""

ENGINE_PARAMETERS = ("self", "images", "to", "latents", "condition", "noise")
"""parameters that the engine sets, which are not options"""


def options_of(call: Call) -> dict[str, Option]:
    """Return the options of `call`: its keyword-only parameters that the engine does not set."""
    names = keyword_only(call)
    options = signatures.read_options(call, ENGINE_PARAMETERS)
    return {name: option for name, option in options.items() if name in names}


def keyword_only(function: Callable[..., Any]) -> list[str]:
    """Return the names of the keyword-only parameters of `function`."""
    parameters = signature(function).parameters.values()
    return [each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY]


def takes_noise(call: Call) -> bool:
    """Return whether `call` draws random numbers."""
    return "noise" in signature(call).parameters


def complete_options(
    call: Call, options: Mapping[str, Any], run: str, other_names: Sequence[str] = ()
) -> dict[str, Any]:
    """Return all options of `call`: the `options` ones converted to their types, or defaults.

    Args:
        call: `translate` or `draw` of a recipe.
        options: values of options by name.
        run: the name of the model, for messages.
        other_names: further names to suggest for an unknown option.

    Raises:
        ConfigError: for an unknown option, or a value of another type or out of range.
    """
    declared_options = options_of(call)
    see = f"See: translate show {run}"
    for name in options:
        if name not in declared_options:
            nearest = (
                suggest(name, [*declared_options, *other_names])
                if declared_options or other_names
                else ""
            )
            raise ConfigError(
                f"{run}: {call.__name__} has no option {short_repr(name)}.{nearest} {see}"
            )
    title = f"{run}: {call.__name__}"
    try:
        converted_options = signatures.convert_options(title, call, options, ENGINE_PARAMETERS)
    except ConfigError as error:
        raise ConfigError(f"{error} {see}") from error
    return {
        name: converted_options.get(name, option.default)
        for name, option in declared_options.items()
    }


def choose_seed(call: Call, seed: int | None, run: str) -> int | None:
    """Return the seed of the noise of `call`, by default 0; None if it takes no noise.

    Raises `ConfigError` for a seed that has no effect.
    """
    if takes_noise(call):
        return seed or 0
    if seed is not None:
        raise ConfigError(f"seed: {run} uses no random numbers, got {seed}: leave --seed out.")
    return None


def noise_for(images: Tensor, seed: int) -> Noise:
    """Return the noise of `images`, (N, C, H, W) in [-1, 1].

    The noise of an image depends on the seed and on its pixels in 8 bits, not on its name, folder
    or format.
    """
    digests = [sha256(f"{tuple(x.shape)}".encode() + x.numpy().tobytes()) for x in to_uint8(images)]
    return Noise(seed, [digest.hexdigest() for digest in digests], device=images.device)


def to_uint8(images: Tensor) -> Tensor:
    """Return images in [-1, 1] as uint8, on the CPU."""
    return from_network_range(images.detach().float(), "uint8").round().to(torch.uint8).cpu()
