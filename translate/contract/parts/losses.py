"""The rules of losses between images and of adversarial losses; see `translate.losses`."""

import math
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
        message = f"{name} has a gradient that is not finite."
        require(all(g.isfinite().all() for g in gradients), message)
        require(any(g.any() for g in gradients), f"{name} has no gradient.")


def rewards_better_outputs(part: PartSubject) -> None:
    """Be lowest for equal images; adversarial: fall as real scores rise and fake scores fall.

    The loss of the generator must fall as fake scores rise.
    """
    loss = part.make()
    if not _is_adversarial(loss):
        image, other_image = _image_pair()
        copy = image.clone().requires_grad_()
        value = loss(copy, image)
        different = loss(image, other_image)
        require(value <= different, "Different images have a lower loss than equal ones.")
        (gradient,) = torch.autograd.grad(value, copy, allow_unused=True, materialize_grads=True)
        require(gradient.isfinite().all(), "At equal images a gradient is not finite.")
        return
    # 256 scores: if a loss flips some labels at random, the sum of gradients keeps its sign
    real, fake = (torch.full((256,), score, requires_grad=True) for score in (0.0, 0.5))
    with temporary_seed(0):
        real_gradient, fake_gradient = torch.autograd.grad(
            loss.for_discriminator(real, fake), (real, fake)
        )
    message = "for_discriminator(real, fake) does not fall as real scores rise."
    require(real_gradient.sum() < 0, message)
    message = "for_discriminator(real, fake) does not fall as fake scores fall."
    require(fake_gradient.sum() > 0, message)
    with temporary_seed(0):
        (real_gradient,) = torch.autograd.grad(loss.for_generator(fake, real), fake)
    require(real_gradient.sum() < 0, "for_generator(fake, real) does not fall as fake scores rise.")
    if not is_relativistic(loss):
        with_default, with_other_real = loss.for_generator(fake), loss.for_generator(fake, real + 1)
        message = "for_generator depends on real scores: set relativistic = True."
        require(with_default == with_other_real, message)


def has_correct_gradients(part: PartSubject) -> None:
    """Have gradients that agree with finite differences, in double precision."""
    for name, loss, inputs in _losses(part, torch.float64):
        leaves = [tensor.requires_grad_() for tensor in inputs]
        with temporary_seed(0):
            value = loss(*leaves)
        grads = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
        # signs alternate, as inputs of equal shapes have equal random pixels
        directions = [(-1) ** i * random_pixels(*t.shape).double() for i, t in enumerate(inputs)]
        slope = sum(float((g * d).sum()) for g, d in zip(grads, directions, strict=True))
        values = []
        for step in (1e-6, -1e-6):
            moved_inputs = [t + step * d for t, d in zip(inputs, directions, strict=True)]
            with torch.no_grad(), temporary_seed(0):  # the same random numbers
                values.append(float(loss(*moved_inputs)))
        difference = (values[0] - values[1]) / 2e-6
        agrees = math.isclose(difference, slope, rel_tol=1e-4, abs_tol=1e-7)
        require(agrees, f"{name}: {slope:.6g} by autograd, {difference:.6g} by finite differences.")


def _losses(
    part: PartSubject, dtype: torch.dtype = torch.float32
) -> list[tuple[str, Callable[..., Tensor], list[Tensor]]]:
    """Return the loss functions of `part`: their names, the functions, and inputs for them."""
    loss = part.make()
    if isinstance(loss, nn.Module):
        loss.to(dtype)
    if not _is_adversarial(loss):
        return [("the loss", loss, [image.to(dtype) for image in _image_pair()])]
    coarse, fine = (random_pixels(2, 1, side, side).to(dtype) for side in (3, 7))
    scores = [coarse, fine, coarse.flip(0), fine.flip(0)]  # real, then fake

    def two_scales(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        return lambda a, b, c, d: function([a, b], [c, d])

    discriminator, generator = loss.for_discriminator, loss.for_generator
    return [
        ("for_discriminator", discriminator, [coarse, coarse.flip(0)]),
        ("for_generator", generator, [fine, fine.flip(0)]),
        ("for_discriminator of two scales", two_scales(discriminator), scores),
        ("for_generator of two scales", two_scales(generator), scores),
    ]


def _is_adversarial(loss: Any) -> bool:
    return hasattr(loss, "for_discriminator") or hasattr(loss, "for_generator")


def _image_pair() -> tuple[Tensor, Tensor]:
    return random_pixels(2, 3, 16, 16), random_pixels(2, 3, 16, 16).flip(-1)
