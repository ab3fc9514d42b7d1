"""Discriminators that wrap another discriminator, `of`, to prevent failures of training.

An example is ``{name: noisy, of: patch}``. Wrappers may be nested: ``{name: noisy, of: {name:
spectral, of: patch}}``.
"""

from collections.abc import Callable, Mapping

from torch import nn

from translate import hookimpl
from translate_plugins.discriminator_wrappers.augmentation import augmented
from translate_plugins.discriminator_wrappers.instance_noise import noisy
from translate_plugins.discriminator_wrappers.minibatch_discrimination import MinibatchDiscriminator
from translate_plugins.discriminator_wrappers.spectral_norm import spectral


@hookimpl
def register_discriminators() -> Mapping[str, Callable[..., nn.Module]]:
    return {
        "noisy": noisy,
        "augmented": augmented,
        "spectral": spectral,
        "minibatch": MinibatchDiscriminator,
    }
