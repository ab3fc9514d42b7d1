"""Players of all recipes: optimizers and networks as in the papers, gradients and compilation."""

import pytest
import torch
from torch import nn

from translate.contract.kinds import small_options
from translate.contract.recipes.subject import RecipeSubject, make_subject
from translate.registry import names


def players_of_gan(lr: float, opponent: str = "discriminator") -> dict[str, tuple[float, str]]:
    return {opponent: (lr, opponent), "generator": (lr, "generator")}


CUT = {"discriminator": (2e-4, "discriminator"), "generator": (2e-4, "generator patch_nce")}
PLAYERS = {
    "aae": {
        "autoencoder": (1e-3, "encoder decoder"),
        "discriminator": (2e-4, "discriminator"),
        "encoder": (2e-4, "encoder"),
    },
    "autoencoder": {"autoencoder": (1e-3, "encoder decoder")},
    "cgan": players_of_gan(2e-4),
    "cut": CUT,
    "cyclegan": {
        "generators": (2e-4, "source_to_target target_to_source"),
        "discriminators": (2e-4, "source_discriminator target_discriminator"),
    },
    "dcgan": players_of_gan(2e-4),
    "deblurgan": players_of_gan(1e-4, "critic"),
    "fastcut": CUT,
    "gan": players_of_gan(2e-4),
    "infogan": {"discriminator": (2e-4, "discriminator head"), "generator": (1e-3, "generator")},
    "inpaint": players_of_gan(2e-4),
    "pix2pix": players_of_gan(2e-4),
    "restore": {"generator": (2e-4, "generator")},
    "srgan": players_of_gan(1e-4),
    "text2img": {
        "discriminator": (2e-4, "discriminator image_encoder text_encoder"),
        "generator": (2e-4, "generator"),
    },
    "wae-gan": {
        "discriminator": (5e-4, "discriminator"),
        "autoencoder": (1e-3, "encoder decoder"),
    },
    "wae-mmd": {"autoencoder": (1e-3, "encoder decoder")},
    "wgan": players_of_gan(5e-5, "critic"),
    "wgan-gp": players_of_gan(1e-4, "critic"),
}
"""learning rate and networks of each player, in the order of `Recipe.optimizers`"""
BETAS = dict.fromkeys(["autoencoder", "restore", "srgan"], (0.9, 0.999)) | {"wgan-gp": (0.0, 0.9)}
"""betas of Adam that differ from (0.5, 0.999)"""
OPPONENTS = {"critic", "discriminator", "discriminators"}


def small_subject(name: str, **options: object) -> RecipeSubject:
    return make_subject(name, small_options("recipe", name) | options, None, None)


@pytest.mark.parametrize("name", names("recipe"))
def test_each_player_has_the_optimizer_and_the_networks_of_the_paper(name: str) -> None:
    recipe = small_subject(name).make()
    optimizers = recipe.optimizers()
    assert list(optimizers) == list(PLAYERS[name])
    for player, (lr, networks) in PLAYERS[name].items():
        (group,) = optimizers[player].param_groups
        assert group["lr"] == lr
        if name == "wgan":
            assert type(optimizers[player]) is torch.optim.RMSprop
            assert (group["alpha"], group["momentum"]) == (0.99, 0)
        else:
            assert type(optimizers[player]) is torch.optim.Adam
            assert (group["betas"], group["weight_decay"]) == (BETAS.get(name, (0.5, 0.999)), 0)
        expected = {id(p) for n in networks.split() for p in getattr(recipe, n).parameters()}
        assert {id(p) for p in group["params"]} == expected


@pytest.mark.parametrize(
    "name", ["restore", *(name for name in PLAYERS if OPPONENTS & PLAYERS[name].keys())]
)
def test_the_turn_of_a_discriminator_or_critic_has_gradients_of_its_own_networks_only(
    name: str,
) -> None:
    options = {"adversarial_weight": 1e-3} if name == "restore" else {}
    subject = small_subject(name, **options)
    recipe = subject.make()
    turn = next(turn for turn in recipe.step(subject.batch(0)) if turn.player in OPPONENTS)
    (group,) = recipe.optimizers()[turn.player].param_groups
    own = {id(parameter) for parameter in group["params"]}
    others = [p for p in recipe.parameters() if p.requires_grad and id(p) not in own]
    assert others and set(torch.autograd.grad(turn.total, others, allow_unused=True)) == {None}


@pytest.mark.parametrize("name", ["deblurgan", "wgan-gp"])
def test_a_critic_is_not_compiled_as_it_is_differentiated_twice(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled_networks = []
    monkeypatch.setattr(
        nn.Module, "compile", lambda self, *_args, **_options: compiled_networks.append(self)
    )
    recipe = small_subject(name).make()
    recipe.compile()
    assert compiled_networks == [recipe.generator]
