"""WGAN-GP of Gulrajani et al. (2017)."""

import pytest
import small_gans
import torch
from specs import image_spec
from torch import nn
from turns import advance_to_turn

from translate.batches import Images
from translate.engine.optimization.step import take_step
from translate.errors import ConfigError
from translate.registry import create, find

NAME, JUDGE = "wgan-gp", "critic"


def test_the_losses_are_those_of_the_paper() -> None:
    # real images are 1 and score 2; generated ones are 0.5 and score 1
    recipe = small_gans.scalar_recipe(NAME, JUDGE, critic_steps=1)
    step, turn = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert (turn.player, list(turn.losses)) == ("critic", ["gan", "penalty"])
    assert turn.losses["gan"].item() == pytest.approx(1 - 2)
    # each of the four pixels weighs 2 / 4, so the gradient's norm is 1 and the penalty 0
    assert turn.losses["penalty"].item() == pytest.approx(0, abs=1e-12)
    with torch.no_grad():
        recipe.critic.slope.fill_(6.0)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan"])
    assert turn.total.item() == pytest.approx(-6 * 0.5)
    assert next(step, None) is None


def test_the_penalty_is_ten_times_the_squared_excess_of_the_gradient_norm() -> None:
    recipe = small_gans.scalar_recipe(NAME, JUDGE)
    with torch.no_grad():
        recipe.critic.slope.fill_(6.0)  # a gradient of norm 3
    _, turn = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert turn.losses["penalty"].item() == pytest.approx(10 * (3 - 1) ** 2)
    turn.losses["penalty"].backward()  # the norm is half the slope
    assert recipe.critic.slope.grad.item() == pytest.approx(10 * 2 * (3 - 1) / 2)
    assert recipe.generator.weight.grad is None


def test_the_critic_has_five_turns_on_new_batches_before_the_generator_turn() -> None:
    training = small_gans.build_state(NAME)
    inputs = small_gans.record_inputs(training.recipe.critic)
    turns = small_gans.players_of_steps(training, 10)
    assert turns == [["critic"]] * 4 + [["critic", "generator"]] + [["critic"]] * 4 + [
        ["critic", "generator"]
    ]
    answers = [inputs.pop(15), inputs.pop(30)]  # images of the generator's own turns
    real, fake, between = inputs[::3], inputs[1::3], inputs[2::3]
    assert all(torch.equal(r, small_gans.random_batch(seed=s).images) for s, r in enumerate(real))
    for one, other, point in zip(real, fake, between, strict=True):
        low, high = torch.minimum(one, other), torch.maximum(one, other)
        assert ((low - 1e-6 <= point) & (point <= high + 1e-6)).all()
    assert len({image.numpy().tobytes() for image in [*fake, *answers]}) == 12  # new latents


def test_a_batch_dependent_critic_is_refused() -> None:
    for critic in ({"name": "mlp", "norm": "batch"}, {"name": "minibatch", "of": "mlp"}):
        with pytest.raises(ConfigError, match=r"depends on its batch.*\{name: dcgan, norm: layer}"):
            small_gans.build_state(NAME, critic=critic)
    small_gans.build_state(NAME, critic={"name": "mlp", "norm": "layer"})


def test_defaults_are_those_of_the_papers_algorithm() -> None:
    assert find("recipe", NAME).defaults["train"]["batch_size"] == 64
    recipe = create("recipe", NAME, spec=image_spec((32, 32), ("bedrooms",)))
    assert (recipe.critic_steps, recipe.gradient_penalty_weight) == (5, 10.0)
    assert list(recipe.optimizers()) == ["critic", "generator"]
    for player, optimizer in recipe.optimizers().items():
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"]) == (1e-4, (0.0, 0.9))
        network = getattr(recipe, player)
        assert {id(p) for p in group["params"]} == {id(p) for p in network.parameters()}
    noise = recipe.latents(2000)
    assert noise.shape[1] == 128
    assert noise.std().item() == pytest.approx(1, abs=0.01)


def test_the_critic_is_not_compiled_as_it_is_differentiated_twice(monkeypatch) -> None:
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda self, *_a, **_k: compiled.append(self))
    recipe = create("recipe", NAME, spec=image_spec((32, 32), ("bedrooms",)))
    recipe.compile()
    assert compiled == [recipe.generator]


def test_the_critic_estimates_the_wasserstein_distance_of_two_gaussians() -> None:
    # N(0, 0.1), and the same 0.5 higher in each of 4 pixels: a shift of length sqrt(4) * 0.5
    critic, spec = {"name": "mlp", "width": 32}, image_spec((2, 2), ("digits",), 1)
    training = small_gans.build_state(
        NAME, spec, critic=critic, critic_steps=10_000, lr_critic=2e-3
    )
    random = torch.Generator().manual_seed(0)
    training.recipe.latents = lambda count: 0.1 * torch.randn(count, 1, 2, 2, generator=random)
    training.recipe.generator = nn.Identity()
    for _ in range(400):
        higher = Images(0.5 + 0.1 * torch.randn(256, 1, 2, 2, generator=random))
        result = take_step(training, higher, 10_000)
    assert -result.losses["critic/gan"].item() == pytest.approx(1.0, rel=0.15)
