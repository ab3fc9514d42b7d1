"""A network under test: its use is found by calling it."""

import pytest
import torch

from translate.contract.parts.subject import PartSubject as Part


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
    assert Part("generator", name, options).use == use


def test_a_part_is_made_with_the_same_weights_each_time() -> None:
    part = Part("discriminator", "patch", {"width": 4})
    first, second = part.make(3), part.make(3)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )
