"""Textbook loops of the methods that restore images: see textbook.py.

The perceptual loss, the holes and the degradations are those of our recipes as well.
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
    schedule,
    step_all,
    switch,
)
from torch import Tensor

from translate_plugins.inpaint.holes import random_holes


def deblurgan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Kupyn et al. (2018): yield the two losses of the critic's last turn, then the generator's."""
    generator, critic = recipe.generator, recipe.critic
    for_generator = optimizer(settings, generator, lr=recipe.lr_generator)
    for_critic = optimizer(settings, critic, lr=recipe.lr_critic)
    schedules = [schedule(for_critic, settings), schedule(for_generator, settings)]
    for blurred, sharp in batches:
        restored = (blurred + generator(blurred)).clamp(-1, 1)
        switch([critic], on=True)
        for _ in range(recipe.critic_steps):
            fake = restored.detach()
            estimate = critic(fake).mean() - critic(sharp).mean()
            penalty = recipe.gradient_penalty_weight * gradient_penalty(critic, sharp, fake)
            descend(for_critic, estimate, penalty)
        switch([critic], on=False)
        losses = [-critic(restored).mean(), recipe.content_weight * recipe.content(restored, sharp)]
        descend(for_generator, *losses)
        step_all(schedules)
        yield [loss.detach() for loss in (estimate, penalty, *losses)]


def srgan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Ledig et al. (2017): yield the discriminator's loss and the three of the generator."""
    generator, discriminator, betas = recipe.generator, recipe.discriminator, (0.9, 0.999)
    for_generator = optimizer(settings, generator, lr=recipe.lr, betas=betas)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr, betas=betas)
    schedules = [schedule(for_discriminator, settings), schedule(for_generator, settings)]
    for (large,) in batches:
        sides = [side // recipe.geometry.scale for side in large.shape[2:]]
        small = F.interpolate(large, sides, mode="bicubic", antialias=True).clamp(-1, 1)
        fake = generator(small)
        switch([discriminator], on=True)
        discriminator_loss = real_or_fake(cross_entropy, discriminator, large, fake)
        descend(for_discriminator, discriminator_loss)
        switch([discriminator], on=False)
        losses = [
            recipe.pixel_weight * F.l1_loss(fake, large),
            recipe.adversarial_weight * cross_entropy(discriminator(fake), 1.0),
            recipe.content_weight * recipe.content(fake, large),
        ]
        descend(for_generator, *losses)
        step_all(schedules)
        yield [loss.detach() for loss in (discriminator_loss, *losses)]


def inpaint(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Pathak et al. (2016): yield the discriminator's loss and the three of the generator."""
    generator, discriminator = recipe.generator, recipe.discriminator
    for_generator = optimizer(settings, generator, lr=recipe.lr)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr)
    schedules = [schedule(for_discriminator, settings), schedule(for_generator, settings)]
    for (image,) in batches:
        hole = random_holes(image, recipe.hole_fraction, recipe.stroke_fraction).to(image)
        mask = 2 * hole - 1
        output = generator(torch.cat([image * (1 - hole), mask], 1))
        composed = hole * output + (1 - hole) * image
        real, fake = torch.cat([image, mask], 1), torch.cat([composed, mask], 1)
        switch([discriminator], on=True)
        discriminator_loss = real_or_fake(cross_entropy, discriminator, real, fake)
        descend(for_discriminator, discriminator_loss)
        switch([discriminator], on=False)
        error = (output - image).abs().mean(1, keepdim=True)
        losses = [
            recipe.hole_weight * (error * hole).sum() / hole.sum(),
            recipe.known_weight * (error * (1 - hole)).sum() / (1 - hole).sum(),
            recipe.adversarial_weight * cross_entropy(discriminator(fake), 1.0),
        ]
        descend(for_generator, *losses)
        step_all(schedules)
        yield [loss.detach() for loss in (discriminator_loss, *losses)]


def restore(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Zhang et al. (2017): yield the loss of the network that predicts the residual."""
    generator = recipe.generator
    for_generator = optimizer(settings, generator, lr=recipe.lr, betas=(0.9, 0.999))
    scheduler = schedule(for_generator, settings)
    for (clean,) in batches:
        degraded = recipe.degrade(clean)
        pixel = recipe.pixel_weight * F.l1_loss(degraded + generator(degraded), clean)
        descend(for_generator, pixel)
        scheduler.step()
        yield [pixel.detach()]


LOOPS = {"deblurgan": deblurgan, "srgan": srgan, "inpaint": inpaint, "restore": restore}
