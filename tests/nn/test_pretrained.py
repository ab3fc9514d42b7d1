"""The pretrained network of an installed package is loaded without side effects."""

import torch

from translate.nn.pretrained import efficientnet_lite0, efficientnet_lite0_weights


def test_loading_the_network_does_not_change_the_random_generator() -> None:
    before = torch.get_rng_state()
    stem, *blocks = efficientnet_lite0()
    assert torch.equal(torch.get_rng_state(), before)
    assert len(blocks) == 16
    assert not stem.state_dict()["first.0.weight"].is_meta


def test_the_weights_are_a_file_of_an_installed_package() -> None:
    assert efficientnet_lite0_weights().stat().st_size > 10e6
