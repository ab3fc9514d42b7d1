"""Losses between images, against values computed by hand; the contract tests gradients."""

from math import sqrt

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import tensor

from translate.errors import ConfigError
from translate.registry import create_loss
from translate_plugins import losses
from translate_plugins.losses.images import Charbonnier, EdgeLoss, Ssim, TotalVariation


def random_images(*shape, count=2):
    return [2 * torch.rand(shape, dtype=torch.double) - 1 for _ in range(count)]


def test_l1_and_l2_are_means_over_pixels():
    output, target = tensor([0.0, 3.0]), tensor([1.0, 1.0])  # differences of 1 and 2
    image_losses = losses.register_losses()
    assert image_losses["l1"]()(output, target) == 1.5
    assert image_losses["l2"]()(output, target) == 2.5


@pytest.mark.parametrize("loss", [Ssim(), EdgeLoss(), Charbonnier()])
def test_equal_images_have_distance_0(loss):
    (image,) = random_images(2, 3, 24, 20, count=1)
    assert loss(image, image).item() == pytest.approx(0, abs=1e-9)
    black = torch.full((1, 3, 16, 16), -1.0)
    assert loss(black, black).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", [Ssim(), EdgeLoss(), Charbonnier(), TotalVariation()])
def test_gradients_of_equal_uniform_images_are_finite(loss):
    gray = torch.zeros(1, 3, 16, 16, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(gray, gray.detach()), gray)
    assert gradient.isfinite().all()


def test_ssim_of_uniform_images_equals_a_value_computed_by_hand():
    # gray levels of 1/4 and 3/4 without variance: (2ab + C1) / (aa + bb + C1), C1 = 0.0001
    output, target = torch.full((2, 1, 3, 16, 16), 0.5, dtype=torch.double)
    expected = 1 - (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert Ssim()(-output, target).item() == pytest.approx(expected)
    assert expected == pytest.approx(0.399936, abs=1e-6)


def test_ssim_agrees_with_scikit_image_inside_the_border():
    output, target = random_images(1, 3, 40, 48)
    for edge in (slice(0, 10), slice(-10, None)):  # windows over the border have no difference
        output[..., edge, :] = target[..., edge, :]
        output[..., edge] = target[..., edge]
    inside = structural_similarity(
        *(np.moveaxis(image[0].numpy() / 2 + 0.5, 0, 2) for image in (output, target)),
        data_range=1.0,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )  # excludes 5 pixels on each side, where our loss is 0
    expected = (1 - inside) * (30 * 38) / (40 * 48)
    assert expected > 0.05
    assert Ssim()(output, target).item() == pytest.approx(expected, rel=1e-9)


def test_ssim_accepts_another_window_and_small_images():
    output, target = random_images(1, 3, 6, 6)
    assert Ssim()(output, target) != Ssim(window=5)(output, target)
    assert 0 < Ssim()(output, target) < 2


def test_the_edge_loss_of_a_ramp_equals_a_value_computed_by_hand():
    step = 0.1
    ramp = (step * torch.arange(5, dtype=torch.double)).expand(1, 1, 4, 5)
    # the outer two of five columns have half the slope, as the border is repeated; kornia's
    # magnitude is sqrt(slope**2 + 1e-6), which is 0.001 for equal pixels
    inner, outer = (sqrt(slope**2 + 1e-6) - 1e-3 for slope in (step, step / 2))
    expected = (3 * inner + 2 * outer) / 5
    assert EdgeLoss()(ramp, torch.zeros_like(ramp)).item() == pytest.approx(expected)
    # brightness has no effect
    assert EdgeLoss()(ramp + 0.5, ramp).item() == pytest.approx(0, abs=1e-12)


def test_charbonnier_equals_a_value_computed_by_hand():
    # sqrt(0.3^2 + 0.4^2) - 0.4 = 0.1, and an equal pixel has loss 0
    output, target = tensor([0.3, 0.0, -0.3, 0.0]), torch.zeros(4)
    assert Charbonnier(epsilon=0.4)(output, target).item() == pytest.approx(0.1 / 2)
    # a large difference has the loss L1 - epsilon, a small difference d the loss d^2 / (2 epsilon)
    assert Charbonnier()(output + 1, target).item() == pytest.approx(1 - 1e-3, rel=1e-5)
    small = torch.full((4,), 1e-4, dtype=torch.double)
    assert Charbonnier()(small, target).item() == pytest.approx(1e-8 / 2e-3, rel=0.01)
    for epsilon in (0.0, -1.0):
        with pytest.raises(ConfigError, match=rf"epsilon: expected a positive .* got {epsilon}"):
            create_loss({"name": "charbonnier", "epsilon": epsilon})


def test_total_variation_equals_a_value_computed_by_hand():
    image = tensor([[[[0.0, 1.0, 1.0], [0.5, 1.0, -1.0]]]])
    # differences to the right 1 + 0 and 0.5 + 2, downwards 0.5 + 0 + 2, of six values
    assert TotalVariation()(image, -image).item() == pytest.approx(6 / 6)
    assert TotalVariation()(image + 0.5, image).item() == pytest.approx(1)  # for any brightness
    assert TotalVariation()(torch.ones(1, 1, 4, 4), image) == 0
    assert TotalVariation()(torch.ones(2, 3, 1, 1), image) == 0
    images = torch.cat([image, torch.zeros_like(image)])
    assert TotalVariation()(images, images).item() == pytest.approx(1 / 2)


@pytest.mark.parametrize("loss", [Ssim(window=5), EdgeLoss(), Charbonnier(), TotalVariation()])
def test_gradients_of_losses_of_channels_last_images_are_correct(loss):
    output, target = (i.to(memory_format=torch.channels_last) for i in random_images(1, 2, 6, 7))
    assert torch.autograd.gradcheck(lambda x: loss(x, target), output.requires_grad_())


@pytest.mark.parametrize("loss", [Ssim(), EdgeLoss(), Charbonnier(), TotalVariation()])
def test_image_losses_are_precise_under_autocast(loss):
    output, target = (image.float() for image in random_images(1, 3, 16, 16))
    expected = loss(output, target)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loss(output, target), expected)
        assert loss(output.bfloat16(), target).dtype == torch.float32
