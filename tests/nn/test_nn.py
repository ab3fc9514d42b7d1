"""Operations that recipes share, beside plain re-implementations."""

import pytest
import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.batching import forward_batched
from translate.nn.conditioning import one_hot, with_labels
from translate.nn.features import feature_distance
from translate.nn.geometry import (
    Geometry,
    at_size,
    combined,
    expect_scale,
    geometries,
    geometry_of,
)
from translate.nn.init import init_normal_
from translate.nn.latents import Prior
from translate.nn.modes import mode, unchanged_buffers
from translate.nn.noise import seeded
from translate.nn.penalties import clip_weights_
from translate.nn.pools import ImagePool
from translate.registry import create_discriminator, create_generator


def images(count: int, *, seed: int = 0, size: int = 4) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


# -- the pool --------------------------------------------------------------------------------------


def plain_pool(size: int, batches: list[Tensor]) -> list[Tensor]:
    """Do what CycleGAN's pool does, image by image, with a list."""
    held: list[Tensor] = []
    shown = []
    for batch in batches:
        returned = []
        for image in batch:
            if len(held) < size:
                held.append(image)
                returned.append(image)
            elif size and torch.rand(()) >= 0.5:
                place = int(torch.randint(size, ()))
                returned.append(held[place])
                held[place] = image
            else:
                returned.append(image)
        shown.append(torch.stack(returned))
    return shown


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("count", [1, 4])
def test_a_pool_shows_what_a_plain_list_would(size: int, count: int) -> None:
    batches = [images(count, seed=step) for step in range(40)]
    with seeded(5):
        expected = plain_pool(size, batches)
    pool = ImagePool(size)
    with seeded(5):
        shown = [pool(batch) for batch in batches]
    assert all(torch.equal(a, b) for a, b in zip(shown, expected, strict=True))
    assert len(pool.images) == min(size, 40 * count)


def test_a_pool_fills_first_and_then_shows_half_of_the_old() -> None:
    pool = ImagePool(50)
    for step in range(50):
        assert torch.equal(pool(images(1, seed=step)), images(1, seed=step))
    with seeded(0):
        new = [torch.equal(pool(images(1, seed=s)), images(1, seed=s)) for s in range(50, 1050)]
    assert 440 < sum(new) < 560  # a fair coin, four deviations either way


def test_a_pool_of_no_size_returns_what_it_is_given_and_draws_nothing() -> None:
    pool, before = ImagePool(0), torch.get_rng_state()
    assert torch.equal(pool(images(3)), images(3))
    assert torch.equal(torch.get_rng_state(), before)
    assert not len(pool.images)


def test_what_a_pool_shows_has_no_gradient_and_is_its_own_memory() -> None:
    pool, given = ImagePool(1), images(1).requires_grad_()
    assert not pool(given).requires_grad
    with torch.no_grad():
        given.zero_()
    assert torch.equal(pool.images, images(1))  # the pool keeps what it was shown
    with seeded(1):
        shown = [pool(images(1, seed=s)) for s in range(20)]
    kept = [image.clone() for image in shown]
    for seed in range(20, 40):
        pool(images(1, seed=seed))
    assert all(torch.equal(a, b) for a, b in zip(shown, kept, strict=True))


def test_a_pool_is_no_weight() -> None:
    assert not ImagePool(3).state_dict()


# -- initialisation --------------------------------------------------------------------------------


def test_weights_are_drawn_as_the_papers_draw_them() -> None:
    network = nn.Sequential(
        nn.Conv2d(64, 64, 5), nn.ConvTranspose2d(64, 64, 5), nn.Linear(300, 300),
        nn.BatchNorm2d(20_000), nn.GroupNorm(1, 20_000), nn.BatchNorm2d(3, affine=False),
        nn.Conv2d(3, 3, 1, bias=False),
    )  # fmt: skip
    with seeded(0):
        init_normal_(network)
    for layer in network[:3]:
        assert layer.weight.mean().abs() < 3e-4
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.02)
        assert not layer.bias.any()
    for layer in network[3:5]:
        assert layer.weight.mean().item() == pytest.approx(1, abs=1e-3)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.03)
        assert not layer.bias.any()


def test_the_deviation_can_be_another() -> None:
    network = nn.Linear(300, 300)
    init_normal_(network, 0.5)
    assert network.weight.std().item() == pytest.approx(0.5, rel=0.03)


# -- looking without touching ----------------------------------------------------------------------


def test_seeded_draws_the_same_and_puts_the_generator_back() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with seeded(7):
        first = torch.rand(2)
    with seeded(7):
        assert torch.equal(torch.rand(2), first)
    with pytest.raises(ZeroDivisionError), seeded(7):
        _ = 1 / 0
    assert torch.equal(torch.rand(2), expected)


def test_mode_is_put_back_part_by_part() -> None:
    network = nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm2d(3), nn.Dropout()))
    network[1][0].eval()
    before = [part.training for part in network.modules()]
    with mode(network, training=False):
        assert not any(part.training for part in network.modules())
    with pytest.raises(ZeroDivisionError), mode(network, training=True):
        assert all(part.training for part in network.modules())
        _ = 1 / 0
    assert [part.training for part in network.modules()] == before


def test_buffers_are_put_back_in_place_and_even_when_replaced() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3), nn.BatchNorm2d(3))
    held = network[0].running_mean
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    with torch.no_grad(), unchanged_buffers(network):
        network(images(2) + 5)
        network[1].running_var = torch.full((3,), 9.0)
        assert network[0].running_mean.abs().min() > 0.1
    assert network[0].running_mean is held
    for name, buffer in network.named_buffers():
        assert torch.equal(buffer, before[name])


def test_sides_suit_all_networks() -> None:
    four = Geometry(multiple_of=4, minimum=17, halo=3)
    six = Geometry(multiple_of=6, scale=2, halo=5)
    both = combined(four, six)
    assert both == Geometry(multiple_of=12, minimum=17, scale=2, halo=5)
    assert [both.fit(side) for side in (1, 24, 25)] == [24, 24, 36]
    assert combined(four, Geometry()).halo is None
    assert combined() == Geometry()


class Sized(nn.Module):
    """A network with a geometry, and a part with another one."""

    def __init__(self, geometry: Geometry, *parts: nn.Module) -> None:
        super().__init__()
        self.geometry, self.parts = geometry, nn.ModuleList(parts)


def test_the_geometries_of_a_module_are_those_of_its_networks_but_not_of_their_parts() -> None:
    one, two, inner = (Geometry(multiple_of=n) for n in (2, 3, 5))
    networks = nn.ModuleDict({"one": Sized(one, Sized(inner)), "two": nn.Sequential(Sized(two))})
    assert list(geometries(nn.ModuleList([networks, nn.Conv2d(3, 3, 1)]))) == [one, two]
    assert geometry_of(nn.Conv2d(3, 3, 1)) == Geometry()


def test_a_generator_of_another_scale_is_named() -> None:
    twice, same = Sized(Geometry(scale=2)), nn.Module()
    expect_scale(twice, 2)
    expect_scale(same, 1)
    with pytest.raises(ConfigError, match="Sized makes sides 2 times as long, not 1: choose one"):
        expect_scale(twice, 1)


# -- one pass --------------------------------------------------------------------------------------


def values_and_gradients(network: nn.Module, passes: tuple[Tensor, ...]) -> list[Tensor]:
    total = sum((p * p.detach().cos()).sum() for p in passes)
    gradients = torch.autograd.grad(total, list(network.parameters()), allow_unused=True)
    return [*passes, *(g for g in gradients if g is not None)]


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_one_pass_is_two(norm: str) -> None:
    with seeded(0):
        network = create_generator(
            {"name": "resnet", "width": 2, "blocks": 1, "downs": 1, "norm": norm},
            in_channels=3, out_channels=3,
        ).double()  # fmt: skip
    first, second = images(2, size=16).double(), 3 * images(3, seed=1, size=16).double()
    together = values_and_gradients(network, forward_batched(network, first, second))
    apart = values_and_gradients(network, (network(first), network(second)))
    for a, b in zip(together, apart, strict=True):
        assert a.shape == b.shape
        assert (a - b).abs().max() < 1e-11


@pytest.mark.parametrize(("norm", "passes"), [("instance", 1), ("batch", 2), ("none", 1)])
def test_images_share_a_pass_only_where_they_share_no_statistics(norm: str, passes: int) -> None:
    network = create_generator(
        {"name": "resnet", "width": 2, "blocks": 1, "downs": 1, "norm": norm},
        in_channels=3, out_channels=3,
    )  # fmt: skip
    seen = []
    network.register_forward_hook(lambda *_: seen.append(1))
    forward_batched(network, images(1, size=16), images(1, size=16))
    assert len(seen) == passes


def test_each_minibatch_gets_its_own_scores_of_each_scale() -> None:
    first, second = images(2, size=32), images(3, seed=1, size=32)
    network = create_discriminator(
        {"name": "scales", "of": {"name": "patch", "width": 2, "layers": 1}},
        in_channels=3,
        size=(32, 32),
    )
    together = forward_batched(network, first, second)
    for scores, given in zip(together, (first, second), strict=True):
        expected = network(given)
        assert len(scores) == len(expected) > 1
        for scale, alone in zip(scores, expected, strict=True):
            assert torch.allclose(scale, alone, atol=1e-6)


# -- networks of one size --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(8, 12), (1, 1), (5, 40), (40, 5), (33, 20), (8, 13)])
def test_a_network_of_one_size_sees_that_size_and_the_picture_keeps_its_own(
    size: tuple[int, int],
) -> None:
    seen = []

    def network(given: Tensor) -> Tensor:
        seen.append(given)
        return given

    flat = torch.full((2, 3, *size), 0.25)
    drawn = at_size((8, 12), network, flat)
    assert [given.shape for given in seen] == [(2, 3, 8, 12)]
    assert drawn.shape == flat.shape
    assert torch.allclose(drawn, flat)


def test_a_smaller_picture_comes_back_exactly_and_its_edges_repeat_on_the_right_and_below() -> None:
    seen = []
    picture = torch.tensor([[[[0.1, 0.2], [0.3, 0.4]]]])
    drawn = at_size((3, 4), lambda given: seen.append(given) or -given, picture)
    assert torch.equal(drawn, -picture)
    rows = [0.1, 0.2, 0.2, 0.2], [0.3, 0.4, 0.4, 0.4], [0.3, 0.4, 0.4, 0.4]
    assert torch.equal(seen[0], torch.tensor([[rows]]))


def test_a_larger_picture_is_averaged_on_the_way_down() -> None:
    seen = []
    board = torch.ones(1, 1, 32, 32)
    board[..., ::2, 1::2] = board[..., 1::2, ::2] = -1
    at_size((8, 8), lambda given: seen.append(given) or given, board)
    assert seen[0].abs().max() < 0.05  # every fourth pixel alone would be plain white


def test_a_ramp_survives_the_way_down_and_up() -> None:
    ramp = torch.linspace(-1, 1, 32).expand(1, 1, 32, 32)
    drawn = at_size((8, 8), lambda given: given, ramp)
    assert drawn.abs().max() <= 1
    assert (drawn - ramp)[..., 4:-4].abs().max() < 0.02  # a pixel is 0.065
    assert (drawn - ramp).abs().max() < 0.1


# -- noise, labels, features -----------------------------------------------------------------------


def test_clipping_brings_every_weight_into_its_bounds() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    network[0].weight.data = torch.tensor([[0.5, -0.005], [-3.0, 0.01]])
    clip_weights_(network, 0.01)
    assert network[0].weight.flatten().tolist() == pytest.approx([0.01, -0.005, -0.01, 0.01])
    assert network[1].weight.tolist() == pytest.approx([0.01, 0.01])
    assert network[1].running_var.tolist() == [1, 1]  # no weight, and left alone
    assert network[0].weight.requires_grad


@pytest.mark.parametrize(
    ("kind", "mean_square", "largest"),
    [("normal", 1, 6), ("uniform", 1 / 3, 1), ("sphere", 1, 6)],
)
def test_latent_vectors_have_the_distribution_of_their_prior(
    kind: str, mean_square: float, largest: float
) -> None:
    drawn = Prior(kind, dim=64).draw(500, torch.Generator().manual_seed(0))
    assert drawn.shape == (500, 64, 1, 1) and drawn.device.type == "cpu"
    assert drawn.mean().item() == pytest.approx(0, abs=0.02)
    assert drawn.square().mean().item() == pytest.approx(mean_square, rel=0.02)
    assert drawn.abs().max() <= largest
    lengths = drawn.flatten(1).norm(dim=1)
    if kind == "sphere":
        torch.testing.assert_close(lengths, torch.full((500,), 8.0))
    else:
        assert lengths.std() > 0.1
    assert torch.equal(drawn, Prior(kind, dim=64).draw(500, torch.Generator().manual_seed(0)))


def test_latent_vectors_come_from_the_global_generator_by_default() -> None:
    with seeded(5):
        one = Prior("normal", dim=3).draw(2)
    with seeded(5):
        other = Prior("normal", dim=3).draw(2)
        before = torch.get_rng_state()
        Prior("normal", dim=3).draw(2, torch.Generator())
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, other)


def test_another_distribution_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"'unifrm'\. Did you mean 'uniform'"):
        Prior("unifrm", dim=1)


def test_labels_become_channels_and_planes() -> None:
    labels = torch.tensor([2, 0], dtype=torch.uint8)
    assert one_hot(labels, 3).tolist() == [[[[0]], [[0]], [[1]]], [[[1]], [[0]], [[0]]]]
    pictures = torch.randn(2, 1, 2, 3)
    joined = with_labels(pictures, labels, 3)
    assert joined.shape == (2, 4, 2, 3)
    assert torch.equal(joined[:, :1], pictures)
    assert joined[0, 1:].mean(dim=(1, 2)).tolist() == [0, 0, 1]
    assert joined[1, 1:].mean(dim=(1, 2)).tolist() == [1, 0, 0]
    assert with_labels(torch.zeros(2, 5, 1, 1), labels, 3).shape == (2, 8, 1, 1)  # noise, too
    with pytest.raises(RuntimeError):
        one_hot(torch.tensor([3]), 3)


def test_features_are_as_far_apart_as_their_means() -> None:
    real = [torch.tensor([[0.0, 2.0], [2.0, 4.0]]), torch.ones(2, 1, 2, 2)]  # means (1, 3) and 1
    fake = [torch.tensor([[1.0, 0.0]]), torch.full((3, 1, 2, 2), 4.0)]  # means (1, 0) and 4
    assert feature_distance(real, fake) == (0 + 9) / 2 + 9
    assert feature_distance(real, real) == 0
    with pytest.raises(ValueError, match="zip"):
        feature_distance(real, fake[:1])


def test_gradients_of_the_distance_of_features_are_right() -> None:
    real, fake = (torch.randn(n, 2, 3, dtype=torch.double).requires_grad_() for n in (2, 3))
    assert torch.autograd.gradcheck(lambda r, f: feature_distance([r], [f]), (real, fake))


def test_what_mixes_its_images_gets_each_batch_alone() -> None:
    class Counts(nn.Module):
        mixes_images = True

        def forward(self, x: Tensor) -> Tensor:
            return x * len(x)

    one, other = forward_batched(nn.Sequential(Counts()), torch.ones(2, 1), torch.ones(3, 1))
    assert one.tolist() == [[2], [2]] and other.tolist() == [[3], [3], [3]]
