"""The pretrained network that an installation brings along."""

import torch

from translate.nn.pretrained import efficientnet_lite0, efficientnet_lite0_weights


def test_loading_the_network_leaves_the_random_numbers_as_they_are() -> None:
    before = torch.get_rng_state()
    stem, *blocks = efficientnet_lite0()
    assert torch.equal(torch.get_rng_state(), before)
    assert len(blocks) == 16
    assert not stem.state_dict()["first.0.weight"].is_meta


def test_its_weights_are_a_file_of_the_installation() -> None:
    assert efficientnet_lite0_weights().stat().st_size > 10e6
