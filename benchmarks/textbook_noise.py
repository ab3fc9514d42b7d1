"""Textbook loops of the adversarial methods that generate images from noise: see textbook.py.

Each yields its losses in the order of our log. Learning rates are constant, in full precision.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from textbook import (
    Settings,
    cross_entropy,
    descend,
    gradient_penalty,
    optimizer,
    real_or_fake,
    switch,
)
from torch import Tensor, nn
from torch.optim import RMSprop


def gan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Goodfellow et al. (2014): new noise for each player."""
    generator, discriminator = recipe.generator, recipe.discriminator
    for_generator = optimizer(settings, generator, lr=recipe.lr_generator)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr_discriminator)
    for step, (real,) in enumerate(batches, 1):
        with torch.no_grad():
            fake = generator(noise(recipe, real))
        switch([discriminator], on=True)
        losses = [real_or_fake(cross_entropy, discriminator, real, fake)]
        descend(for_discriminator, losses[0])
        if step % recipe.discriminator_steps == 0:
            switch([discriminator], on=False)
            losses.append(cross_entropy(discriminator(generator(noise(recipe, real))), 1.0))
            descend(for_generator, losses[-1])
        yield [loss.detach() for loss in losses]


def dcgan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Radford et al. (2016): both players get the same fake images."""
    generator, discriminator = recipe.generator, recipe.discriminator
    for_generator = optimizer(settings, generator, lr=recipe.lr_generator)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr_discriminator)
    for (real,) in batches:
        fake = generator(noise(recipe, real))
        yield update_players(discriminator, for_discriminator, for_generator, real, fake)


def cgan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Mirza and Osindero (2014): labels are input planes of both networks."""
    generator, discriminator = recipe.generator, recipe.discriminator
    for_generator = optimizer(settings, generator, lr=recipe.lr_generator)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr_discriminator)
    for images, labels in batches:
        planes = F.one_hot(labels, len(recipe.classes)).to(images)[:, :, None, None]
        wide = planes.expand(-1, -1, *images.shape[2:])
        fake = generator(torch.cat([noise(recipe, images), planes], 1))
        real, fake = torch.cat([images, wide], 1), torch.cat([fake, wide], 1)
        yield update_players(discriminator, for_discriminator, for_generator, real, fake)


def update_players(
    discriminator: nn.Module, for_discriminator: Any, for_generator: Any, real: Tensor, fake: Tensor
) -> Any:
    """Update the discriminator, then the generator; return both losses."""
    switch([discriminator], on=True)
    discriminator_loss = real_or_fake(cross_entropy, discriminator, real, fake)
    descend(for_discriminator, discriminator_loss)
    switch([discriminator], on=False)
    gan = cross_entropy(discriminator(fake), 1.0)
    descend(for_generator, gan)
    return [discriminator_loss.detach(), gan.detach()]


def wgan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:  # noqa: ARG001 - RMSprop, not Adam
    """Arjovsky et al. (2017), algorithm 1."""
    generator, critic = recipe.generator, recipe.critic
    for_generator = RMSprop(generator.parameters(), recipe.lr_generator)
    for_critic = RMSprop(critic.parameters(), recipe.lr_critic)
    for step, (real,) in enumerate(batches, 1):
        with torch.no_grad():
            fake = generator(noise(recipe, real))
        switch([critic], on=True)
        losses = [critic(fake).mean() - critic(real).mean()]
        descend(for_critic, losses[0])
        with torch.no_grad():
            for weight in critic.parameters():
                weight.clamp_(-recipe.clip, recipe.clip)
        if step % recipe.critic_steps == 0:
            switch([critic], on=False)
            losses.append(-critic(generator(noise(recipe, real))).mean())
            descend(for_generator, losses[-1])
        yield [loss.detach() for loss in losses]


def wgan_gp(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Gulrajani et al. (2017), algorithm 1."""
    generator, critic, betas = recipe.generator, recipe.critic, (0.0, 0.9)
    for_generator = optimizer(settings, generator, lr=recipe.lr_generator, betas=betas)
    for_critic = optimizer(settings, critic, lr=recipe.lr_critic, betas=betas)
    for step, (real,) in enumerate(batches, 1):
        with torch.no_grad():
            fake = generator(noise(recipe, real))
        switch([critic], on=True)
        estimate = critic(fake).mean() - critic(real).mean()
        penalty = recipe.gradient_penalty_weight * gradient_penalty(critic, real, fake)
        losses = [estimate, penalty]
        descend(for_critic, estimate, penalty)
        if step % recipe.critic_steps == 0:
            switch([critic], on=False)
            losses.append(-critic(generator(noise(recipe, real))).mean())
            descend(for_generator, losses[-1])
        yield [loss.detach() for loss in losses]


def infogan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Chen et al. (2016): a second head of the discriminator predicts the codes."""
    generator, discriminator, head = recipe.generator, recipe.discriminator, recipe.head
    for_generator = optimizer(settings, generator, lr=recipe.lr_generator)
    for_discriminator = optimizer(settings, discriminator, head, lr=recipe.lr_discriminator)
    sizes = [part.dim for part in recipe.prior.parts]

    def losses_of(fake: Tensor, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if settings.our_passes:
            logits, prediction = discriminator(fake), head(discriminator.features(fake)[-1])
        else:
            features = discriminator.features(fake)[-1]
            logits, prediction = discriminator.main[-1](features), head(features)
        _, category, numbers = latents.flatten(1).split(sizes, 1)
        logits_of_category, predicted = prediction.split(sizes[1:], 1)
        categorical = F.cross_entropy(logits_of_category, category.argmax(1))
        continuous = 0.5 * (predicted - numbers).square().sum(1).mean()
        return (
            logits,
            recipe.information_weight * categorical,
            recipe.information_weight * continuous,
        )

    for (real,) in batches:
        latents = noise(recipe, real)
        fake = generator(latents)
        switch([discriminator, head], on=True)
        as_real = cross_entropy(discriminator(real), 1.0)
        logits, categorical, continuous = losses_of(fake.detach(), latents)
        losses = [as_real + cross_entropy(logits, 0.0), categorical, continuous]
        descend(for_discriminator, *losses)
        switch([discriminator, head], on=False)
        logits, categorical, continuous = losses_of(fake, latents)
        losses += [cross_entropy(logits, 1.0), categorical, continuous]
        descend(for_generator, *losses[3:])
        yield [loss.detach() for loss in losses]


def text2img(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Reed et al. (2016), algorithm 1, with the product of Miyato and Koyama (2018)."""
    discriminators = [recipe.discriminator, recipe.image_encoder, recipe.text_encoder]
    for_discriminators = optimizer(settings, *discriminators, lr=recipe.lr_discriminator)
    for_generator = optimizer(settings, recipe.generator, lr=recipe.lr_generator)

    def discriminator(images: Tensor, *codes: Tensor) -> list[Tensor]:
        score, embedding = recipe.discriminator(images), recipe.image_encoder(images)
        return [score + (embedding * code).sum((1, 2, 3)).view_as(score) for code in codes]

    for images, text in batches:
        switch(discriminators, on=True)
        code = recipe.text_encoder(text)
        latents = noise(recipe, images)
        noise(recipe, images)  # our recipe draws more noise, for its diversity loss
        fake = recipe.generator(torch.cat([latents, code.detach()], 1))
        real, mismatched = discriminator(images, code, code.roll(1, 0))
        (fake_score,) = discriminator(fake.detach(), code)
        equal_captions = (text == text.roll(1, 0)).all(1).view_as(mismatched)
        as_real, as_fake = 0.5 * cross_entropy(real, 1.0), 0.5 * cross_entropy(fake_score, 0.0)
        mismatch = 0.5 * cross_entropy(torch.where(equal_captions, fake_score, mismatched), 0.0)
        losses = [as_real + as_fake, as_real + mismatch]
        descend(for_discriminators, *losses)
        switch(discriminators, on=False)
        losses.append(cross_entropy(discriminator(fake, code.detach())[0], 1.0))
        descend(for_generator, losses[2])
        yield [loss.detach() for loss in losses]


def noise(recipe: Any, images: Tensor) -> Tensor:
    return recipe.latents(len(images)).to(images)


LOOPS = {
    "gan": gan,
    "dcgan": dcgan,
    "cgan": cgan,
    "wgan": wgan,
    "wgan-gp": wgan_gp,
    "infogan": infogan,
    "text2img": text2img,
}
