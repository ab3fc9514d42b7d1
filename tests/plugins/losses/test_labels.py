"""Smoothed and flipped labels of adversarial losses."""

from math import log

import pytest
import torch
from torch import nn, tensor

from translate.errors import ConfigError
from translate.registry import create_loss
from translate_plugins.losses.adversarial import Hinge, LeastSquares, Vanilla


def test_label_smoothing_is_one_sided_and_its_optimum_is_finite():
    real, fake = torch.randn(2, 1, 5, 5), torch.randn(2, 1, 5, 5)
    entropy = nn.BCEWithLogitsLoss()
    expected = entropy(real, torch.full_like(real, 0.9)) + entropy(fake, torch.zeros_like(fake))
    adversarial_loss = Vanilla(label_smoothing=0.1)
    torch.testing.assert_close(adversarial_loss.for_discriminator(real, fake), expected)
    torch.testing.assert_close(adversarial_loss.for_generator(fake), Vanilla().for_generator(fake))
    optimum = tensor([log(9)], dtype=torch.double, requires_grad=True)  # a probability of 0.9
    loss = adversarial_loss.for_discriminator(optimum, tensor([-1e4]))
    assert torch.autograd.grad(loss, optimum)[0].item() == pytest.approx(0, abs=1e-6)
    adversarial_loss = LeastSquares(label_smoothing=0.1)
    loss = adversarial_loss.for_discriminator(tensor([0.9]), tensor([0.0]))
    assert loss.item() == pytest.approx(0)
    assert adversarial_loss.for_generator(tensor([1.0])) == 0


@pytest.mark.parametrize("factory", [Vanilla, LeastSquares, Hinge])
def test_a_random_fraction_of_labels_is_flipped_for_the_discriminator_only(factory):
    real, fake = torch.full((4000, 1), 0.3), torch.full((4000, 1), -0.2)
    loss, flipping_loss = factory(), factory(label_flipping=0.25)
    with_correct_labels = loss.for_discriminator(real, fake)
    with_wrong_labels = loss.for_discriminator(fake, real)
    expected = (0.75 * with_correct_labels + 0.25 * with_wrong_labels).item()
    first, second = (flipping_loss.for_discriminator(real, fake).item() for _ in range(2))
    assert first != second
    assert [first, second] == pytest.approx([expected, expected], rel=0.03)
    all_flipped = factory(label_flipping=1.0).for_discriminator(real, fake)
    torch.testing.assert_close(all_flipped, with_wrong_labels)
    before = torch.get_rng_state()
    assert flipping_loss.for_generator(fake) == loss.for_generator(fake)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_label_of_an_image_is_flipped_at_all_scales():
    real = [torch.ones(8, 1, side, side, requires_grad=True) for side in (4, 2)]
    fake = [torch.zeros(8, 1), torch.zeros(8, 1)]
    Hinge(label_flipping=0.5).for_discriminator(real, fake).backward()
    # positive gradients decrease scores: the labels are flipped
    fine, coarse = ((scale.grad > 0).flatten(1) for scale in real)
    assert (fine == fine[:, :1]).all() and torch.equal(fine[:, 0], coarse[:, 0])
    assert 0 < fine[:, 0].sum() < 8


@pytest.mark.parametrize(("name", "value"), [("label_smoothing", 1.5), ("label_flipping", -0.1)])
def test_a_fraction_of_labels_is_from_0_to_1(name, value):
    with pytest.raises(ConfigError, match=f"{name}: expected a fraction from 0 to 1, got {value}"):
        create_loss({"name": "vanilla", name: value})
    with pytest.raises(ConfigError, match="loss 'hinge' has no option 'label_smoothing'"):
        create_loss({"name": "hinge", "label_smoothing": 0.1})
