"""Textbook loops of CUT, FastCUT and pix2pixHD: see textbook.py.

Patches are sampled once per step in each layer, as in our recipes; the authors of CUT sample others
for the identity term.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from textbook import (
    Settings,
    descend,
    least_squares,
    optimizer,
    real_or_fake,
    schedule,
    step_all,
    switch,
)
from torch import Tensor


def cut(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Park et al. (2020): each contrastive term has its own images and forward passes."""
    generator, discriminator = recipe.generator, recipe.discriminator
    for_generator = optimizer(settings, generator, recipe.patch_nce, lr=recipe.lr)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr)
    schedules = [schedule(for_discriminator, settings), schedule(for_generator, settings)]
    for source, target in batches:
        images = torch.cat([source, target])
        if settings.our_passes:
            output, input_features = generator.output_and_features(images)
        else:
            output = generator(images)
        fake, identity_output = output.split(len(source))
        discriminator_loss = update_discriminator(discriminator, for_discriminator, target, fake)
        gan = least_squares(discriminator(fake), 1.0)
        if settings.our_passes:
            output_features = generator.features(output)
            positions = sample_positions(recipe.patch_nce, output_features)
            losses = contrast(recipe.patch_nce, output_features, input_features, positions)
            contrasts = [loss.mean() for loss in losses.split(len(source))]
        else:
            feature_pairs = [
                [generator.features(x) for x in pair]
                for pair in ((fake, source), (identity_output, target))
            ]
            positions = sample_positions(recipe.patch_nce, feature_pairs[0][0])
            contrasts = [
                contrast(recipe.patch_nce, *pair, positions).mean() for pair in feature_pairs
            ]
        nce = recipe.nce_weight * contrasts[0]
        identity = recipe.identity_weight * contrasts[1]
        descend(for_generator, gan, nce, identity)
        step_all(schedules)
        yield [discriminator_loss, gan.detach(), nce.detach(), identity.detach()]


def fastcut(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Park et al. (2020), appendix C.1: half of the sources and then their features are flipped."""
    generator, discriminator = recipe.generator, recipe.discriminator
    for_generator = optimizer(settings, generator, recipe.patch_nce, lr=recipe.lr)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr)
    schedules = [schedule(for_discriminator, settings), schedule(for_generator, settings)]
    for source, target in batches:
        mirrored = torch.rand(()).item() < 0.5
        fake = generator(source.flip(3)) if mirrored else generator(source)
        discriminator_loss = update_discriminator(discriminator, for_discriminator, target, fake)
        gan = least_squares(discriminator(fake), 1.0)
        output_features, source_features = generator.features(fake), generator.features(source)
        if mirrored:
            output_features = [feature.flip(3) for feature in output_features]
        positions = sample_positions(recipe.patch_nce, output_features)
        nce = contrast(recipe.patch_nce, output_features, source_features, positions).mean()
        nce = recipe.nce_weight * nce
        descend(for_generator, gan, nce)
        step_all(schedules)
        yield [discriminator_loss, gan.detach(), nce.detach()]


def pix2pixhd(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Wang et al. (2018): all losses first, then a step of each optimizer."""
    generator, discriminators = recipe.generator, recipe.discriminator
    for_generator, for_discriminators = (
        optimizer(settings, n, lr=recipe.lr) for n in (generator, discriminators)
    )
    schedules = [schedule(for_generator, settings), schedule(for_discriminators, settings)]
    for source, target in batches:
        fake = generator(source)
        as_fake = discriminators(torch.cat([source, fake.detach()], 1))
        as_real, real_features = discriminators.output_and_features(torch.cat([source, target], 1))
        fake_scores, fake_features = discriminators.output_and_features(
            torch.cat([source, fake], 1)
        )
        discriminator_loss = torch.zeros(()).to(source)
        gan = torch.zeros(()).to(source)
        for real, fake_score, generator_score in zip(as_real, as_fake, fake_scores, strict=True):
            discriminator_loss = discriminator_loss + 0.5 * (
                least_squares(real, 1.0) + least_squares(fake_score, 0.0)
            )
            gan = gan + least_squares(generator_score, 1.0)
        weight = 4 / (len(fake_features) / len(fake_scores)) / len(fake_scores)
        features = torch.zeros(()).to(source)
        for fake_feature, real_feature in zip(fake_features, real_features, strict=True):
            features = features + recipe.feature_matching_weight * weight * F.l1_loss(
                fake_feature, real_feature.detach()
            )
        content = recipe.content_weight * recipe.content(fake, target)
        descend(for_generator, gan, features, content)
        descend(for_discriminators, discriminator_loss)
        step_all(schedules)
        yield [loss.detach() for loss in (gan, features, content, discriminator_loss)]


def update_discriminator(
    discriminator: Any, for_discriminator: Any, real: Tensor, fake: Tensor
) -> Tensor:
    """Update the discriminator, freeze it, and return its loss."""
    switch([discriminator], on=True)
    discriminator_loss = 0.5 * real_or_fake(least_squares, discriminator, real, fake)
    descend(for_discriminator, discriminator_loss)
    switch([discriminator], on=False)
    return discriminator_loss.detach()


def sample_positions(heads: Any, features: Sequence[Tensor]) -> list[Tensor]:
    return [
        torch.randperm(feature.shape[2] * feature.shape[3])[: heads.patches] for feature in features
    ]


def contrast(
    heads: Any, output: Sequence[Tensor], source: Sequence[Tensor], positions: Sequence[Tensor]
) -> Tensor:
    """Return PatchNCE of each image, (N,), averaged over layers as in the authors' code."""
    layers = []
    for head, output_layer, source_layer, indices in zip(
        heads.heads, output, source, positions, strict=True
    ):
        query, key = (
            head(x.flatten(2)[:, :, indices].mT) for x in (output_layer, source_layer.detach())
        )
        query, key = (v / (v.norm(dim=2, keepdim=True) + 1e-7) for v in (query, key.detach()))
        positive = (query * key).sum(2, keepdim=True)
        negatives = torch.bmm(query, key.mT)
        diagonal = torch.eye(len(indices), dtype=torch.bool, device=negatives.device)
        logits = torch.cat([positive, negatives.masked_fill(diagonal, -10.0)], 2)
        logits = logits / heads.temperature
        label = torch.zeros(logits.shape[:2], dtype=torch.long, device=logits.device)
        layers.append(F.cross_entropy(logits.mT, label, reduction="none").mean(1))
    return torch.stack(layers).mean(0)


LOOPS = {"cut": cut, "fastcut": fastcut, "pix2pixhd": pix2pixhd}
