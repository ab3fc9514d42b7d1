"""The networks of DCGAN: keys of published checkpoints, sizes, and the functions in plain code."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import (
    assert_same_function,
    batch_norm,
    draw_weights_,
    on_meta,
    plain_batch_norm,
    plain_conv,
    shapes,
    small_network,
)

from translate.errors import ConfigError
from translate_plugins.networks.dcgan import DcganDiscriminator, DcganEncoder, DcganGenerator


def test_dcgan_keys_and_shapes_are_those_of_published_checkpoints():
    assert shapes(on_meta(DcganGenerator, 100, 3)) == {
        "main.0.weight": (100, 512, 4, 4),
        **batch_norm("main.1", 512),
        "main.3.weight": (512, 256, 4, 4),
        **batch_norm("main.4", 256),
        "main.6.weight": (256, 128, 4, 4),
        **batch_norm("main.7", 128),
        "main.9.weight": (128, 64, 4, 4),
        **batch_norm("main.10", 64),
        "main.12.weight": (64, 3, 4, 4),
    }
    assert shapes(on_meta(DcganDiscriminator, 3)) == {
        "main.0.weight": (64, 3, 4, 4),
        "main.2.weight": (128, 64, 4, 4),
        **batch_norm("main.3", 128),
        "main.5.weight": (256, 128, 4, 4),
        **batch_norm("main.6", 256),
        "main.8.weight": (512, 256, 4, 4),
        **batch_norm("main.9", 512),
        "main.11.weight": (1, 512, 4, 4),
    }


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((33, 33), "33x33 can be halved to 33x33 only.* divide by 2, such as 34x34"),
        ((250, 250), "250x250 can be halved to 125x125 .* divide by 8, such as 256x256"),
        ((1000, 8), "1000x8 can be halved to 500x4 .* divide by 32, such as 1024x128"),
    ],
)
def test_dcgan_suggests_a_near_size_that_can_be_halved(size, message):
    for factory in (DcganGenerator, DcganEncoder, DcganDiscriminator):
        with pytest.raises(ConfigError, match=f"size: {message}"):
            small_network(factory, size)
    suggested_size = tuple(map(int, message.rpartition(" ")[2].split("x")))
    on_meta(DcganGenerator, 3, 3, width=1, size=suggested_size)


def plain_dcgan_generator(state, x, training):
    x = F.conv_transpose2d(x, state["main.0.weight"])
    for norm, conv in ((1, 3), (4, 6), (7, 9), (10, 12)):
        x = plain_batch_norm(state, f"main.{norm}", x, training).relu()
        x = F.conv_transpose2d(x, state[f"main.{conv}.weight"], stride=2, padding=1)
    return x.tanh()


def plain_dcgan_encoder(state, x, training):
    x = F.leaky_relu(plain_conv(state, "main.0", x, stride=2, padding=1), 0.2)
    for conv in (2, 5):
        x = plain_conv(state, f"main.{conv}", x, stride=2, padding=1)
        x = F.leaky_relu(plain_batch_norm(state, f"main.{conv + 1}", x, training), 0.2)
    return plain_conv(state, "main.8", x)


@pytest.mark.parametrize("training", [True, False])
def test_dcgan_networks_are_the_functions_of_the_paper(training):
    generator = draw_weights_(DcganGenerator(5, 2, width=3).double()).train(training)
    noise = torch.randn(3, 5, 1, 1, dtype=torch.double)
    assert_same_function(generator, lambda s, x: plain_dcgan_generator(s, x, training), noise)
    for network in (
        DcganDiscriminator(2, width=3, size=(32, 64)),
        DcganEncoder(2, 4, width=3, size=(32, 64)),
    ):
        draw_weights_(network.double()).train(training)
        images = torch.randn(3, 2, 32, 64, dtype=torch.double)
        assert_same_function(network, lambda s, x: plain_dcgan_encoder(s, x, training), images)
