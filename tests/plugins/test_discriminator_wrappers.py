"""Discriminators that wrap another discriminator: what they change and what they keep."""

import copy

import pytest
import torch
from small_discriminators import MLP, WithoutFeatures, discriminator, random_images
from torch import nn
from valid_recipe import register_parts

from translate.contract.kinds import small_options
from translate.contract.recipes.subject import make_subject
from translate.contract.recipes.training import resumes_exactly
from translate.errors import ConfigError
from translate.nn.geometry import Geometry, geometry_of
from translate.nn.init import init_normal_
from translate.nn.modes import mode, unchanged_buffers
from translate.nn.penalties import gradient_penalty

PATCH = {"name": "patch", "width": 4, "layers": 2}


@pytest.mark.parametrize("name", ["noisy", "augmented", "spectral", "minibatch"])
def test_recipes_resume_exactly_with_every_wrapper(name):
    options = {**small_options("recipe", "pix2pix"), "discriminator": {"name": name, "of": PATCH}}
    resumes_exactly(make_subject("pix2pix", options, None, None))


@pytest.mark.parametrize("name", ["noisy", "augmented", "spectral", "minibatch"])
def test_wrappers_have_the_geometry_and_features_of_the_wrapped_network(name):
    patch, wrapper = discriminator(**PATCH), discriminator(name, of=PATCH).eval()
    assert geometry_of(wrapper) == geometry_of(patch) == Geometry(minimum=12, scale=0)
    expected, features = patch.features(random_images()), wrapper.features(random_images())
    assert [feature.shape for feature in features] == [feature.shape for feature in expected]


@pytest.mark.parametrize("name", ["noisy", "augmented"])
def test_a_copied_wrapper_is_independent(name):
    """A moving average copies networks, so a copy must not share state."""
    network = discriminator(name, of=MLP).eval()
    other, x = copy.deepcopy(network), random_images()
    nn.init.zeros_(network.network.model[1].weight)
    assert not torch.equal(other.features(x)[0], network.features(x)[0])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("noisy", {"of": "pach"}, "no discriminator is called 'pach'. Did you mean 'patch'?"),
        ("noisy", {"until": 0}, "expected a fraction of training, above 0 and up to 1, got 0"),
        ("noisy", {"sigma": -1}, "sigma: expected 0 or more, got -1"),
        ("augmented", {"policy": "colour"}, "policy: there is no 'colour'. Did you mean 'color'?"),
        ("augmented", {"colors": 4}, "colors: expected 0 to 3, the number of channels, got 4"),
        ("spectral", {"of": {**PATCH, "widht": 4}}, "has no option 'widht'. Did you mean 'width'?"),
        ("minibatch", {"of": MLP, "kernels": 0}, "expected at least 1 of each, got 0 and 8."),
    ],
)
def test_wrong_options_are_refused(name, options, message):
    with pytest.raises(ConfigError) as error:
        discriminator(name, **options)
    assert message in str(error.value)


def test_only_minibatch_needs_features(register_plugin):
    register_parts(register_plugin, discriminators={"plain": WithoutFeatures})
    for name in ("noisy", "augmented", "spectral"):
        network = discriminator(name, of="plain")
        assert network(random_images()).shape == (4, 1, 16, 16) and not hasattr(network, "features")
    with pytest.raises(ConfigError, match="WithoutFeatures has no method features"):
        discriminator("minibatch", of="plain")


@pytest.mark.parametrize("of", [{**MLP, "layers": 2}, {**PATCH, "norm": "none"}])
def test_the_largest_singular_value_of_every_layer_is_one(of):
    network = discriminator("spectral", of=of)
    init_normal_(network, std=0.3)  # as recipes do after creating it
    for _ in range(200):
        network(random_images())
    layers = [m for m in network.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    assert len(layers) >= 3
    for layer in layers:
        values = torch.linalg.svdvals(layer.eval().weight.flatten(1))
        assert values[0].item() == pytest.approx(1, abs=1e-3)


def test_spectral_norm_saves_its_iteration_and_evaluation_does_not_change_it():
    network, x = discriminator("spectral", of=MLP), random_images()
    network(x)
    assert any(key.endswith("_u") for key in network.state_dict())
    loaded = discriminator("spectral", of=MLP)
    loaded.load_state_dict(network.state_dict())
    for _ in range(2):  # each forward pass in training continues the power iteration
        assert torch.equal(network(x), loaded(x))
    before = copy.deepcopy(network.state_dict())
    with mode(network, training=True), unchanged_buffers(network):
        network(x)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_minibatch_similarity_equals_the_sum_of_the_paper_computed_by_hand():
    network = discriminator("minibatch", of=MLP, kernels=2, dims=2)
    rows = torch.tensor([[0.0, 0, 0, 0], [1, 0, 0, 0], [0, 2, 1, 1]])  # two kernels of two numbers
    network.project = nn.Identity()
    one, two, three = (torch.exp(torch.tensor(-float(distance))).item() for distance in (1, 2, 3))
    expected = [[one + two, 1 + two], [one + three, 1 + two], [two + three, two + two]]
    torch.testing.assert_close(network.similarity(rows), torch.tensor(expected))


def test_a_single_image_has_similarity_0():
    network = discriminator("minibatch", of=MLP)
    features = network.features(random_images(1))[-1]
    assert torch.equal(network.similarity(features), torch.zeros(1, 16))
    penalty = gradient_penalty(network, random_images(1), random_images(1))
    penalty.backward()
    assert penalty.isfinite() and network.score.weight.grad.isfinite().all()


def test_equal_images_have_the_greatest_similarity():
    network, x = discriminator("minibatch", of=MLP), random_images(8)
    copies = network.features(x[:1].expand(8, -1, -1, -1))[-1]
    torch.testing.assert_close(network.similarity(copies), torch.full((8, 16), 7.0))
    varied = network.similarity(network.features(x)[-1])
    assert varied.max() < 7
    assert not torch.allclose(network(x)[0], network(x[:4])[0])  # the score has the similarity


def test_unused_layers_after_the_features_get_no_gradient():
    network = discriminator("minibatch", of=MLP)
    untrained = [name for name, p in network.named_parameters() if not p.requires_grad]
    assert untrained == ["network.model.4.weight", "network.model.4.bias"]
    assert discriminator("minibatch", of={"name": "minibatch", "of": MLP})(
        random_images()
    ).shape == (4, 1)
