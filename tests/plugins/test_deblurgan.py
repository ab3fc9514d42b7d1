"""Losses and turns of DeblurGAN of Kupyn et al. (2018), against plain PyTorch."""

import pytest
import torch
from small_cut import random_pair
from small_deblurgan import RESNET, SPEC, build_recipe, constant_pair, scalar_recipe
from torch import Tensor
from turns import advance_to_turn, change_weights_

from translate.batches import Pair
from translate.engine.optimization.step import take_turns
from translate.registry import create, create_loss
from translate_plugins.deblurgan import match_means


@pytest.mark.parametrize(("penalty", "entries"), [("textbook", 12), ("deblurgan", 3)])
def test_the_critic_loss_is_the_score_difference_and_the_gradient_penalty(penalty, entries) -> None:
    recipe = scalar_recipe(gradient_penalty=penalty)
    _, turn = advance_to_turn(recipe, constant_pair(), 0)
    assert (turn.player, list(turn.losses)) == ("critic", ["gan", "penalty"])
    # restored images are -0.25: twelve entries, times a slope of 2
    assert turn.losses["gan"].item() == pytest.approx(2 * 12 * (-0.25 - 0.5))
    norm = 2 * entries**0.5  # over the 12 entries of an image, or over the 3 channels of a pixel
    assert turn.losses["penalty"].item() == pytest.approx(10 * (norm - 1) ** 2, rel=1e-5)


def test_the_generator_loss_is_the_score_and_the_content_loss() -> None:
    step, turn = advance_to_turn(scalar_recipe(pixel="l1", pixel_weight=7.0), constant_pair(), 5)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan", "content", "pixel"])
    assert turn.losses["gan"].item() == pytest.approx(-2 * 12 * -0.25)
    assert turn.losses["content"].item() == pytest.approx(100 * 0.75**2)
    assert turn.losses["pixel"].item() == pytest.approx(7 * 0.75)
    assert next(step, None) is None


def test_sharp_images_are_shifted_to_the_channel_means_of_the_blurred_images() -> None:
    blurred, sharp = (0.4 * images for images in random_pair())
    matched = match_means(sharp, blurred)
    torch.testing.assert_close(matched.mean((2, 3)), blurred.mean((2, 3)))
    differences = (matched - sharp).flatten(2)  # constant in each channel of each image
    assert (differences - differences[..., :1]).abs().max() < 1e-9
    assert len({round(number, 9) for number in differences[..., 0].flatten().tolist()}) == 6
    assert match_means(sharp + 2, blurred + 2).max() == 1  # within the range of images


def test_all_losses_use_the_sharp_image_with_matched_colours() -> None:
    recipe = scalar_recipe(pixel="l1", pixel_weight=7.0, match_colour=True)
    _, turn = advance_to_turn(recipe, constant_pair(), 0)
    # the sharp images of 0.5 are shifted to -0.5; restored images are -0.25
    assert turn.losses["gan"].item() == pytest.approx(2 * 12 * (-0.25 + 0.5))
    _, turn = advance_to_turn(recipe, constant_pair(), 5)
    assert turn.losses["content"].item() == pytest.approx(100 * 0.25**2)
    assert turn.losses["pixel"].item() == pytest.approx(7 * 0.25)


def test_losses_of_weight_0_are_omitted() -> None:
    _, turn = advance_to_turn(scalar_recipe(content_weight=0.0), constant_pair(), 5)
    assert list(turn.losses) == ["gan"]


def test_the_content_loss_is_a_perceptual_loss() -> None:
    recipe = create("recipe", {"name": "deblurgan", "generator": RESNET}, spec=SPEC)
    blurred, sharp = (images.float() for images in random_pair())
    _, turn = advance_to_turn(recipe, Pair(blurred, sharp), 5)
    expected = 100 * 0.02 * create_loss("perceptual")(recipe.restore(blurred), sharp)
    torch.testing.assert_close(turn.losses["content"], expected)


def test_five_critic_turns_use_one_batch_and_the_generator_turn_uses_the_updated_critic() -> None:
    recipe, pair = build_recipe(), random_pair()
    inputs: list[Tensor] = []
    recipe.critic.register_forward_hook(lambda _m, images, _o: inputs.append(images[0].detach()))
    outputs: list[Tensor] = []
    recipe.generator.register_forward_hook(lambda _m, _i, output: outputs.append(output.detach()))
    players, scores = [], []
    for turn in recipe.step(pair):
        players.append(turn.player)
        scores.append(turn.losses["gan"].item())
        change_weights_(recipe.critic)
    assert players == ["critic"] * 5 + ["generator"]
    (added_detail,) = outputs  # the generator is called once
    output = (pair.source + added_detail).clamp(-1, 1)
    assert len(inputs) == 16 and len({*scores}) == 6
    for real, fake, mixed in zip(inputs[:15:3], inputs[1:15:3], inputs[2:15:3], strict=True):
        assert torch.equal(real, pair.target) and torch.equal(fake, output)
        low, high = torch.minimum(real, fake), torch.maximum(real, fake)
        assert ((low - 1e-9 <= mixed) & (mixed <= high + 1e-9)).all()
    assert torch.equal(inputs[15], output)
    assert len({mixed.numpy().tobytes() for mixed in inputs[2:15:3]}) == 5


def test_a_critic_turn_is_a_step_of_wgan_gp_in_plain_pytorch() -> None:
    recipe, (blurred, sharp) = build_recipe(critic_steps=2), random_pair()
    plain = build_recipe(critic_steps=2)
    optimizer = torch.optim.Adam(plain.critic.parameters(), 1e-4, betas=(0.5, 0.999))
    torch.manual_seed(3)
    fake = (blurred + plain.generator(blurred)).clamp(-1, 1).detach()
    for _ in range(2):
        fraction = torch.rand(2, 1, 1, 1).double()
        mixed = (fraction * fake + (1 - fraction) * sharp).requires_grad_()
        scores = plain.critic(mixed).mean((1, 2, 3))
        (gradient,) = torch.autograd.grad(scores.sum(), mixed, create_graph=True)
        norms = gradient.square().sum((1, 2, 3)).sqrt()
        loss = plain.critic(fake).mean() - plain.critic(sharp).mean()
        optimizer.zero_grad()
        (loss + 10 * ((norms - 1) ** 2).mean()).backward()
        optimizer.step()
    torch.manual_seed(3)
    take_turns(recipe, Pair(blurred, sharp), recipe.optimizers())
    actual, expected = recipe.critic.state_dict(), plain.critic.state_dict()
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)
