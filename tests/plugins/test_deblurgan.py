"""Losses and turns of DeblurGAN of Kupyn et al. (2018), against plain PyTorch."""

import pytest
import torch
from small_cut import random_pair
from small_deblurgan import RESNET, SPEC, build_recipe, constant_pair, scalar_recipe
from torch import Tensor
from turns import advance_to_turn

from translate.batches import Pair
from translate.engine.optimization.step import take_turns
from translate.registry import create, create_loss
from translate_plugins.deblurgan import match_means


@pytest.mark.parametrize(
    ("gp", "slope"), [("textbook", 2 * 12**0.5), ("deblurgan", 2 * 3**0.5)]
)  # over the 12 entries of an image, or over the 3 channels of a pixel
def test_the_critic_loss_is_the_score_difference_and_the_gradient_penalty(gp, slope) -> None:
    recipe = scalar_recipe(gradient_penalty=gp)
    _, turn = advance_to_turn(recipe, constant_pair(), 0)
    assert (turn.player, list(turn.losses)) == ("critic", ["gan", "penalty"])
    # restored images are -0.25: twelve entries, times a slope of 2
    assert turn.losses["gan"].item() == pytest.approx(2 * 12 * (-0.25 - 0.5))
    assert turn.losses["penalty"].item() == pytest.approx(10 * (slope - 1) ** 2, rel=1e-5)


def test_the_generator_loss_is_the_score_and_the_content_loss() -> None:
    recipe = scalar_recipe(pixel="l1", pixel_weight=7.0)
    step, _ = advance_to_turn(recipe, constant_pair(), 4)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan", "content", "pixel"])
    assert turn.losses["gan"].item() == pytest.approx(-2 * 12 * -0.25)
    assert turn.losses["content"].item() == pytest.approx(100 * 0.75**2)
    assert turn.losses["pixel"].item() == pytest.approx(7 * 0.75)
    assert next(step, None) is None


def test_sharp_images_are_shifted_to_the_channel_means_of_their_blurred_ones() -> None:
    blurred, sharp = (0.4 * images for images in random_pair())
    matched = match_means(sharp, blurred)
    torch.testing.assert_close(matched.mean((2, 3)), blurred.mean((2, 3)))
    differences = (matched - sharp).flatten(2)  # one number in each channel of each image
    assert (differences - differences[..., :1]).abs().max() < 1e-9
    assert len({round(number, 9) for number in differences[..., 0].flatten().tolist()}) == 6
    assert match_means(sharp + 2, blurred + 2).max() == 1  # within the range of images


def test_all_losses_use_the_sharp_image_of_matched_colour() -> None:
    step, turn = advance_to_turn(
        scalar_recipe(pixel="l1", pixel_weight=7.0, match_colour=True), constant_pair(), 0
    )
    # the sharp images of 0.5 are shifted to -0.5; restored ones are -0.25
    assert turn.losses["gan"].item() == pytest.approx(2 * 12 * (-0.25 + 0.5))
    step, _ = advance_to_turn(
        scalar_recipe(pixel="l1", pixel_weight=7.0, match_colour=True), constant_pair(), 4
    )
    turn = next(step)
    assert turn.losses["content"].item() == pytest.approx(100 * 0.25**2)
    assert turn.losses["pixel"].item() == pytest.approx(7 * 0.25)


def test_terms_of_weight_0_are_omitted() -> None:
    _, turn = advance_to_turn(scalar_recipe(content_weight=0.0), constant_pair(), 5)
    assert list(turn.losses) == ["gan"]


def test_the_content_loss_is_a_perceptual_loss() -> None:
    recipe = create("recipe", {"name": "deblurgan", "generator": RESNET}, spec=SPEC)
    blurred, sharp = (images.float() for images in random_pair())
    _, turn = advance_to_turn(recipe, Pair(blurred, sharp), 5)
    expected = 100 * 0.02 * create_loss("perceptual")(recipe.restore(blurred), sharp)
    torch.testing.assert_close(turn.losses["content"], expected)


def test_five_critic_turns_use_one_batch_and_the_generator_the_updated_critic() -> None:
    recipe, pair = build_recipe(), random_pair()
    tensors: list[Tensor] = []
    recipe.critic.register_forward_hook(lambda _m, inputs, _o: tensors.append(inputs[0].detach()))
    noises: list[Tensor] = []
    recipe.generator.register_forward_hook(lambda _m, _given, out: noises.append(out.detach()))
    step, players, scores = recipe.step(pair), [], []
    for turn in step:
        players.append(turn.player)
        with torch.no_grad():
            scores.append(turn.losses["gan"].item())
            for parameter in recipe.critic.parameters():
                parameter.mul_(1.1)
    assert players == ["critic"] * 5 + ["generator"]
    (added,) = noises  # it is called once
    output = (pair.source + added).clamp(-1, 1)
    assert len(tensors) == 16 and len({*scores}) == 6
    for real, fake, between in zip(tensors[:15:3], tensors[1:15:3], tensors[2:15:3], strict=True):
        assert torch.equal(real, pair.target) and torch.equal(fake, output)
        low, high = torch.minimum(real, fake), torch.maximum(real, fake)
        assert ((low - 1e-9 <= between) & (between <= high + 1e-9)).all()
    assert torch.equal(tensors[15], output)
    assert len({between.numpy().tobytes() for between in tensors[2:15:3]}) == 5


def test_a_turn_updates_its_player_alone() -> None:
    recipe = build_recipe(critic_steps=1)
    step = recipe.step(random_pair())
    for other in (recipe.generator, recipe.critic):
        turn = next(step)
        gradients = torch.autograd.grad(turn.total, [*other.parameters()], allow_unused=True)
        if turn.player == "critic":
            assert set(gradients) == {None}
        else:
            assert any(gradient is not None for gradient in gradients)  # which has the gradient
    before = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    take_turns(recipe, random_pair(), recipe.optimizers())
    assert all(
        any(
            not torch.equal(tensor, before[name])
            for name, tensor in recipe.state_dict().items()
            if name.startswith(player)
        )
        for player in ("generator", "critic")
    )


def test_a_critic_step_is_plain_wgan_gp() -> None:
    recipe, (blurred, sharp) = build_recipe(critic_steps=2), random_pair()
    plain = build_recipe(critic_steps=2)
    optimizer = torch.optim.Adam(plain.critic.parameters(), 1e-4, betas=(0.5, 0.999))
    torch.manual_seed(3)
    fake = (blurred + plain.generator(blurred)).clamp(-1, 1).detach()
    for _ in range(2):
        mix = torch.rand(2, 1, 1, 1).double()
        between = (mix * fake + (1 - mix) * sharp).requires_grad_()
        scores = plain.critic(between).mean((1, 2, 3))
        (slope,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
        norms = slope.square().sum((1, 2, 3)).sqrt()
        loss = plain.critic(fake).mean() - plain.critic(sharp).mean()
        optimizer.zero_grad()
        (loss + 10 * ((norms - 1) ** 2).mean()).backward()
        optimizer.step()
    torch.manual_seed(3)
    take_turns(recipe, Pair(blurred, sharp), recipe.optimizers())
    for one, other in zip(recipe.critic.parameters(), plain.critic.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
