"""The rules of losses between images and of adversarial losses; see `translate.losses`."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from translate.contract.parts.subject import PartSubject
from translate.contract.rules import random_pixels, require
from translate.losses import is_relativistic
from translate.nn.noise import temporary_seed


def returns_finite_scalar(part: PartSubject) -> None:
    """Return a finite scalar with finite gradients, for images or for scores at several scales."""
    for name, loss, inputs in _losses(part):
        inputs = [tensor.requires_grad_() for tensor in inputs]
        value = loss(*inputs)
        require(isinstance(value, Tensor) and value.ndim == 0, f"{name} returned {value!r:.80}.")
        require(value.isfinite(), f"{name} is {float(value.detach())}.")
        gradients = torch.autograd.grad(value, inputs, allow_unused=True, materialize_grads=True)
        require(
            all(g.isfinite().all() for g in gradients), f"{name} has a gradient that is not finite."
        )
        require(any(g.any() for g in gradients), f"{name} has no gradient.")


def rewards_better_outputs(part: PartSubject) -> None:
    """Be lowest for equal images; adversarial: fall as real scores rise and fake scores fall.

    The generator's loss falls as fake scores rise.
    """
    loss = part.make()
    if not _is_adversarial(loss):
        one, other = _image_pair()
        same = one.clone().requires_grad_()
        lowest = loss(same, one)
        require(lowest <= loss(one, other), "Different images have a lower loss than equal ones.")
        (gradient,) = torch.autograd.grad(lowest, same, allow_unused=True, materialize_grads=True)
        require(gradient.isfinite().all(), "At equal images a gradient is not finite.")
        return
    # so many that randomly flipped labels do not change the sign
    real, fake = (torch.full((256,), score, requires_grad=True) for score in (0.0, 0.5))
    with temporary_seed(0):
        real_gradient, fake_gradient = torch.autograd.grad(
            loss.for_discriminator(real, fake), (real, fake)
        )
    require(
        real_gradient.sum() < 0, "for_discriminator(real, fake) does not fall as real scores rise."
    )
    require(
        fake_gradient.sum() > 0, "for_discriminator(real, fake) does not fall as fake scores fall."
    )
    with temporary_seed(0):
        (real_gradient,) = torch.autograd.grad(loss.for_generator(fake, real), fake)
    require(real_gradient.sum() < 0, "for_generator(fake, real) does not fall as fake scores rise.")
    if not is_relativistic(loss):
        with_default, with_other_real = loss.for_generator(fake), loss.for_generator(fake, real + 1)
        require(
            with_default == with_other_real,
            "for_generator depends on real scores: set relativistic = True.",
        )


def has_correct_gradients(part: PartSubject) -> None:
    """Have gradients that agree with finite differences, in double precision."""
    for name, loss, inputs in _losses(part, torch.float64):
        leaves = [tensor.requires_grad_() for tensor in inputs]
        with temporary_seed(0):
            value = loss(*leaves)
        grads = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
        directions = [(-1) ** i * random_pixels(*t.shape).double() for i, t in enumerate(inputs)]
        slope = sum(
            float((g * direction).sum()) for g, direction in zip(grads, directions, strict=True)
        )
        values = []
        for h in (1e-6, -1e-6):
            moved = [t + h * direction for t, direction in zip(inputs, directions, strict=True)]
            with torch.no_grad(), temporary_seed(0):  # the same random numbers
                values.append(float(loss(*moved)))
        difference = (values[0] - values[1]) / 2e-6
        agrees = abs(difference - slope) <= 1e-4 * max(abs(difference), abs(slope)) + 1e-7
        require(agrees, f"{name}: {slope:.6g} by autograd, {difference:.6g} by finite differences.")


def _losses(
    part: PartSubject, dtype: torch.dtype = torch.float32
) -> list[tuple[str, Callable[..., Tensor], list[Tensor]]]:
    """Return the functions of `part` by name, each with its inputs."""
    loss = part.make()
    if isinstance(loss, nn.Module):
        loss.to(dtype)
    if not _is_adversarial(loss):
        return [("the loss", loss, [image.to(dtype) for image in _image_pair()])]
    coarse, fine = (random_pixels(2, 1, side, side).to(dtype) for side in (3, 7))
    scores = [coarse, fine, coarse.flip(0), fine.flip(0)]
    return [
        ("for_discriminator", loss.for_discriminator, scores[::2]),
        ("for_generator", loss.for_generator, scores[1::2]),
        (
            "for_discriminator of two scales",
            lambda a, b, c, d: loss.for_discriminator([a, b], [c, d]),
            scores,
        ),
        (
            "for_generator of two scales",
            lambda a, b, c, d: loss.for_generator([a, b], [c, d]),
            scores,
        ),
    ]


def _is_adversarial(loss: Any) -> bool:
    return hasattr(loss, "for_discriminator") or hasattr(loss, "for_generator")


def _image_pair() -> tuple[Tensor, Tensor]:
    return random_pixels(2, 3, 16, 16), random_pixels(2, 3, 16, 16).flip(-1)
