"""A network under test is created from a fixed seed, and called to find out what it maps."""

import pytest
import torch

from translate.contract.parts.subject import PartSubject


@pytest.mark.parametrize(
    ("name", "options", "use"),
    [
        ("resnet", {"width": 4, "blocks": 1, "downsamplings": 1}, "translates"),
        ("srresnet", {"width": 4, "blocks": 1, "scale": 2}, "translates"),
        ("mlp-encoder", {"width": 4}, "encodes"),
        ("mlp", {"width": 4}, "draws"),
    ],
)
def test_a_generator_translates_encodes_or_draws(
    name: str, options: dict[str, object], use: str
) -> None:
    assert PartSubject("generator", name, options).use == use


def test_a_part_is_made_with_the_same_weights_each_time() -> None:
    part = PartSubject("discriminator", "patch", {"width": 4})
    assert all(map(torch.equal, part.make(3).parameters(), part.make(3).parameters()))
