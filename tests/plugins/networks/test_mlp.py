"""MLPs, compared with plain code, and what MLPs have in common with the networks of DCGAN."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import (
    FROM_NOISE,
    MLPS,
    assert_same_function,
    draw_weights_,
    plain_batch_norm,
    small_network,
)
from torch import nn

from translate.errors import ConfigError
from translate_plugins.networks.dcgan import DcganDiscriminator, DcganEncoder, DcganGenerator
from translate_plugins.networks.mlp import MlpDiscriminator, MlpEncoder, MlpGenerator

DCGAN_NETWORKS = (DcganGenerator, DcganEncoder, DcganDiscriminator)


@pytest.mark.parametrize("size", [(28, 28), (32, 32), (64, 64), (32, 48), (9, 7), (1, 1)])
def test_generators_encoders_and_discriminators_have_outputs_of_the_right_shape(size):
    for generator, encoder, discriminator in (DCGAN_NETWORKS, MLPS):
        images = generator(5, 2, width=4, size=size)(torch.randn(3, 5, 1, 1))
        assert images.shape == (3, 2, *size)
        assert encoder(2, 6, width=4, size=size)(images).shape == (3, 6, 1, 1)
        assert discriminator(2, width=4, size=size)(images).flatten(1).shape == (3, 1)


@pytest.mark.parametrize("factory", FROM_NOISE)
def test_generated_images_are_between_minus_1_and_1(factory):
    network = draw_weights_(factory(20, 3, width=16, size=(16, 16))).eval()
    images = network(10 * torch.randn(8, 20, 1, 1))
    assert -1 <= images.min() < -0.9
    assert 0.9 < images.max() <= 1


@pytest.mark.parametrize("factory", [DcganEncoder, MlpEncoder])
def test_the_last_layer_of_an_encoder_is_linear(factory):
    network = draw_weights_(factory(3, 4, width=8, norm="none", size=(16, 16)).double())
    last = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)][-1]
    images = torch.randn(2, 3, 16, 16, dtype=torch.double)
    nn.init.zeros_(last.bias)
    before = network(images)
    with torch.no_grad():
        last.weight *= 1000
    torch.testing.assert_close(network(images), 1000 * before)


@pytest.mark.parametrize("factory", FROM_NOISE)
def test_a_generator_from_noise_refuses_an_image(factory):
    network = small_network(factory, (16, 16), width=4)
    with pytest.raises(ConfigError, match="takes latent vectors, not images of 16x24"):
        network(torch.randn(2, 3, 16, 24))


def plain_mlp(state, x, training, activation, last):
    x = x.flatten(1)
    for index in range(1, last, 3):
        x = F.linear(x, state[f"model.{index}.weight"])
        x = activation(plain_batch_norm(state, f"model.{index + 1}", x, training))
    return F.linear(x, state[f"model.{last}.weight"], state[f"model.{last}.bias"])


@pytest.mark.parametrize("training", [True, False])
def test_mlps_are_linear_layers_with_norms_and_activations(training):
    def plain_generator(state, x):
        return plain_mlp(state, x, training, F.relu, 10).tanh().view(-1, 2, 4, 6)

    def plain_encoder(state, x):
        return plain_mlp(state, x, training, F.relu, 7).view(-1, 5, 1, 1)

    def plain_discriminator(state, x):
        return plain_mlp(state, x, training, lambda y: F.leaky_relu(y, 0.2), 7)

    noise = torch.randn(4, 5, 1, 1, dtype=torch.double)
    images = torch.randn(4, 2, 4, 6, dtype=torch.double)
    for network, plain, inputs in (
        (MlpGenerator(5, 2, width=6, size=(4, 6)), plain_generator, noise),
        (MlpEncoder(2, 5, width=6, layers=2, size=(4, 6)), plain_encoder, images),
        (MlpDiscriminator(2, width=6, norm="batch", size=(4, 6)), plain_discriminator, images),
    ):
        draw_weights_(network.double()).train(training)
        assert_same_function(network, plain, inputs.clone())


def test_features_are_the_activations_before_the_logit():
    x = torch.randn(2, 3, 64, 32)
    network = DcganDiscriminator(3, width=4, norm="layer", size=(64, 32))
    features = network.features(x)
    sizes = [tuple(feature.shape[1:]) for feature in features]
    assert sizes == [(4, 32, 16), (8, 16, 8), (16, 8, 4)]
    torch.testing.assert_close(network.main[-1](features[-1]), network(x))
    mlp = MlpDiscriminator(3, width=6, layers=3, dropout=0.5, size=(64, 32))
    features = mlp.features(x)
    assert [tuple(feature.shape) for feature in features] == [(2, 6)] * 3
    features = mlp.eval().features(x)
    torch.testing.assert_close(mlp.model[-1](features[-1]), mlp(x))
