"""The bound, divergence and likelihoods of the VAE (Kingma and Welling, 2014) are correct."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence
from translate_vae import bernoulli_log_likelihood, normal_divergence

from translate.batches import Domain, Images, ImageSpec
from translate.errors import ConfigError
from translate.registry import create_recipe
from translate.testing import check_recipe

WHITE_PIXEL = math.log(0.75)
"""log-likelihood of a white pixel that is decoded as 0.5, halfway between gray and white"""
DIVERGENCE = 0.5 * (0.5**2 + 4 - 1 - math.log(4))
"""KL divergence of N(0.5, 4) from N(0, 1)"""
SPEC = ImageSpec((8, 8), (Domain("digits", 1),))
SMALL = {
    "encoder": {"name": "mlp-encoder", "width": 8, "layers": 1, "norm": "none"},
    "decoder": {"name": "mlp", "width": 8, "layers": 1, "norm": "none"},
}


class HalfMeanEncoder(nn.Module):
    """Encode an image as a code with half of the image's mean, and a variance of 4."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.5))

    def forward(self, images):
        mean = self.factor * images.mean(dim=(1, 2, 3), keepdim=True)
        return torch.cat([mean, torch.full_like(mean, 4).log()], 1)


class ConstantDecoder(nn.Module):
    """Decode a code as 2x2 pixels of one fifth of its value."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.2))

    def forward(self, code):
        return (self.factor * code).expand(-1, 1, 2, 2)


def small_recipe(spec=SPEC, **options):
    """Return the recipe with small networks."""
    return create_recipe({"name": "vae", **SMALL, **options}, spec=spec)


def scalar_recipe(**options):
    """Return the recipe with the two networks above; random latents are 1."""
    recipe = small_recipe(**options)
    recipe.encoder, recipe.decoder = HalfMeanEncoder(), ConstantDecoder()
    recipe.latents = lambda count: torch.ones(count, 1, 1, 1)
    return recipe


def white_batch(count=2):
    return Images(torch.ones(count, 1, 2, 2))


GAUSSIAN = pytest.param({"likelihood": "gaussian"}, marks=pytest.mark.slow)


@pytest.mark.parametrize("options", [{}, GAUSSIAN])
def test_the_recipe_keeps_the_rules(options):
    check_recipe("vae", **options)


def test_the_divergence_is_the_closed_form():
    mean, log_variance = torch.randn(2, 5, 3, 1, 1, generator=torch.Generator().manual_seed(0))
    codes = Normal(mean, (0.5 * log_variance).exp())
    expected = kl_divergence(codes, Normal(0.0, 1.0)).sum((1, 2, 3))
    assert torch.allclose(normal_divergence(mean, log_variance), expected, rtol=1e-5)
    assert normal_divergence(*torch.zeros(2, 1, 3, 1, 1)).item() == 0
    assert normal_divergence(torch.full((1, 1, 1, 1), 0.5), torch.full((1, 1, 1, 1), 4).log()) == (
        pytest.approx(DIVERGENCE)
    )


def test_the_elbo_is_the_likelihood_minus_the_divergence():
    # a white image has the code 0.5 + 2 * 1, and its four pixels are decoded as 0.2 * 2.5
    recipe = scalar_recipe()
    result = recipe.elbo(white_batch().images)
    assert result.tolist() == pytest.approx([4 * WHITE_PIXEL - DIVERGENCE] * 2)
    step = recipe.step(white_batch())
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("autoencoder", ["reconstruction", "prior"])
    assert turn.losses["reconstruction"].tolist() == pytest.approx([-4 * WHITE_PIXEL] * 2)
    assert turn.losses["prior"].tolist() == pytest.approx([DIVERGENCE] * 2)
    assert turn.total.item() == pytest.approx(DIVERGENCE - 4 * WHITE_PIXEL)
    turn.total.backward()
    assert next(step, None) is None


def test_the_weight_of_the_divergence_does_not_change_the_elbo():
    recipe = scalar_recipe(kl_weight=4.0)
    turn = next(recipe.step(white_batch()))
    assert turn.total.item() == pytest.approx(4 * DIVERGENCE - 4 * WHITE_PIXEL)
    assert recipe.elbo(white_batch(1).images).item() == pytest.approx(4 * WHITE_PIXEL - DIVERGENCE)


def test_gray_values_are_probabilities_of_white():
    random = torch.Generator().manual_seed(0)
    logits, images = torch.randn(2, 3, 1, 4, 4, generator=random).double()
    decoded, images = logits.tanh(), images.tanh()
    actual = bernoulli_log_likelihood(decoded, images)
    expected = F.binary_cross_entropy_with_logits(2 * logits, (1 + images) / 2, reduction="none")
    assert torch.allclose(actual, -expected.sum((1, 2, 3)), rtol=1e-12)
    black_or_white = images.sign()
    actual = bernoulli_log_likelihood(decoded, black_or_white)
    expected = Bernoulli((1 + decoded) / 2).log_prob((1 + black_or_white) / 2)
    assert torch.allclose(actual, expected.sum((1, 2, 3)), rtol=1e-9)


@pytest.mark.parametrize("logit", [-30.0, -8.0, -0.1, 0.0, 3.0, 8.0, 30.0])
@pytest.mark.parametrize("pixel", [-1.0, 1.0])
def test_a_saturated_decoder_has_finite_losses_and_exact_gradients(logit, pixel):
    logits = torch.full((1, 1, 1, 1), logit, requires_grad=True)
    result = bernoulli_log_likelihood(logits.tanh(), torch.full((1, 1, 1, 1), pixel))
    (gradient,) = torch.autograd.grad(result.sum(), logits)
    expected = 0 if abs(logit) > 20 else pixel - math.tanh(logit)  # tanh is rounded to 1 there
    assert -17 < result.item() <= 0
    assert gradient.item() == pytest.approx(expected, abs=1e-4)


def test_the_gaussian_likelihood_learns_its_variance():
    recipe = scalar_recipe(likelihood="gaussian")
    expected = 4 * Normal(0.5, 1.0).log_prob(torch.tensor(1.0)).item()
    assert recipe.elbo(white_batch(1).images).item() == pytest.approx(expected - DIVERGENCE)
    with torch.no_grad():
        recipe.log_variance.fill_(math.log(0.25))
    expected = 4 * Normal(0.5, 0.5).log_prob(torch.tensor(1.0)).item()
    likelihood, _ = recipe.likelihood_and_divergence(white_batch(1).images)
    assert likelihood.item() == pytest.approx(expected)
    likelihood.sum().backward()  # all errors are 0.5, so a standard deviation of 0.5 is optimal
    assert recipe.log_variance.grad.item() == pytest.approx(0, abs=1e-6)


def test_a_preview_shows_originals_reconstructions_of_mean_codes_and_samples():
    recipe, batch = scalar_recipe(latent_dim=1), white_batch(3)
    with torch.no_grad():
        original, reconstructed, generated = recipe.preview(batch).values()
    assert torch.equal(original, batch.images)
    assert reconstructed.unique().tolist() == pytest.approx([0.2 * 0.5])
    assert generated.unique().tolist() == pytest.approx([0.2])


def test_invalid_options_are_refused():
    with pytest.raises(ConfigError, match="likelihood: expected 'bernoulli' or 'gaussian'"):
        small_recipe(likelihood="poisson")


def test_images_of_any_size_keep_their_size():
    recipe = small_recipe(ImageSpec((28, 28), (Domain("digits", 1),))).eval()
    for height, width in ((28, 28), (1, 1), (100, 60), (20, 90), (7, 28)):
        image = torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            output = recipe.translate(image * 2 - 1)
            assert torch.equal(output, recipe.translate(image * 2 - 1))
        assert output.shape == image.shape
        assert output.abs().max() <= 1


def test_defaults_are_those_of_the_paper_with_adam():
    recipe = create_recipe("vae", spec=SPEC)
    assert recipe.latents(3).shape == (3, 20, 1, 1)
    widths = [p.shape[0] for p in recipe.encoder.parameters() if p.ndim == 2]
    assert widths == [500, 40]  # means and variances of 20 numbers
    assert recipe.kl_weight == 1
    (group,) = recipe.optimizers()["autoencoder"].param_groups
    assert (group["lr"], group["betas"]) == (1e-3, (0.9, 0.999))
