"""DeblurGAN of Kupyn et al. (2018) and their code, against plain PyTorch."""

import pytest
import torch
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn

from translate.batches import Pair
from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, create_loss, find
from translate_plugins.deblurgan import match_means

SPEC = image_spec((16, 16), ("blurred", "sharp"))
RESNET = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1}
PATCH = {"name": "patch", "width": 2, "layers": 1, "padding": 2}


class Lift(nn.Module):
    """Returns its weight in each pixel."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = nn.Parameter(torch.tensor(by))

    def forward(self, images: Tensor) -> Tensor:
        return self.by.expand_as(images)


class Sum(nn.Module):
    """Scores an image by its sum, times a slope: the gradient is the slope in each entry."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, images: Tensor) -> Tensor:
        return self.slope * images.sum(dim=(1, 2, 3))


def build(**options: object) -> nn.Module:
    with temporary_seed(0):
        part = {"name": "deblurgan", "generator": RESNET, "critic": PATCH, "content": "l2"}
        return create("recipe", {**part, **options}, spec=SPEC).double()


def batch(count: int = 2) -> Pair:
    generator = torch.Generator().manual_seed(1)
    return Pair(*(torch.rand(2, count, 3, 16, 16, generator=generator).double() * 2 - 1))


def flat() -> Pair:
    """Return images of 2x2 pixels: blurred ones of -0.5, sharp ones of 0.5."""
    return Pair(torch.full((2, 3, 2, 2), -0.5), torch.full((2, 3, 2, 2), 0.5))


def by_hand(**options: object) -> nn.Module:
    """Return a recipe that adds 0.25, with a critic of slope 2."""
    recipe = build(**options).float()
    recipe.generator, recipe.critic = Lift(0.25), Sum(2.0)
    return recipe


# -- losses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gp", "slope"), [("textbook", 2 * 12**0.5), ("deblurgan", 2 * 3**0.5)]
)  # over the 12 entries of an image, or over the 3 channels of a pixel
def test_the_critic_loss_is_the_score_difference_and_the_gradient_penalty(gp, slope) -> None:
    recipe = by_hand(gradient_penalty=gp)
    _, turn = advance_to_turn(recipe, flat(), 0)
    assert (turn.player, list(turn.losses)) == ("critic", ["gan", "penalty"])
    # restored images are -0.25: twelve entries, times a slope of 2
    assert turn.losses["gan"].item() == pytest.approx(2 * 12 * (-0.25 - 0.5))
    assert turn.losses["penalty"].item() == pytest.approx(10 * (slope - 1) ** 2, rel=1e-5)


def test_the_generator_loss_is_the_score_and_the_content_loss() -> None:
    recipe = by_hand(pixel="l1", pixel_weight=7.0)
    step, _ = advance_to_turn(recipe, flat(), 4)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan", "content", "pixel"])
    assert turn.losses["gan"].item() == pytest.approx(-2 * 12 * -0.25)
    assert turn.losses["content"].item() == pytest.approx(100 * 0.75**2)
    assert turn.losses["pixel"].item() == pytest.approx(7 * 0.75)
    assert next(step, None) is None


def test_sharp_images_are_shifted_to_the_channel_means_of_their_blurred_ones() -> None:
    blurred, sharp = (0.4 * images for images in batch())
    matched = match_means(sharp, blurred)
    torch.testing.assert_close(matched.mean((2, 3)), blurred.mean((2, 3)))
    differences = (matched - sharp).flatten(2)  # one number in each channel of each image
    assert (differences - differences[..., :1]).abs().max() < 1e-9
    assert len({round(number, 9) for number in differences[..., 0].flatten().tolist()}) == 6
    assert match_means(sharp + 2, blurred + 2).max() == 1  # within the range of images


def test_all_losses_use_the_sharp_image_of_matched_colour() -> None:
    step, turn = advance_to_turn(
        by_hand(pixel="l1", pixel_weight=7.0, match_colour=True), flat(), 0
    )
    # the sharp images of 0.5 are shifted to -0.5; restored ones are -0.25
    assert turn.losses["gan"].item() == pytest.approx(2 * 12 * (-0.25 + 0.5))
    step, _ = advance_to_turn(by_hand(pixel="l1", pixel_weight=7.0, match_colour=True), flat(), 4)
    turn = next(step)
    assert turn.losses["content"].item() == pytest.approx(100 * 0.25**2)
    assert turn.losses["pixel"].item() == pytest.approx(7 * 0.25)


def test_terms_of_weight_0_are_omitted() -> None:
    _, turn = advance_to_turn(by_hand(content_weight=0.0), flat(), 5)
    assert list(turn.losses) == ["gan"]


def test_the_content_loss_is_a_perceptual_loss() -> None:
    recipe = create("recipe", {"name": "deblurgan", "generator": RESNET}, spec=SPEC)
    blurred, sharp = (images.float() for images in batch())
    _, turn = advance_to_turn(recipe, Pair(blurred, sharp), 5)
    expected = 100 * 0.02 * create_loss("perceptual")(recipe.restore(blurred), sharp)
    torch.testing.assert_close(turn.losses["content"], expected)


# -- turns -----------------------------------------------------------------------------------------


def test_five_critic_turns_use_one_batch_and_the_generator_the_updated_critic() -> None:
    recipe, pair = build(), batch()
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
    recipe = build(critic_steps=1)
    step = recipe.step(batch())
    for other in (recipe.generator, recipe.critic):
        turn = next(step)
        gradients = torch.autograd.grad(turn.total, [*other.parameters()], allow_unused=True)
        if turn.player == "critic":
            assert set(gradients) == {None}
        else:
            assert any(gradient is not None for gradient in gradients)  # which has the gradient
    before = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    take_turns(recipe, batch(), recipe.optimizers())
    assert all(
        any(
            not torch.equal(tensor, before[name])
            for name, tensor in recipe.state_dict().items()
            if name.startswith(player)
        )
        for player in ("generator", "critic")
    )


def test_a_critic_step_is_plain_wgan_gp() -> None:
    recipe, (blurred, sharp) = build(critic_steps=2), batch()
    plain = build(critic_steps=2)
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


# -- networks --------------------------------------------------------------------------------------


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
    players = build(lr_generator=1e-3, lr_critic=3e-4).optimizers()
    rates = {player: optimizer.param_groups[0]["lr"] for player, optimizer in players.items()}
    assert rates == {"critic": 3e-4, "generator": 1e-3}


def test_a_batch_dependent_critic_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"critic: .* choose one without, such as \{name: patch"):
        build(critic={**PATCH, "norm": "batch"})


@pytest.mark.parametrize("recipe", ["cut", "deblurgan", "fastcut", "inpaint", "restore", "srgan"])
def test_a_generator_whose_output_has_the_channels_of_its_input_refuses_others(
    recipe: str,
) -> None:
    spec = image_spec((16, 16), ("gray", "colour"), 1, 3)
    message = r"data\.channels: gray has 1 and colour has 3, and .* Type --set data\.channels=3"
    with pytest.raises(ConfigError, match=message):
        create("recipe", {"name": recipe}, spec=spec)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"gradient_penalty": "v2"}, "gradient_penalty"), ({"critic_steps": 0}, "critic_steps")],
)
def test_unknown_options_are_refused(options, message) -> None:
    with pytest.raises(ConfigError, match=message):
        build(**options)


# -- restoring -------------------------------------------------------------------------------------


def test_the_output_of_the_generator_is_added_and_stays_in_range() -> None:
    recipe = by_hand()
    blurred = torch.tensor([-1.0, 0.0, 0.5, 0.9]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    expected = torch.tensor([-0.75, 0.25, 0.75, 1.0]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    assert torch.equal(recipe.restore(blurred), expected)
    assert torch.equal(recipe.translate(blurred, to="sharp"), expected)
    recipe.generator.by.data.neg_()
    assert torch.equal(recipe.restore(-blurred), -expected)


def test_restoration_is_deterministic_without_dropout() -> None:
    recipe = build(generator={**RESNET, "dropout": 0.5})
    with temporary_seed(2):
        for _ in range(3):
            take_turns(recipe, batch(), recipe.optimizers())
    blurred = batch().source
    with torch.no_grad():
        first, reloaded = recipe.restore(blurred), recipe.restore(blurred)
        assert (first - reloaded).abs().max() > 1e-4  # in training, with dropout
        recipe.eval()
        first, reloaded = (recipe.translate(blurred, to="sharp") for _ in range(2))
        assert torch.equal(first, reloaded)
        plain = build()  # dropout shifts the keys of these weights by one
        plain.generator.load_state_dict(
            {
                key.replace("conv_block.6", "conv_block.5"): tensor
                for key, tensor in recipe.generator.state_dict().items()
            }
        )
        assert torch.equal(first, plain.restore(blurred))


def test_a_preview_shows_blurred_restored_and_sharp() -> None:
    recipe, pair = build().eval(), batch()
    blurred, output, target = recipe.preview(pair).values()
    assert torch.equal(blurred, pair.source) and torch.equal(target, pair.target)
    assert torch.equal(output, recipe.restore(pair.source))


def test_the_critic_is_not_compiled_as_it_is_differentiated_twice(monkeypatch) -> None:
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda self, *_a, **_k: compiled.append(self))
    recipe = build()
    recipe.compile()
    assert compiled == [recipe.generator]


@pytest.mark.parametrize(("match_colour", "learned"), [(False, 0.3), (True, 0.0)])
def test_a_shift_between_the_domains_is_learned_unless_colours_are_matched(
    match_colour: bool, learned: float
) -> None:
    recipe = build(
        content_weight=0.0,
        pixel_weight=100.0,
        lr_generator=5e-3,
        critic_steps=1,
        match_colour=match_colour,
    )
    players = recipe.optimizers()
    sharp = batch(4).target * 0.5
    pair = Pair(sharp - 0.3, sharp)
    with temporary_seed(0):
        for _ in range(60):
            take_turns(recipe, pair, players)
    shift = (recipe.restore(pair.source) - pair.source).mean((0, 2, 3))
    assert (shift - learned).abs().max() < 0.1
