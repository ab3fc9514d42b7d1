"""Remedies for games that fail: discriminators `of` another, so that every recipe has them.

``{name: noisy, of: patch}``; they nest: ``{name: noisy, of: {name: spectral, of: patch}}``.
"""

from collections.abc import Callable, Mapping

from torch import nn

from translate import hookimpl
from translate_plugins.remedies.augment import augmented
from translate_plugins.remedies.minibatch import MinibatchDiscriminator
from translate_plugins.remedies.noise import noisy
from translate_plugins.remedies.spectral import spectral


@hookimpl
def register_discriminators() -> Mapping[str, Callable[..., nn.Module]]:
    return {
        "noisy": noisy,
        "augmented": augmented,
        "spectral": spectral,
        "minibatch": MinibatchDiscriminator,
    }
