"""Augmentation and instance noise of discriminators."""

import pytest
import torch
from small_discriminators import MLP, discriminator, random_images
from torch import Tensor

from translate.nn.modes import Progressive
from translate.nn.noise import temporary_seed
from translate.nn.penalties import gradient_penalty
from translate_plugins.discriminator_wrappers.augmentation import color, cutout, translation
from translate_plugins.discriminator_wrappers.instance_noise import InstanceNoise


def test_noise_decays_to_zero_over_its_fraction_of_training():
    network = discriminator("noisy", of=MLP, sigma=0.4, until=0.5)
    (noise,) = (part for part in network.modules() if isinstance(part, Progressive))
    x, sigmas = torch.zeros(16, 3, 16, 16), []
    for noise.progress in (0.0, 0.25, 0.4, 0.5, 0.9):
        sigmas.append(noise(x).std().item())
    assert sigmas == pytest.approx([0.4, 0.2, 0.08, 0, 0], rel=0.02)


def test_noise_differs_in_each_forward_pass_and_is_only_added_in_training():
    network, x = discriminator("noisy", of=MLP, sigma=0.4), random_images()
    assert not torch.equal(network(x), network(x))
    assert not torch.equal(network.features(x)[0], network.features(x)[0])
    before = torch.get_rng_state()
    torch.testing.assert_close(network.eval()(x), network.network(x), rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), before)  # no random number was drawn
    assert torch.equal(InstanceNoise(0.0, 0.5)(x), x)


def test_colours_change_by_the_random_factors_and_are_not_clamped():
    x = random_images(256)
    with temporary_seed(2):
        augmented = color(x, 3)
    with temporary_seed(2):
        brightness, saturation, contrast = torch.rand(3, 256)
    gray = x.mean(1, keepdim=True)
    # only the brightness changes the mean
    expected_means = x.mean((1, 2, 3)) + brightness - 0.5
    torch.testing.assert_close(augmented.mean((1, 2, 3)), expected_means, atol=1e-5, rtol=0)
    chroma = augmented - augmented.mean(1, keepdim=True)
    strength = (2 * saturation * (contrast + 0.5)).view(-1, 1, 1, 1)
    torch.testing.assert_close(chroma, strength * (x - gray), atol=1e-5, rtol=0)
    assert augmented.max() > 1.2 and augmented.min() < -1.2


def test_label_channels_keep_their_values():
    x = random_images(8, channels=5)
    assert torch.equal(color(x, 3)[:, 3:], x[:, 3:])
    assert torch.equal(color(x, 1)[:, 1:], x[:, 1:])
    for options, colors in (
        ({"channels": 13}, 3),
        ({"channels": 2}, 1),
        ({"channels": 11, "colors": 1}, 1),
    ):
        network = discriminator("augmented", of=MLP, policy="color", **options)
        assert network.preprocess.colors == colors


def test_translation_moves_whole_pixels_by_up_to_an_eighth():
    x = torch.zeros(2000, 2, 16, 24)
    x[:, :, 8, 12] = 1
    shifted = translation(x, 1)
    assert torch.equal(shifted[:, 0], shifted[:, 1])  # all channels of an image move together
    assert (shifted[:, 0].sum((1, 2)) == 1).all() and set(shifted.unique().tolist()) == {0, 1}
    _, rows, columns = shifted[:, 0].nonzero().T
    assert rows.unique().tolist() == [6, 7, 8, 9, 10]
    assert columns.unique().tolist() == [9, 10, 11, 12, 13, 14, 15]
    assert torch.bincount(rows)[6:].min() > 300  # each of the 5 shifts is about equally frequent
    x = torch.ones(1, 1, 8, 8)
    with temporary_seed(1):
        down, right = (torch.randint(-1, 2, (1, 1, 1, 1)).item() for _ in range(2))
    with temporary_seed(1):
        output = translation(x, 1)[0, 0]
    assert output.sum() == (8 - abs(down)) * (8 - abs(right))  # new pixels are 0


def test_cutout_removes_half_of_each_side_and_may_cross_the_edge():
    x = torch.ones(3000, 2, 8, 8)
    cut = cutout(x, 1)
    assert torch.equal(cut[:, 0], cut[:, 1])
    sizes = (cut[:, 0] == 0).sum((1, 2))
    assert sizes.max() == 16 and sizes.min() == 4  # 4x4 pixels, or 2x2 of them in a corner
    rows = (cut[:, 0] == 0).any(2).sum(1)
    assert rows.unique().tolist() == [2, 3, 4]
    fractions = (cut[:, 0] == 0).float().mean(0)
    # the top and the bottom are cut equally often
    torch.testing.assert_close(fractions, fractions.flip(0), atol=0.05, rtol=0)
    sizes = (cutout(torch.ones(500, 1, 7, 7), 1) == 0).sum((1, 2, 3))
    assert sizes.max() == 9  # half of 7, rounded down


def test_augmentation_differs_by_image_and_is_only_applied_in_training():
    network, x = discriminator("augmented", of=MLP), random_images(1).expand(4, -1, -1, -1)
    augmented = network.preprocess(x)
    assert len({image.sum().item() for image in augmented}) == 4
    torch.testing.assert_close(network.eval()(x), network.network(x), rtol=0, atol=0)
    translated = discriminator("augmented", of=MLP, policy="translation").preprocess(x)
    assert set(translated.unique().tolist()) <= {*x.unique().tolist(), 0.0}


@pytest.mark.parametrize("augment", [color, translation, cutout])
def test_augmentation_is_equal_in_any_memory_format_and_up_to_rounding_in_bf16(augment):
    x = random_images(4)
    with temporary_seed(1):
        expected = augment(x, 3)
    with temporary_seed(1):
        torch.testing.assert_close(augment(x.to(memory_format=torch.channels_last), 3), expected)
    with temporary_seed(1):
        half = augment(x.bfloat16(), 3)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), expected, atol=0.05, rtol=0.05)


def test_augmentation_is_differentiable_twice():
    network = discriminator("augmented", of={**MLP}).double()
    x = random_images(2).double().requires_grad_()

    def augment(x: Tensor) -> Tensor:
        with temporary_seed(4):
            return network.preprocess(x)

    assert torch.autograd.gradcheck(augment, x, fast_mode=True)
    gradient_penalty(network, x, x.flip(0)).backward()
    assert all(
        p.grad.isfinite().all() for n, p in network.named_parameters() if not n.endswith("bias")
    )


def test_a_code_of_one_pixel_can_be_augmented_and_made_noisy():
    """The discriminator of an adversarial autoencoder gets codes."""
    network = discriminator("noisy", of={"name": "augmented", "of": MLP}, channels=8, side=1)
    assert network(codes := torch.randn(4, 8, 1, 1)).shape == (4, 1)
    assert torch.equal(cutout(translation(codes, 1), 1), codes)  # one pixel cannot be translated
