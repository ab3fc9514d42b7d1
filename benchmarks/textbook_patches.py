"""CUT, FastCUT and pix2pixHD, as a textbook trains them: see textbook.py.

Patches are drawn once a step in each layer, as ours draws them; the authors of CUT draw others for
its identity term.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from textbook import Settings, least_squares, optimizer, schedule, switch
from textbook_noise import descend
from torch import Tensor


def cut(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Park et al. (2020): each term looks at its own pictures, in passes of their own."""
    generator, discriminator = recipe.generator, recipe.discriminator
    for_generator = optimizer(settings, generator, recipe.patch_nce, lr=recipe.lr)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr)
    schedules = [schedule(for_discriminator, settings), schedule(for_generator, settings)]
    for source, target in batches:
        given = torch.cat([source, target])
        if settings.as_ours:
            drawn, seen = generator.output_and_features(given)
        else:
            drawn = generator(given)
        fake, same = drawn.split(len(source))
        discriminator_loss = play(discriminator, for_discriminator, target, fake)
        gan = least_squares(discriminator(fake), 1.0)
        if settings.as_ours:
            found = generator.features(drawn)
            chosen = places(recipe.patch_nce, found)
            contrasts = contrast(recipe.patch_nce, found, seen, chosen).split(len(source))
            contrasts = [one.mean() for one in contrasts]
        else:
            shown = [
                [generator.features(x) for x in two] for two in ((fake, source), (same, target))
            ]
            chosen = places(recipe.patch_nce, shown[0][0])
            contrasts = [contrast(recipe.patch_nce, *two, chosen).mean() for two in shown]
        apart = recipe.nce_weight * contrasts[0]
        identity = recipe.identity_weight * contrasts[1]
        descend(for_generator, gan + apart + identity)
        for each in schedules:
            each.step()
        yield [discriminator_loss, gan.detach(), apart.detach(), identity.detach()]


def fastcut(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Park et al. (2020), appendix C.1: half of the sources mirrored, and features back."""
    generator, discriminator = recipe.generator, recipe.discriminator
    for_generator = optimizer(settings, generator, recipe.patch_nce, lr=recipe.lr)
    for_discriminator = optimizer(settings, discriminator, lr=recipe.lr)
    schedules = [schedule(for_discriminator, settings), schedule(for_generator, settings)]
    for source, target in batches:
        mirrored = torch.rand(()).item() < 0.5
        fake = generator(source.flip(3)) if mirrored else generator(source)
        discriminator_loss = play(discriminator, for_discriminator, target, fake)
        gan = least_squares(discriminator(fake), 1.0)
        found, wanted = generator.features(fake), generator.features(source)
        if mirrored:
            found = [feature.flip(3) for feature in found]
        chosen = places(recipe.patch_nce, found)
        apart = contrast(recipe.patch_nce, found, wanted, chosen).mean()
        apart = recipe.nce_weight * apart
        descend(for_generator, gan + apart)
        for each in schedules:
            each.step()
        yield [discriminator_loss, gan.detach(), apart.detach()]


def pix2pixhd(recipe: Any, batches: Iterator[Any], settings: Settings) -> Iterator[list[Tensor]]:
    """Wang et al. (2018): all losses first, then the generator's step and the discriminators'."""
    generator, discriminators = recipe.generator, recipe.discriminator
    for_generator, for_discriminators = (
        optimizer(settings, n, lr=recipe.lr) for n in (generator, discriminators)
    )
    schedules = [schedule(for_generator, settings), schedule(for_discriminators, settings)]
    for source, target in batches:
        fake = generator(source)
        as_fake = discriminators(torch.cat([source, fake.detach()], 1))
        as_real, wanted = discriminators.output_and_features(torch.cat([source, target], 1))
        shown, seen = discriminators.output_and_features(torch.cat([source, fake], 1))
        discriminator_loss = torch.zeros(()).to(source)
        gan = torch.zeros(()).to(source)
        for real, old, new in zip(as_real, as_fake, shown, strict=True):
            discriminator_loss = discriminator_loss + 0.5 * (
                least_squares(real, 1.0) + least_squares(old, 0.0)
            )
            gan = gan + least_squares(new, 1.0)
        share = 4 / (len(seen) / len(shown)) / len(shown)
        features = torch.zeros(()).to(source)
        for one, other in zip(seen, wanted, strict=True):
            features = features + recipe.feature_matching_weight * share * F.l1_loss(
                one, other.detach()
            )
        content = recipe.content_weight * recipe.content(fake, target)
        descend(for_generator, gan + features + content)
        descend(for_discriminators, discriminator_loss)
        for each in schedules:
            each.step()
        yield [loss.detach() for loss in (gan, features, content, discriminator_loss)]


def play(discriminator: Any, for_discriminator: Any, real: Tensor, fake: Tensor) -> Tensor:
    """Move the discriminator, which stands still from then on; return its loss."""
    switch([discriminator], on=True)
    discriminator_loss = least_squares(discriminator(real), 1.0) + least_squares(
        discriminator(fake.detach()), 0.0
    )
    descend(for_discriminator, 0.5 * discriminator_loss)
    switch([discriminator], on=False)
    return 0.5 * discriminator_loss.detach()


def places(heads: Any, features: Sequence[Tensor]) -> list[Tensor]:
    return [torch.randperm(seen.shape[2] * seen.shape[3])[: heads.patches] for seen in features]


def contrast(
    heads: Any, drawn: Sequence[Tensor], source: Sequence[Tensor], chosen: Sequence[Tensor]
) -> Tensor:
    """Return the mean over layers for each image, as the authors' code computes it."""
    layers = []
    for head, one, other, where in zip(heads.heads, drawn, source, chosen, strict=True):
        query, key = (head(x.flatten(2)[:, :, where].mT) for x in (one, other.detach()))
        query, key = (v / (v.norm(dim=2, keepdim=True) + 1e-7) for v in (query, key.detach()))
        own = (query * key).sum(2, keepdim=True)
        others = torch.bmm(query, key.mT)
        diagonal = torch.eye(len(where), dtype=torch.bool, device=others.device)
        logits = torch.cat([own, others.masked_fill(diagonal, -10.0)], 2) / heads.temperature
        label = torch.zeros(logits.shape[:2], dtype=torch.long, device=logits.device)
        layers.append(F.cross_entropy(logits.mT, label, reduction="none").mean(1))
    return torch.stack(layers).mean(0)


LOOPS = {"cut": cut, "fastcut": fastcut, "pix2pixhd": pix2pixhd}
