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
    sure = tensor([log(9)], dtype=torch.double, requires_grad=True)  # a probability of 0.9
    loss = adversarial_loss.for_discriminator(sure, tensor([-1e4]))
    assert torch.autograd.grad(loss, sure)[0].item() == pytest.approx(0, abs=1e-6)
    adversarial_loss = LeastSquares(label_smoothing=0.1)
    assert adversarial_loss.for_discriminator(tensor([0.9]), tensor([0.0])).item() == pytest.approx(
        0
    )
    assert adversarial_loss.for_generator(tensor([1.0])) == 0


@pytest.mark.parametrize("adversarial_loss", [Vanilla, LeastSquares, Hinge])
def test_a_random_fraction_of_labels_is_flipped_each_time(adversarial_loss):
    real, fake = torch.full((4000, 1), 0.3), torch.full((4000, 1), -0.2)
    correct_loss = adversarial_loss().for_discriminator(real, fake)
    wrong = adversarial_loss().for_discriminator(fake, real)
    flipped = [
        adversarial_loss(label_flipping=0.25).for_discriminator(real, fake) for _ in range(2)
    ]
    assert flipped[0] != flipped[1]
    for loss in flipped:
        assert loss.item() == pytest.approx((0.75 * correct_loss + 0.25 * wrong).item(), rel=0.03)
    torch.testing.assert_close(
        adversarial_loss(label_flipping=1.0).for_discriminator(real, fake), wrong
    )
    before = torch.get_rng_state()
    assert adversarial_loss(label_flipping=0.25).for_generator(
        fake
    ) == adversarial_loss().for_generator(fake)  # not in the generator's turn
    assert torch.equal(torch.get_rng_state(), before)


def test_a_label_is_flipped_for_an_image_at_every_scale():
    real = torch.full((8, 1, 4, 4), 1.0), torch.full((8, 1, 2, 2), 1.0)
    real = [scale.requires_grad_() for scale in real]
    Hinge(label_flipping=0.5).for_discriminator(
        real, [torch.zeros(8, 1), torch.zeros(8, 1)]
    ).backward()
    signs = [scale.grad.flatten(1).sign() for scale in real]  # 1 where scores should decrease
    assert (signs[0] == signs[0][:, :1]).all() and torch.equal(signs[0][:, 0], signs[1][:, 0])
    assert 0 < (signs[0][:, 0] > 0).sum() < 8


@pytest.mark.parametrize("options", [{"label_smoothing": 1.5}, {"label_flipping": -0.1}])
def test_a_fraction_is_from_0_to_1(options):
    ((name, value),) = options.items()
    with pytest.raises(ConfigError, match=f"{name}: expected a fraction from 0 to 1, got {value}"):
        create_loss({"name": "vanilla", **options})
    with pytest.raises(ConfigError, match="loss 'hinge' has no option 'label_smoothing'"):
        create_loss({"name": "hinge", "label_smoothing": 0.1})
