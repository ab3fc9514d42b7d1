"""The PatchNCE loss, compared with values computed by hand, and patch by patch."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create_generator
from translate_plugins.cut.patch_nce import (
    PatchNCE,
    feature_channels,
    normalize,
    patch_cross_entropy,
)


def nce(channels: list[int], patches: int = 10_000) -> PatchNCE:
    return PatchNCE(channels, width=32, patches=patches, temperature=0.5).double()


def maps(*shapes: tuple[int, ...]) -> list[Tensor]:
    return [torch.randn(shape, dtype=torch.double) for shape in shapes]


def plain_loss(query: Tensor, key: Tensor, temperature: float) -> list[float]:
    """Return the loss of each image by equation 3, patch by patch."""
    result = []
    for keys, queries in zip(key, query, strict=True):
        losses = []
        for position, vector in enumerate(queries):
            weights = [math.exp(float(vector @ other) / temperature) for other in keys]
            losses.append(-math.log(weights[position] / sum(weights)))
        result.append(sum(losses) / len(losses))
    return result


def test_the_loss_of_three_patches_equals_a_value_computed_by_hand() -> None:
    axes = torch.eye(4)[:3]
    query, key = torch.stack([axes, axes]), torch.stack([axes, axes.roll(1, dims=0)])
    # each patch matches itself: log(e + 2) - 1; each matches another: log(e + 2) - 0
    expected = torch.tensor([math.log(math.e + 2) - 1, math.log(math.e + 2)])
    torch.testing.assert_close(patch_cross_entropy(query, key, 1.0), expected)
    with_low_temperature = math.log(math.exp(1 / 0.07) + 2) - 1 / 0.07
    loss = patch_cross_entropy(query, key, 0.07)[0].item()
    assert loss == pytest.approx(with_low_temperature, abs=1e-6)


def test_patches_of_other_images_are_not_negatives() -> None:
    query, key = (normalize(tensor) for tensor in maps((2, 5, 4), (2, 5, 4)))
    single_outputs = torch.cat(
        [patch_cross_entropy(q[None], k[None], 0.07) for q, k in zip(query, key, strict=True)]
    )
    torch.testing.assert_close(patch_cross_entropy(query, key, 0.07), single_outputs)


def test_vectors_are_normalized_and_zero_stays_zero() -> None:
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    result = normalize(vectors)
    torch.testing.assert_close(result, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
    (gradient,) = torch.autograd.grad(result.sum(), vectors)
    # of (3, 4): (4 * 4 - 3 * 4, 3 * 3 - 3 * 4) / 5^3; of 0: 1 / 1e-7, where a root has none
    torch.testing.assert_close(gradient, torch.tensor([[0.032, -0.024], [1e7, 1e7]]))


def test_the_loss_is_precise_under_autocast() -> None:
    query, key = (normalize(torch.randn(2, 50, 16)) for _ in range(2))
    with torch.autocast("cpu", torch.bfloat16):
        result = patch_cross_entropy(query, key, 0.07)
    torch.testing.assert_close(result, patch_cross_entropy(query, key, 0.07))


def test_layers_are_averaged_over_all_their_patches() -> None:
    module = nce([2, 5])
    query, source = maps((3, 2, 4, 6), (3, 5, 2, 3)), maps((3, 2, 4, 6), (3, 5, 2, 3))
    expected = []
    for (first, _, last), *features in zip(module.heads, query, source, strict=True):
        vectors = []
        for feature in features:
            rows = feature.permute(0, 2, 3, 1).flatten(1, 2)
            hidden = (rows @ first.weight.T + first.bias).clamp(min=0)
            vectors.append(F.normalize(hidden @ last.weight.T + last.bias, dim=2).detach())
        expected.append(plain_loss(*vectors, 0.5))
    mean = torch.tensor(expected, dtype=torch.double).mean(dim=0)
    torch.testing.assert_close(module(query, source), mean, rtol=1e-6, atol=0)


def test_each_layer_is_sampled_at_the_same_positions_of_all_images() -> None:
    query, source = maps((2, 3, 4, 6), (2, 3, 2, 2)), maps((2, 3, 4, 6), (2, 3, 2, 2))
    loss = nce([3, 3], patches=5)([feature.requires_grad_() for feature in query], source)
    gradients = torch.autograd.grad(loss.sum(), query)
    sampled = [(gradient.abs().sum(1) > 0).flatten(1) for gradient in gradients]
    # the second layer has only 4 positions
    assert [positions.sum(1).tolist() for positions in sampled] == [[5, 5], [4, 4]]
    assert torch.equal(sampled[0][0], sampled[0][1])


def test_output_and_source_are_sampled_at_the_same_new_positions() -> None:
    module = nce([3], patches=5)
    query, source = maps((2, 3, 4, 6), (2, 3, 4, 6))
    with temporary_seed(1):
        before = module([query], [source])
        assert not torch.equal(module([query], [source]), before)
    with temporary_seed(1):
        indices = torch.randperm(24)[:5]
    other_positions = torch.ones(24, dtype=torch.bool)
    other_positions[indices] = False
    for features in (query, source):
        features.view(2, 3, 24)[:, :, other_positions] = 9.0
    with temporary_seed(1):
        torch.testing.assert_close(module([query], [source]), before)


def test_source_features_are_detached() -> None:
    module = nce([3])
    (output,), (source,) = maps((2, 3, 4, 4)), maps((2, 3, 4, 4))
    source.requires_grad_()
    loss = module([output.requires_grad_()], [source]).sum()
    gradient, no_gradient = torch.autograd.grad(loss, [output, source], allow_unused=True)
    assert gradient.any()
    assert no_gradient is None
    # only vectors of the output train the heads
    weights = list(module.parameters())
    gradients = torch.autograd.grad(module([output], [source]).sum(), weights)
    (head,) = module.heads
    query, key = head(output.flatten(2).mT), head(source.flatten(2).mT).detach()
    expected_loss = patch_cross_entropy(normalize(query), normalize(key), 0.5).sum()
    expected = torch.autograd.grad(expected_loss, weights)
    torch.testing.assert_close(gradients, expected)


@pytest.mark.parametrize("antialias", [False, True])
def test_heads_fit_the_features_of_the_papers_generator(antialias: bool) -> None:
    part = {"name": "resnet", "blocks": 9, "antialias": antialias}
    with torch.device("meta"):
        generator = create_generator(part, in_channels=3, out_channels=3)
        assert feature_channels(generator, 3) == [3, 128, 256, 256, 256]


def test_reading_the_channels_of_features_changes_no_state() -> None:
    part = {"name": "resnet", "width": 4, "blocks": 1, "downsamplings": 4}
    generator = create_generator(
        {**part, "norm": "batch", "dropout": 0.5}, in_channels=3, out_channels=3
    )
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    random = torch.get_rng_state()
    assert feature_channels(generator, 3) == [3, 8, 16, 32, 64, 64]
    assert torch.equal(torch.get_rng_state(), random)
    assert generator.training
    for key, value in generator.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_a_generator_without_features_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"generator: Conv2d has no method.*choose resnet"):
        feature_channels(nn.Conv2d(3, 3, 1), 3)
