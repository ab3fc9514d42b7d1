"""Discriminators that wrap another discriminator, `of`, to prevent failures of training.

An example is ``{name: noisy, of: patch}``. Wrappers may be nested: ``{name: noisy, of: {name:
spectral, of: patch}}``.
"""

from collections.abc import Callable, Mapping

from torch import nn

from translate import hookimpl
from translate_plugins.discriminator_wrappers.augmentation import augmented_discriminator
from translate_plugins.discriminator_wrappers.instance_noise import noisy_discriminator
from translate_plugins.discriminator_wrappers.minibatch_discrimination import MinibatchDiscriminator
from translate_plugins.discriminator_wrappers.spectral_norm import spectral_norm_discriminator


@hookimpl
def register_discriminators() -> Mapping[str, Callable[..., nn.Module]]:
    return {
        "noisy": noisy_discriminator,
        "augmented": augmented_discriminator,
        "spectral": spectral_norm_discriminator,
        "minibatch": MinibatchDiscriminator,
    }
