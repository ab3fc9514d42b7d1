"""Textbook loops of CycleGAN and pix2pix, the baseline of our loop.

The networks are those of our recipes; the loops are plain PyTorch, with requires_grad switched by
hand, without guards, logs, averaged weights or resume.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LambdaLR


class Settings(NamedTuple):
    """Settings that both loops share."""

    steps: int
    decay_from: float | None
    """fraction of the steps after which the learning rate falls linearly to 0; None: never"""
    fused: bool | None
    """Adam's `fused`: True as ours, None as the default of PyTorch"""
    our_passes: bool = False
    """use the forward passes of our recipes, not those of the authors' code; the results are equal.
    In our recipes, CycleGAN's identity loss and CUT's source features come from the forward pass
    that generates the fake images, and InfoGAN's two heads have a pass each."""
    precision: torch.dtype = torch.float32


def cyclegan(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Train, and yield the six losses of the generators and the two of the critics at each step."""
    source_to_target, target_to_source = recipe.source_to_target, recipe.target_to_source
    source_critic, target_critic = recipe.source_discriminator, recipe.target_discriminator
    source_pool, target_pool = Pool(recipe.source_pool.size), Pool(recipe.target_pool.size)
    generators = optimizer(settings, source_to_target, target_to_source)
    critics = optimizer(settings, source_critic, target_critic)
    schedules = [schedule(generators, settings), schedule(critics, settings)]
    for source, target in batches:
        with torch.autocast(source.device.type, settings.precision, settings.precision != FULL):
            switch([source_critic, target_critic], on=False)
            generators.zero_grad()
            if settings.our_passes:
                fake_target, same_target = source_to_target(torch.cat([source, target])).chunk(2)
                fake_source, same_source = target_to_source(torch.cat([target, source])).chunk(2)
            else:
                fake_target, fake_source = source_to_target(source), target_to_source(target)
                same_target, same_source = source_to_target(target), target_to_source(source)
            losses = [
                least_squares(target_critic(fake_target), 1.0),
                least_squares(source_critic(fake_source), 1.0),
                recipe.cycle_weight * F.l1_loss(target_to_source(fake_target), source),
                recipe.cycle_weight * F.l1_loss(source_to_target(fake_source), target),
                recipe.identity_weight * F.l1_loss(same_source, source),
                recipe.identity_weight * F.l1_loss(same_target, target),
            ]
        sum(losses[1:], start=losses[0]).backward()
        generators.step()

        with torch.autocast(source.device.type, settings.precision, settings.precision != FULL):
            switch([source_critic, target_critic], on=True)
            critics.zero_grad()
            for critic, pool, real, fake in (
                (source_critic, source_pool, source, fake_source),
                (target_critic, target_pool, target, fake_target),
            ):
                loss = real_or_fake(least_squares, critic, real, pool.exchange(fake.detach()))
                losses.append(0.5 * loss)
        (losses[-2] + losses[-1]).backward()
        critics.step()
        step_all(schedules)
        yield [loss.detach() for loss in losses]


def pix2pix(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Train, and yield the critic's loss and the two of the generator at each step."""
    generator, critic = recipe.generator, recipe.discriminator
    for_generator, for_critic = optimizer(settings, generator), optimizer(settings, critic)
    schedules = [schedule(for_generator, settings), schedule(for_critic, settings)]
    for source, target in batches:
        with torch.autocast(source.device.type, settings.precision, settings.precision != FULL):
            fake = generator(source)
            switch([critic], on=True)
            for_critic.zero_grad()
            as_fake = critic(torch.cat([source, fake.detach()], 1))
            as_real = critic(torch.cat([source, target], 1))
            discriminator_loss = 0.5 * (cross_entropy(as_real, 1.0) + cross_entropy(as_fake, 0.0))
        discriminator_loss.backward()
        for_critic.step()

        with torch.autocast(source.device.type, settings.precision, settings.precision != FULL):
            switch([critic], on=False)
            for_generator.zero_grad()
            gan = cross_entropy(critic(torch.cat([source, fake], 1)), 1.0)
            pixel = recipe.pixel_weight * F.l1_loss(fake, target)
        (gan + pixel).backward()
        for_generator.step()
        step_all(schedules)
        yield [discriminator_loss.detach(), gan.detach(), pixel.detach()]


FULL = torch.float32
LOOPS: dict[str, Callable[[Any, Iterator[Any], Settings], Iterator[list[Tensor]]]] = {
    "cyclegan": cyclegan,
    "pix2pix": pix2pix,
}


class Pool:
    """A buffer of previously generated images (Shrivastava et al., 2017), as a list."""

    def __init__(self, size: int) -> None:
        self.size, self.images = size, list[Tensor]()

    def exchange(self, images: Tensor) -> Tensor:
        result = []
        for image in images:
            if len(self.images) < self.size:
                self.images.append(image)
                result.append(image)
            elif random.random() < 0.5:
                result.append(image)
            else:
                index = random.randrange(self.size)
                result.append(self.images[index])
                self.images[index] = image
        return torch.stack(result)


def optimizer(
    settings: Settings,
    *networks: nn.Module,
    lr: float = 2e-4,
    betas: tuple[float, float] = (0.5, 0.999),
) -> Adam:
    parameters = [p for network in networks for p in network.parameters()]
    return Adam(parameters, lr=lr, betas=betas, fused=settings.fused)


def schedule(adam: Adam, settings: Settings) -> LambdaLR:
    if settings.decay_from is None:
        return LambdaLR(adam, lambda _: 1.0)
    constant = round(settings.steps * settings.decay_from)
    decaying = settings.steps - constant + 1
    return LambdaLR(adam, lambda step: 1.0 - max(0, step + 1 - constant) / decaying)


def step_all(schedules: Iterable[LambdaLR]) -> None:
    for scheduler in schedules:
        scheduler.step()


def descend(optimizer: Optimizer, *losses: Tensor) -> None:
    """Take a step of `optimizer` along the gradient of the sum of `losses`."""
    optimizer.zero_grad()
    sum(losses[1:], start=losses[0]).backward()
    optimizer.step()


def switch(networks: list[nn.Module], *, on: bool) -> None:
    for network in networks:
        for parameter in network.parameters():
            parameter.requires_grad = on


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Gulrajani et al. (2017), algorithm 1, lines 4 to 7, without its factor."""
    mixing = torch.rand(len(real), 1, 1, 1).to(real)
    mixed = torch.lerp(real, fake, mixing).requires_grad_()
    score = critic(mixed).flatten(1).mean(1).sum()
    (gradient,) = torch.autograd.grad(score, mixed, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def least_squares(logits: Tensor, label: float) -> Tensor:
    return F.mse_loss(logits, torch.full_like(logits, label))


def cross_entropy(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def real_or_fake(
    loss: Callable[[Tensor, float], Tensor], discriminator: nn.Module, real: Tensor, fake: Tensor
) -> Tensor:
    """Return the discriminator's loss: label 1 for `real`, 0 for `fake`, which is detached."""
    return loss(discriminator(real), 1.0) + loss(discriminator(fake.detach()), 0.0)
