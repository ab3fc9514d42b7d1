"""Discriminators that wrap another one: what they change and what they keep."""

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from translate import hookimpl
from translate.contract.kinds import small_options
from translate.contract.recipes.subject import make_subject
from translate.contract.recipes.training import resumes_exactly
from translate.errors import ConfigError
from translate.nn.geometry import Geometry, geometry_of
from translate.nn.init import init_normal_
from translate.nn.modes import Progressive, mode, unchanged_buffers
from translate.nn.noise import temporary_seed
from translate.nn.penalties import gradient_penalty
from translate.registry import create_discriminator
from translate_plugins.discriminator_wrappers.augmentation import color, cutout, translation
from translate_plugins.discriminator_wrappers.instance_noise import InstanceNoise
from translate_plugins.losses.adversarial import Vanilla

MLP = {"name": "mlp", "width": 8, "layers": 1}
PATCH = {"name": "patch", "width": 4, "layers": 2}
DCGAN = {"name": "dcgan", "width": 4}
NESTED = {"name": "augmented", "of": {"name": "spectral", "of": {"name": "minibatch", "of": DCGAN}}}


@pytest.fixture(autouse=True)
def fresh():
    torch.manual_seed(0)


def make(name, *, channels=3, side=16, **options):
    return create_discriminator({"name": name, **options}, in_channels=channels, size=(side, side))


def images(count=4, channels=3, side=16):
    return torch.rand(count, channels, side, side) * 2 - 1


@pytest.mark.parametrize("name", ["noisy", "augmented", "spectral", "minibatch"])
def test_recipes_resume_exactly_with_every_wrapper(name):
    small_one = {**small_options("recipe", "pix2pix"), "discriminator": {"name": name, "of": PATCH}}
    resumes_exactly(make_subject("pix2pix", small_one, None, None))


def test_wrappers_pass_on_attributes_of_the_network():
    plain = make("patch", width=4, layers=2)
    for name in ("noisy", "augmented", "spectral", "minibatch"):
        wrapped = make(name, of=PATCH).eval()
        assert geometry_of(wrapped) == geometry_of(plain) == Geometry(minimum=12, scale=0)
        assert [f.shape for f in wrapped.features(images())] == [
            f.shape for f in plain.features(images())
        ]


@pytest.mark.parametrize("name", ["noisy", "augmented"])
def test_a_copied_wrapper_is_independent(name):
    """A moving average copies networks, so a copy must not share state."""
    network = make(name, of=MLP).eval()
    other, x = copy.deepcopy(network), images()
    nn.init.zeros_(network.network.model[1].weight)
    assert not torch.equal(other.features(x)[0], network.features(x)[0])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("noisy", {"of": "pach"}, "no discriminator is called 'pach'. Did you mean 'patch'?"),
        (
            "noisy",
            {"until": 0},
            "until: expected a fraction of training, above 0 and up to 1, got 0",
        ),
        ("noisy", {"sigma": -1}, "sigma: expected 0 or more, got -1"),
        ("augmented", {"policy": "colour"}, "policy: there is no 'colour'. Did you mean 'color'?"),
        ("augmented", {"colors": 4}, "colors: expected 0 to 3, the number of channels, got 4"),
        ("spectral", {"of": {**PATCH, "widht": 4}}, "has no option 'widht'. Did you mean 'width'?"),
        (
            "minibatch",
            {"of": MLP, "kernels": 0},
            "kernels, dims: expected at least 1 of each, got 0 and 8.",
        ),
    ],
)
def test_wrong_options_are_refused(name, options, message):
    with pytest.raises(ConfigError) as error:
        make(name, **options)
    assert message in str(error.value)


class Bare(nn.Module):
    """A discriminator without features."""

    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 1, 1)

    def forward(self, x):
        return self.conv(x)


def test_only_minibatch_needs_features(register_plugin):
    register_plugin(SimpleNamespace(register_discriminators=hookimpl(lambda: {"bare": Bare})))
    for name in ("noisy", "augmented", "spectral"):
        network = make(name, of="bare")
        assert network(images()).shape == (4, 1, 16, 16) and not hasattr(network, "features")
    with pytest.raises(ConfigError, match="Bare has no method features"):
        make("minibatch", of="bare")


# -- instance noise --------------------------------------------------------------------------------


def test_noise_decays_to_zero_over_its_fraction_of_training():
    network = make("noisy", of=MLP, sigma=0.4, until=0.5)
    (noise,) = (part for part in network.modules() if isinstance(part, Progressive))
    x, result = torch.zeros(16, 3, 16, 16), []
    for noise.progress in (0.0, 0.25, 0.4, 0.5, 0.9):
        result.append(noise(x).std().item())
    assert result[:3] == pytest.approx([0.4, 0.2, 0.08], rel=0.02)
    assert result[3:] == [0, 0]


def test_noise_differs_each_time_and_is_only_added_in_training():
    network, x = make("noisy", of=MLP, sigma=0.4), images()
    assert not torch.equal(network(x), network(x))
    assert not torch.equal(network.features(x)[0], network.features(x)[0])
    before = torch.get_rng_state()
    torch.testing.assert_close(network.eval()(x), network.network(x), rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), before)  # and no random number was used
    assert torch.equal(InstanceNoise(0.0, 0.5)(x), x)


# -- DiffAugment -----------------------------------------------------------------------------------


def test_colours_change_by_the_random_factors_and_are_not_clamped():
    x = images(256)
    with temporary_seed(2):
        augmented = color(x, 3)
    with temporary_seed(2):
        brightness, saturation, contrast = torch.rand(3, 256)
    gray = x.mean(1, keepdim=True)
    torch.testing.assert_close(  # the mean changes by the brightness alone
        augmented.mean((1, 2, 3)), x.mean((1, 2, 3)) + brightness - 0.5, atol=1e-5, rtol=0
    )
    hue, before = augmented - augmented.mean(1, keepdim=True), x - gray
    strength = (2 * saturation * (contrast + 0.5)).view(-1, 1, 1, 1)
    torch.testing.assert_close(hue, strength * before, atol=1e-5, rtol=0)
    assert augmented.max() > 1.2 and augmented.min() < -1.2


def test_label_channels_keep_their_values():
    x = images(8, channels=5)
    assert torch.equal(color(x, 3)[:, 3:], x[:, 3:])
    assert torch.equal(color(x, 1)[:, 1:], x[:, 1:])
    assert make("augmented", of=MLP, channels=13, policy="color").change.colors == 3
    assert make("augmented", of=MLP, channels=2, policy="color").change.colors == 1
    assert make("augmented", of=MLP, channels=11, policy="color", colors=1).change.colors == 1


def test_translation_moves_whole_pixels_by_up_to_an_eighth():
    x = torch.zeros(2000, 2, 16, 24)
    x[:, :, 8, 12] = 1
    shifted = translation(x, 1)
    assert torch.equal(shifted[:, 0], shifted[:, 1])  # all channels alike
    assert (shifted[:, 0].sum((1, 2)) == 1).all() and set(shifted.unique().tolist()) == {0, 1}
    _, rows, columns = shifted[:, 0].nonzero().T
    assert rows.unique().tolist() == [6, 7, 8, 9, 10]
    assert columns.unique().tolist() == [9, 10, 11, 12, 13, 14, 15]
    assert torch.bincount(rows)[6:].min() > 300  # each about as often
    x = torch.ones(1, 1, 8, 8)
    with temporary_seed(1):
        down, right = (torch.randint(-1, 2, (1, 1, 1, 1)).item() for _ in range(2))
    with temporary_seed(1):
        output = translation(x, 1)[0, 0]
    assert output.sum() == (8 - abs(down)) * (8 - abs(right))  # new pixels are gray


def test_cutout_removes_half_of_each_side_and_may_cross_the_edge():
    x = torch.ones(3000, 2, 8, 8)
    cut = cutout(x, 1)
    assert torch.equal(cut[:, 0], cut[:, 1])
    sizes = (cut[:, 0] == 0).sum((1, 2))
    assert sizes.max() == 16 and sizes.min() == 4  # 4x4 within, 2x2 in a corner
    rows = (cut[:, 0] == 0).any(2).sum(1)
    assert rows.unique().tolist() == [2, 3, 4]
    fractions = (cut[:, 0] == 0).float().mean(0)
    torch.testing.assert_close(
        fractions, fractions.flip(0), atol=0.05, rtol=0
    )  # no side is preferred
    sizes = (cutout(torch.ones(500, 1, 7, 7), 1) == 0).sum((1, 2, 3))
    assert sizes.max() == 9  # half of 7, rounded down


def test_augmentation_differs_by_image_and_is_only_applied_in_training():
    network, x = make("augmented", of=MLP), images(1).expand(4, -1, -1, -1)
    augmented = network.change(x)
    assert len({image.sum().item() for image in augmented}) == 4
    torch.testing.assert_close(network.eval()(x), network.network(x), rtol=0, atol=0)
    one = make("augmented", of=MLP, policy="translation").change(x)
    assert set(one.unique().tolist()) <= {*x.unique().tolist(), 0.0}


@pytest.mark.parametrize("step", [color, translation, cutout])
def test_augmentation_works_in_any_memory_format_and_precision(step):
    x = images(4)
    with temporary_seed(1):
        expected = step(x, 3)
    with temporary_seed(1):
        torch.testing.assert_close(step(x.to(memory_format=torch.channels_last), 3), expected)
    with temporary_seed(1):
        half = step(x.bfloat16(), 3)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), expected, atol=0.05, rtol=0.05)


def test_augmentation_is_differentiable_twice():
    network = make("augmented", of={**MLP}).double()
    x = images(2).double().requires_grad_()

    def changed(x: Tensor) -> Tensor:
        with temporary_seed(4):
            return network.change(x)

    assert torch.autograd.gradcheck(changed, x, fast_mode=True)
    gradient_penalty(network, x, x.flip(0)).backward()
    assert all(
        p.grad.isfinite().all() for n, p in network.named_parameters() if not n.endswith("bias")
    )


def test_a_code_of_one_pixel_can_be_augmented_and_made_noisy():
    """The discriminator of an adversarial autoencoder gets codes."""
    network = make("noisy", of={"name": "augmented", "of": MLP}, channels=8, side=1)
    assert network(codes := torch.randn(4, 8, 1, 1)).shape == (4, 1)
    assert torch.equal(cutout(translation(codes, 1), 1), codes)  # one pixel cannot be translated


# -- spectral norm ---------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [{**MLP, "layers": 2}, {**PATCH, "norm": "none"}])
def test_the_largest_singular_value_of_every_layer_is_one(of):
    network = make("spectral", of=of)
    init_normal_(network, std=0.3)  # as recipes do after creating it
    for _ in range(200):
        network(images())
    layers = [m for m in network.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    assert len(layers) >= 3
    for layer in layers:
        values = torch.linalg.svdvals(layer.eval().weight.flatten(1))
        assert values[0].item() == pytest.approx(1, abs=1e-3)


def test_the_lipschitz_constant_of_an_mlp_with_spectral_norm_is_at_most_one():
    network = make("spectral", of={**MLP, "layers": 2})
    for _ in range(200):
        network(images())
    one, other = images(64), images(64)
    distances = (network.eval()(one) - network(other)).abs().flatten()
    assert (distances <= (one - other).flatten(1).norm(dim=1) * 1.001).all()


def test_spectral_norm_saves_its_iteration_and_evaluation_does_not_change_it():
    network, x = make("spectral", of=MLP), images()
    network(x)
    keys = network.state_dict()
    assert any(key.endswith("_u") for key in keys)
    original = {key: value.clone() for key, value in keys.items()}
    other = make("spectral", of=MLP)
    other.load_state_dict(original)
    assert torch.equal(network(x), other(x))  # in training: the iteration continues from there
    assert torch.equal(network(x), other(x))
    original = {key: value.clone() for key, value in network.state_dict().items()}
    with mode(network, training=True), unchanged_buffers(network):
        network(x)
    assert all(torch.equal(value, original[key]) for key, value in network.state_dict().items())


# -- minibatch discrimination ----------------------------------------------------------------------


def test_minibatch_similarity_is_the_sum_of_the_paper_by_hand():
    network = make("minibatch", of=MLP, kernels=2, dims=2)
    rows = torch.tensor([[0.0, 0, 0, 0], [1, 0, 0, 0], [0, 2, 1, 1]])  # two kernels of two numbers
    network.project = nn.Identity()
    one, two, three = (torch.exp(torch.tensor(-float(distance))).item() for distance in (1, 2, 3))
    expected = [[one + two, 1 + two], [one + three, 1 + two], [two + three, two + two]]
    torch.testing.assert_close(network.similarity(rows), torch.tensor(expected))


def test_a_single_image_has_similarity_0():
    network = make("minibatch", of=MLP)
    features = network.features(images(1))[-1]
    assert torch.equal(network.similarity(features), torch.zeros(1, 16))
    penalty = gradient_penalty(network, images(1), images(1))
    penalty.backward()
    assert penalty.isfinite() and network.score.weight.grad.isfinite().all()


def test_copies_have_the_greatest_similarity():
    network, x = make("minibatch", of=MLP), images(8)
    copies = network.features(x[:1].expand(8, -1, -1, -1))[-1]
    torch.testing.assert_close(network.similarity(copies), torch.full((8, 16), 7.0))
    varied = network.similarity(network.features(x)[-1])
    assert varied.max() < 7


def collapse_is_seen(part):
    """Train `part` to distinguish batches of copies from batches of different images."""
    network = create_discriminator(part, in_channels=1, size=(4, 4))
    optimizer, loss = torch.optim.Adam(network.parameters(), lr=0.01), Vanilla()

    def batches():
        varied, single = torch.randn(16, 1, 4, 4), torch.randn(1, 1, 4, 4)
        return varied, single + 0.01 * torch.randn(16, 1, 4, 4)

    for _ in range(200):
        varied, copies = batches()
        optimizer.zero_grad()
        loss.for_discriminator(network(varied), network(copies)).backward()
        optimizer.step()
    correct = []
    with torch.no_grad():
        for _ in range(50):
            varied, copies = batches()
            correct += [(network(varied) > 0).float().mean(), (network(copies) < 0).float().mean()]
    return torch.stack(correct).mean()


def test_only_minibatch_discrimination_detects_a_collapsed_batch():
    assert collapse_is_seen({"name": "minibatch", "of": MLP}) > 0.97
    assert collapse_is_seen(MLP) < 0.65  # image by image, copies are as real as any


def test_unused_layers_after_the_features_get_no_gradient():
    network = make("minibatch", of=MLP)
    resting = [name for name, p in network.named_parameters() if not p.requires_grad]
    assert resting == ["network.model.4.weight", "network.model.4.bias"]
    assert make("minibatch", of={"name": "minibatch", "of": MLP})(images()).shape == (4, 1)
