"""The networks of DeblurGAN of Kupyn et al. (2018) and their code, and what they restore."""

import pytest
import torch
from small_cut import random_pair
from small_deblurgan import PATCH, RESNET, build_recipe, scalar_recipe
from specs import image_spec
from torch import nn

from translate.batches import Pair
from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, find


def test_defaults_are_those_of_the_paper() -> None:
    kind = find("recipe", "deblurgan")
    assert kind.defaults["data"] == {"layout": "paired", "size": 256, "resize": "none"}
    assert kind.defaults["train"]["epochs"] == 300
    assert kind.defaults["train"]["batch_size"] == 1
    recipe = create("recipe", "deblurgan", spec=image_spec((256, 256), ("blurred", "sharp")))
    assert (recipe.critic_steps, recipe.gradient_penalty_weight, recipe.pixel_weight) == (
        5,
        10.0,
        0.0,
    )
    assert list(recipe.optimizers()) == ["critic", "generator"]
    for player, optimizer in recipe.optimizers().items():
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"]) == (1e-4, (0.5, 0.999))
        network = getattr(recipe, player)
        assert {id(p) for p in group["params"]} == {id(p) for p in network.parameters()}


def test_networks_are_those_of_the_authors_code() -> None:
    recipe = create("recipe", "deblurgan", spec=image_spec((256, 256), ("blurred", "sharp")))
    # nine blocks on 256 channels, of 2 (9 * 256 + 1) 256; around them 7x7 from 3 and to 3, and
    # 3x3 that double and halve: dropout has no weights
    around = (49 * 3 + 1) * 64 + (49 * 64 + 1) * 3
    around += (9 * 64 + 1) * 128 + (9 * 128 + 1) * 256 + (9 * 256 + 1) * 128 + (9 * 128 + 1) * 64
    expected = around + 9 * 2 * (9 * 256 + 1) * 256
    assert sum(p.numel() for p in recipe.generator.parameters()) == expected == 11_378_179
    keys = [key for key in recipe.generator.state_dict() if "conv_block" in key]
    assert {key.split("conv_block.")[1] for key in keys} == {
        f"{index}.{kind}" for index in (1, 6) for kind in ("weight", "bias")
    }  # 4 is the dropout, so the second convolution is 6
    dropped = [part for part in recipe.generator.modules() if isinstance(part, nn.Dropout)]
    assert [part.p for part in dropped] == [0.5] * 9
    convolutions = [part for part in recipe.critic.modules() if isinstance(part, nn.Conv2d)]
    assert convolutions[0].in_channels == 3  # an image, and not the pair
    assert [conv.padding for conv in convolutions] == [(2, 2)] * 5
    assert sum(p.numel() for p in recipe.critic.parameters()) == 2_764_737


def test_each_player_has_its_own_learning_rate() -> None:
    players = build_recipe(lr_generator=1e-3, lr_critic=3e-4).optimizers()
    rates = {player: optimizer.param_groups[0]["lr"] for player, optimizer in players.items()}
    assert rates == {"critic": 3e-4, "generator": 1e-3}


def test_a_batch_dependent_critic_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"critic: .* choose one without, such as \{name: patch"):
        build_recipe(critic={**PATCH, "norm": "batch"})


@pytest.mark.parametrize(
    ("options", "message"),
    [({"gradient_penalty": "v2"}, "gradient_penalty"), ({"critic_steps": 0}, "critic_steps")],
)
def test_unknown_options_are_refused(options, message) -> None:
    with pytest.raises(ConfigError, match=message):
        build_recipe(**options)


def test_the_output_of_the_generator_is_added_and_stays_in_range() -> None:
    recipe = scalar_recipe()
    blurred = torch.tensor([-1.0, 0.0, 0.5, 0.9]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    expected = torch.tensor([-0.75, 0.25, 0.75, 1.0]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    assert torch.equal(recipe.restore(blurred), expected)
    assert torch.equal(recipe.translate(blurred, to="sharp"), expected)
    recipe.generator.value.data.neg_()
    assert torch.equal(recipe.restore(-blurred), -expected)


def test_restoration_is_deterministic_without_dropout() -> None:
    recipe = build_recipe(generator={**RESNET, "dropout": 0.5})
    with temporary_seed(2):
        for _ in range(3):
            take_turns(recipe, random_pair(), recipe.optimizers())
    blurred = random_pair().source
    with torch.no_grad():
        first, reloaded = recipe.restore(blurred), recipe.restore(blurred)
        assert (first - reloaded).abs().max() > 1e-4  # in training, with dropout
        recipe.eval()
        first, reloaded = (recipe.translate(blurred, to="sharp") for _ in range(2))
        assert torch.equal(first, reloaded)
        plain = build_recipe()  # dropout shifts the keys of these weights by one
        plain.generator.load_state_dict(
            {
                key.replace("conv_block.6", "conv_block.5"): tensor
                for key, tensor in recipe.generator.state_dict().items()
            }
        )
        assert torch.equal(first, plain.restore(blurred))


def test_a_preview_shows_blurred_restored_and_sharp() -> None:
    recipe, pair = build_recipe().eval(), random_pair()
    blurred, output, target = recipe.preview(pair).values()
    assert torch.equal(blurred, pair.source) and torch.equal(target, pair.target)
    assert torch.equal(output, recipe.restore(pair.source))


def test_the_critic_is_not_compiled_as_it_is_differentiated_twice(monkeypatch) -> None:
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda self, *_a, **_k: compiled.append(self))
    recipe = build_recipe()
    recipe.compile()
    assert compiled == [recipe.generator]


@pytest.mark.parametrize(("match_colour", "learned"), [(False, 0.3), (True, 0.0)])
def test_a_shift_between_the_domains_is_learned_unless_colours_are_matched(
    match_colour: bool, learned: float
) -> None:
    recipe = build_recipe(
        content_weight=0.0,
        pixel_weight=100.0,
        lr_generator=5e-3,
        critic_steps=1,
        match_colour=match_colour,
    )
    players = recipe.optimizers()
    sharp = random_pair(4).target * 0.5
    pair = Pair(sharp - 0.3, sharp)
    with temporary_seed(0):
        for _ in range(60):
            take_turns(recipe, pair, players)
    shift = (recipe.restore(pair.source) - pair.source).mean((0, 2, 3))
    assert (shift - learned).abs().max() < 0.1
