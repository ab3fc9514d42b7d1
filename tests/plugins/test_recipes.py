"""Every built-in plugin keeps the contract of `translate.testing`."""

import pytest
from specs import image_spec

from translate.contract.kinds import RULES
from translate.contract.recipes import training
from translate.contract.recipes.processes import averages_gradients
from translate.engine.plugins.discovery import OWN_DISTRIBUTION
from translate.errors import ConfigError
from translate.registry import create, list_registrations
from translate.testing import check_discriminator, check_generator, check_loss, check_recipe

RECIPES = {
    "aae": [{"encoder": {"name": "dcgan-encoder", "width": 4}, "prior": "sphere"}],
    "autoencoder": [{}],
    "cgan": [{}, {"generator": {"name": "mlp", "width": 8}, "discriminator_steps": 2}],
    "cut": [{}, {"identity_weight": 0.0, "patches": 16}],
    "cyclegan": [{}, {"generator": {"name": "resnet", "width": 4, "blocks": 1, "dropout": 0.5}}],
    "dcgan": [{}, {"feature_matching_weight": 1.0, "prior": "sphere", "generator": "mlp"}],
    "deblurgan": [
        {"generator": {"name": "resnet", "width": 4, "blocks": 1, "dropout": 0.5}},
        {
            "generator": {"name": "resnet", "width": 4, "blocks": 1},
            "content": "charbonnier",
            "pixel_weight": 1.0,
            "critic_steps": 1,
            "gradient_penalty": "deblurgan",
        },
    ],
    "fastcut": [{}],
    "gan": [{}, {"discriminator_steps": 2, "discriminator": {"name": "mlp", "norm": "batch"}}],
    "infogan": [{}, {"continuous": 0, "discriminator": {"name": "patch", "width": 4}}],
    "inpaint": [
        {},
        {"adversarial_weight": 0.0, "content_weight": 0.1, "stroke_fraction": 1.0},
        {"fill": "smooth", "generator": {"name": "dilated", "width": 4}},
    ],
    "pix2pix": [{}, {"pixel": "ssim", "adversarial": "hinge", "discriminator": "pixel"}],
    "restore": [
        {},
        {
            "degradations": ["gray", {"name": "noise", "sigma": [0.05, 0.2]}, "blur", "jpeg"],
            "adversarial_weight": 1e-3,
            "content_weight": 0.1,
        },
    ],
    "srgan": [{}, {"scale": 2, "pretrain_steps": 2}, {"adversarial_weight": 0.0, "content": None}],
    "text2img": [{}, {"mode_seeking_weight": 0.1}],
    "wae-gan": [{}],
    "wae-mmd": [{}, {"prior": "uniform"}],
    "wgan": [
        {},
        {"critic_steps": 1, "warm_up_critic_steps": 2, "generator": "mlp", "critic": "mlp"},
    ],
    "wgan-gp": [{"critic": {"name": "dcgan", "norm": "layer", "width": 4}, "critic_steps": 2}],
}
ON_TWO_PROCESSES = {"cut", "cyclegan", "infogan", "wae-mmd", "wgan-gp"}
"""recipes of each kind: with a pool, samples of features, codes, priors and double backward"""
GENERATORS = {
    "resnet": [
        {},
        {"norm": "batch", "upsample": "resize", "downsamplings": 1},
        {"dropout": 0.5},
        {"antialias": True},
    ],
    "unet": [{}, {"norm": "instance", "levels": 3, "upsample": "resize"}],
    "srresnet": [{}, {"scale": 4, "norm": "none", "blocks": 1}, {"scale": 2, "residual": True}],
    "dilated": [{}, {"blocks": 5, "downsampling": 2}],
    "dcgan": [{}, {"norm": "layer"}, {"norm": "none", "upsample": "resize"}],
    "dcgan-encoder": [{}, {"norm": "instance"}],
    "mlp": [{}, {"norm": "none"}, {"norm": "layer", "layers": 1}],
    "mlp-encoder": [{}, {"norm": "none"}],
}
NESTED = {
    "name": "augmented",
    "of": {"name": "spectral", "of": {"name": "minibatch", "of": {"name": "dcgan", "width": 4}}},
}
DISCRIMINATORS = {
    "patch": [{}, {"norm": "batch"}, {"padding": 2}, {"antialias": True}],
    "pixel": [{}, {"norm": "none"}],
    "scales": [
        {"of": {"name": "patch", "width": 4, "padding": 2}},
        {"of": {"name": "mlp", "width": 4}, "count": 3},
    ],
    "dcgan": [{}, {"norm": "layer"}, {"norm": "none"}],
    "mlp": [{}, {"norm": "batch"}, {"dropout": 0.5}],
    "vgg": [{}, {"norm": "none"}],
    "noisy": [{"of": {"name": "patch", "width": 4}, "sigma": 0.1, "until": 0.5}, {"of": NESTED}],
    "augmented": [{"of": {"name": "dcgan", "width": 4}}],
    "spectral": [{"of": {"name": "patch", "width": 4, "norm": "none"}}],
    "minibatch": [{"of": {"name": "mlp", "width": 4}}, {"of": {"name": "patch", "width": 4}}],
}
LOSSES = {
    "vanilla": [{}, {"saturating": True}, {"label_smoothing": 0.1, "label_flipping": 0.1}],
    "lsgan": [{}, {"label_smoothing": 0.1, "label_flipping": 0.1}],
    "hinge": [{}, {"label_flipping": 0.1}],
    "wasserstein": [{}],
    "relativistic": [{}],
    "l1": [{}],
    "l2": [{}],
    "ssim": [{}, {"window": 7}],
    "edge": [{}],
    "charbonnier": [{}, {"epsilon": 0.1}],
    "tv": [{}],
    "perceptual": [{}, {"layers": [16, 1], "weights": [0.5, 1.0], "criterion": "l1"}],
}
KINDS = {
    "recipe": RECIPES,
    "generator": GENERATORS,
    "discriminator": DISCRIMINATORS,
    "loss": LOSSES,
}


def cases(named: dict[str, list[dict[str, object]]]) -> list[object]:
    """Return a test for each name and set of options; further options of a recipe are slow."""
    slow = pytest.mark.slow if named is RECIPES else ()
    return [
        pytest.param(
            name,
            options,
            id="-".join([name, *options]),
            marks=() if options is variants[0] else slow,
        )
        for name, variants in named.items()
        for options in variants
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_registered_name_is_tested_here(kind) -> None:
    builtins = {
        offer.name for offer in list_registrations(kind) if offer.distribution == OWN_DISTRIBUTION
    }
    assert builtins == KINDS[kind].keys(), f"give each {kind} its line above"


@pytest.mark.parametrize(("name", "options"), cases(RECIPES))
def test_recipes_keep_the_contract(name, options, monkeypatch) -> None:
    if name not in ON_TWO_PROCESSES or options is not RECIPES[name][0]:  # no option concerns them
        rules = [rule for rule in RULES["recipe"] if rule is not averages_gradients]
        monkeypatch.setitem(RULES, "recipe", rules)
    check_recipe(name, **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RECIPES.keys() - ON_TWO_PROCESSES))
def test_every_other_recipe_averages_gradients_too(name, monkeypatch) -> None:
    rules = (training.constructor_does_no_io, training.takes_turns, averages_gradients)
    monkeypatch.setitem(RULES, "recipe", rules)
    check_recipe(name, **RECIPES[name][0])


@pytest.mark.parametrize(("name", "channels"), [("cyclegan", (1, 1)), ("pix2pix", (1, 3))])
def test_recipes_train_on_rectangular_crops_and_gray(name, channels) -> None:
    check_recipe(name, spec=image_spec((32, 64), ("before", "after"), *channels))


@pytest.mark.parametrize(("name", "options"), cases(GENERATORS))
def test_generators_keep_the_contract(name, options) -> None:
    check_generator(name, **options)


@pytest.mark.parametrize(("name", "options"), cases(DISCRIMINATORS))
def test_discriminators_keep_the_contract(name, options) -> None:
    check_discriminator(name, **options)


@pytest.mark.parametrize(("name", "options"), cases(LOSSES))
def test_losses_keep_the_contract(name, options) -> None:
    check_loss(name, **options)


@pytest.mark.parametrize("recipe", ["cut", "deblurgan", "fastcut", "inpaint", "restore", "srgan"])
def test_a_generator_with_as_many_output_as_input_channels_refuses_others(
    recipe: str,
) -> None:
    spec = image_spec((16, 16), ("gray", "colour"), 1, 3)
    message = r"data\.channels: gray has 1 and colour has 3, and .* Type --set data\.channels=3"
    with pytest.raises(ConfigError, match=message):
        create("recipe", {"name": recipe}, spec=spec)
