"""Textbook loops of autoencoders: see textbook.py."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from textbook import Settings, cross_entropy, descend, optimizer, real_or_fake, switch
from textbook_noise import noise
from torch import Tensor

DEFAULT_BETAS = (0.9, 0.999)


def autoencoder(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Hinton and Salakhutdinov (2006), without layer-wise pretraining."""
    encoder, decoder = recipe.encoder, recipe.decoder
    adam = optimizer(settings, encoder, decoder, lr=recipe.lr, betas=DEFAULT_BETAS)
    for (images,) in batches:
        loss = F.mse_loss(decoder(encoder(images)), images)
        descend(adam, loss)
        yield [loss.detach()]


def vae(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Kingma and Welling (2014), gray values as probabilities; the decoder ends in tanh."""
    encoder, decoder = recipe.encoder, recipe.decoder
    adam = optimizer(settings, encoder, decoder, lr=recipe.lr, betas=DEFAULT_BETAS)
    for (images,) in batches:
        mean, log_variance = encoder(images).chunk(2, 1)
        code = mean + (0.5 * log_variance).exp() * noise(recipe, images)
        white, target = (decoder(code) + 1) / 2, (images + 1) / 2
        reconstruction = F.binary_cross_entropy(white, target, reduction="sum") / len(images)
        kl_divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        prior = recipe.kl_weight * kl_divergence / len(images)
        descend(adam, reconstruction, prior)
        yield [reconstruction.detach(), prior.detach()]


def aae(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Makhzani et al. (2016): reconstruction, then an adversarial loss on the codes."""
    encoder, decoder, discriminator = recipe.encoder, recipe.decoder, recipe.discriminator
    for_both = optimizer(settings, encoder, decoder, lr=recipe.lr)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr_adversarial)
    for_encoder = optimizer(settings, encoder, lr=recipe.lr_adversarial)
    for (images,) in batches:
        reconstruction = F.mse_loss(decoder(encoder(images)), images)
        descend(for_both, reconstruction)
        code = encoder(images)
        switch([discriminator], on=True)
        latents = noise(recipe, images)
        discriminator_loss = real_or_fake(cross_entropy, discriminator, latents, code)
        descend(for_discriminator, discriminator_loss)
        switch([discriminator], on=False)
        gan = cross_entropy(discriminator(code), 1.0)
        descend(for_encoder, gan)
        yield [reconstruction.detach(), discriminator_loss.detach(), gan.detach()]


def wae_gan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Tolstikhin et al. (2018), algorithm 1."""
    encoder, decoder, discriminator = recipe.encoder, recipe.decoder, recipe.discriminator
    for_both = optimizer(settings, encoder, decoder, lr=recipe.lr)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr_discriminator)
    for (images,) in batches:
        code = encoder(images)
        switch([discriminator], on=True)
        adversarial = real_or_fake(cross_entropy, discriminator, noise(recipe, images), code)
        discriminator_loss = recipe.adversarial_weight * adversarial
        descend(for_discriminator, discriminator_loss)
        switch([discriminator], on=False)
        error = (decoder(code) - images).square().sum((1, 2, 3)).mean()
        cost = recipe.reconstruction_weight * error
        gan = recipe.adversarial_weight * cross_entropy(discriminator(code), 1.0)
        descend(for_both, cost, gan)
        yield [discriminator_loss.detach(), cost.detach(), gan.detach()]


def wae_mmd(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Tolstikhin et al. (2018), algorithm 2, inverse multiquadratic kernels of seven widths."""
    encoder, decoder = recipe.encoder, recipe.decoder
    adam = optimizer(settings, encoder, decoder, lr=recipe.lr)
    widths = [2 * recipe.prior.dim * factor for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)]

    def kernel(codes: Tensor, latents: Tensor) -> Tensor:
        squared = (codes[:, None] - latents[None]).square().sum(2)
        return torch.stack([width / (width + squared) for width in widths]).sum(0)

    for (images,) in batches:
        n, code = len(images), encoder(images)
        codes, latents = code.flatten(1), noise(recipe, images).flatten(1)
        off_diagonal = 1 - torch.eye(n).to(images)
        same_set = kernel(codes, codes) + kernel(latents, latents)
        within = (same_set * off_diagonal).sum() / (n * (n - 1))
        error = (decoder(code) - images).square().sum((1, 2, 3)).mean()
        cost = recipe.reconstruction_weight * error
        prior = recipe.mmd_weight * (within - 2 * kernel(codes, latents).mean())
        descend(adam, cost, prior)
        yield [cost.detach(), prior.detach()]


LOOPS = {
    "autoencoder": autoencoder,
    "vae": vae,
    "aae": aae,
    "wae-gan": wae_gan,
    "wae-mmd": wae_mmd,
}
