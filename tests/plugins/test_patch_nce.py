"""The contrast of patches, by hand and against a plain double loop."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.noise import seeded
from translate.registry import create_generator
from translate_plugins.cut.patch_nce import (
    PatchNCE,
    feature_channels,
    normalize,
    patch_cross_entropy,
)


@pytest.fixture(autouse=True)
def fresh() -> None:
    torch.manual_seed(0)


def nce(channels: list[int], patches: int = 10_000) -> PatchNCE:
    return PatchNCE(channels, width=32, patches=patches, temperature=0.5).double()


def maps(*shapes: tuple[int, ...]) -> list[Tensor]:
    return [torch.randn(shape, dtype=torch.double) for shape in shapes]


def plain(query: Tensor, key: Tensor, temperature: float) -> list[float]:
    """Return the loss of each image as equation 3 says it, place by place."""
    found = []
    for wanted, given in zip(key, query, strict=True):
        losses = []
        for place, vector in enumerate(given):
            chances = [math.exp(float(vector @ other) / temperature) for other in wanted]
            losses.append(-math.log(chances[place] / sum(chances)))
        found.append(sum(losses) / len(losses))
    return found


# -- the loss --------------------------------------------------------------------------------------


def test_three_places_of_four_channels_by_hand() -> None:
    axes = torch.eye(4)[:3]
    query, key = torch.stack([axes, axes]), torch.stack([axes, axes.roll(1, dims=0)])
    # each place finds itself: log(e + 2) - 1; each takes another for itself: log(e + 2) - 0
    expected = torch.tensor([math.log(math.e + 2) - 1, math.log(math.e + 2)])
    torch.testing.assert_close(patch_cross_entropy(query, key, 1.0), expected)
    sharper = math.log(math.exp(1 / 0.07) + 2) - 1 / 0.07
    assert patch_cross_entropy(query, key, 0.07)[0].item() == pytest.approx(sharper, abs=1e-6)


def test_the_loss_is_that_of_a_double_loop() -> None:
    query, key = (normalize(tensor) for tensor in maps((3, 7, 4), (3, 7, 4)))
    expected = torch.tensor(plain(query, key, 0.2), dtype=torch.double)
    torch.testing.assert_close(patch_cross_entropy(query, key, 0.2), expected)


def test_the_loss_is_that_of_the_authors_who_mask_the_place_among_the_others() -> None:
    query, key = (normalize(tensor) for tensor in maps((2, 9, 4), (2, 9, 4)))
    right = (query * key).sum(2).reshape(-1, 1)
    wrong = query @ key.mT
    wrong = wrong.masked_fill(torch.eye(9, dtype=torch.bool), -10.0).reshape(-1, 9)
    logits = torch.cat([right, wrong], dim=1) / 0.07
    expected = F.cross_entropy(logits, torch.zeros(18, dtype=torch.long))
    torch.testing.assert_close(patch_cross_entropy(query, key, 0.07).mean(), expected)


def test_other_images_are_no_negatives() -> None:
    query, key = (normalize(tensor) for tensor in maps((2, 5, 4), (2, 5, 4)))
    alone = torch.cat(
        [patch_cross_entropy(q[None], k[None], 0.07) for q, k in zip(query, key, strict=True)]
    )
    torch.testing.assert_close(patch_cross_entropy(query, key, 0.07), alone)


def test_gradients_are_the_slopes() -> None:
    query, key = maps((2, 3, 4), (2, 3, 4))
    query.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda q: patch_cross_entropy(normalize(q), normalize(key), 0.3), query
    )


def test_vectors_become_of_length_one_and_nothing_stays_nothing() -> None:
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    found = normalize(vectors)
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
    (gradient,) = torch.autograd.grad(found.sum(), vectors)
    # of (3, 4): (4 * 4 - 3 * 4, 3 * 3 - 3 * 4) / 5^3; of nothing: 1 / 1e-7, where a root has none
    torch.testing.assert_close(gradient, torch.tensor([[0.032, -0.024], [1e7, 1e7]]))


def test_the_loss_stays_precise_under_autocast() -> None:
    query, key = (normalize(torch.randn(2, 50, 16)) for _ in range(2))
    with torch.autocast("cpu", torch.bfloat16):
        found = patch_cross_entropy(query, key, 0.07)
    torch.testing.assert_close(found, patch_cross_entropy(query, key, 0.07))


# -- the layers ------------------------------------------------------------------------------------


def test_layers_are_averaged_over_all_places_of_each() -> None:
    module = nce([2, 5])
    drawn, source = maps((3, 2, 4, 6), (3, 5, 2, 3)), maps((3, 2, 4, 6), (3, 5, 2, 3))
    expected = []
    for head, one, other in zip(module.heads, drawn, source, strict=True):
        first, _, last = head
        vectors = []
        for feature in (one, other):
            rows = feature.permute(0, 2, 3, 1).flatten(1, 2)
            hidden = (rows @ first.weight.T + first.bias).clamp(min=0)
            vectors.append(F.normalize(hidden @ last.weight.T + last.bias, dim=2).detach())
        expected.append(plain(*vectors, 0.5))
    mean = torch.tensor(expected, dtype=torch.double).mean(dim=0)
    torch.testing.assert_close(module(drawn, source), mean, rtol=1e-6, atol=0)


def test_each_layer_is_looked_at_in_so_many_places_the_same_in_all_images() -> None:
    drawn, source = maps((2, 3, 4, 6), (2, 3, 2, 2)), maps((2, 3, 4, 6), (2, 3, 2, 2))
    loss = nce([3, 3], patches=5)([feature.requires_grad_() for feature in drawn], source)
    gradients = torch.autograd.grad(loss.sum(), drawn)
    looked = [(gradient.abs().sum(1) > 0).flatten(1) for gradient in gradients]
    assert [places.sum(1).tolist() for places in looked] == [[5, 5], [4, 4]]
    assert torch.equal(looked[0][0], looked[0][1])


def test_both_are_looked_at_in_the_same_places_others_each_time() -> None:
    module = nce([3], patches=5)
    drawn, source = maps((2, 3, 4, 6), (2, 3, 4, 6))
    with seeded(1):
        before = module([drawn], [source])
        assert not torch.equal(module([drawn], [source]), before)
    with seeded(1):
        chosen = torch.randperm(24)[:5]
    elsewhere = torch.ones(24, dtype=torch.bool)
    elsewhere[chosen] = False
    for features in (drawn, source):
        features.view(2, 3, 24)[:, :, elsewhere] = 9.0
    with seeded(1):
        torch.testing.assert_close(module([drawn], [source]), before)


def test_what_is_seen_in_the_source_stands_still() -> None:
    module = nce([3])
    (drawn,), (source,) = maps((2, 3, 4, 4)), maps((2, 3, 4, 4))
    source.requires_grad_()
    loss = module([drawn.requires_grad_()], [source]).sum()
    to_drawn, to_source = torch.autograd.grad(loss, [drawn, source], allow_unused=True)
    assert to_drawn.any()
    assert to_source is None
    # the heads learn from the output's vectors alone
    weights = list(module.parameters())
    found = torch.autograd.grad(module([drawn], [source]).sum(), weights)
    (head,) = module.heads
    query = head(drawn.flatten(2).mT)
    fixed = head(source.flatten(2).mT).detach()
    expected = torch.autograd.grad(
        patch_cross_entropy(normalize(query), normalize(fixed), 0.5).sum(), weights
    )
    torch.testing.assert_close(found, expected)


# -- the shapes of the heads -----------------------------------------------------------------------


@pytest.mark.parametrize("antialias", [False, True])
def test_heads_suit_the_features_of_the_papers_generator(antialias: bool) -> None:
    part = {"name": "resnet", "blocks": 9, "antialias": antialias}
    with torch.device("meta"):
        generator = create_generator(part, in_channels=3, out_channels=3)
        assert feature_channels(generator, 3) == [3, 128, 256, 256, 256]


def test_looking_for_shapes_changes_nothing() -> None:
    part = {
        "name": "resnet",
        "width": 4,
        "blocks": 1,
        "norm": "batch",
        "dropout": 0.5,
        "downsamplings": 4,
    }
    generator = create_generator(part, in_channels=3, out_channels=3)
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    random = torch.get_rng_state()
    assert feature_channels(generator, 3) == [3, 8, 16, 32, 64, 64]
    assert torch.equal(torch.get_rng_state(), random)
    assert generator.training
    for key, value in generator.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_a_generator_without_features_is_named() -> None:
    with pytest.raises(ConfigError, match=r"generator: Conv2d shows no features.*choose resnet"):
        feature_channels(nn.Conv2d(3, 3, 1), 3)
