"""A network or a loss under test, and the rules of networks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from translate.contract.rules import hold, hold_equal, noise, overheard
from translate.engine.randomness import seed_everything
from translate.losses import Scores
from translate.ops import required_sides
from translate.registry import Kind, create

SIDE = 32


@dataclass(frozen=True)
class Part:
    """A network or a loss under test."""

    kind: Kind
    name: str
    options: dict[str, Any]

    def make(self, *channels: int) -> Any:
        """Make it from the seed, for some number of channels in, and out."""
        given: dict[str, Any] = dict(zip(("in_channels", "out_channels"), channels, strict=False))
        if channels:
            given["size"] = (SIDE, SIDE)
        seed_everything(0)
        return create(self.kind, {"name": self.name, **self.options}, **given)

    @property
    def channels(self) -> tuple[int, ...]:
        """A usual number of channels in, and out."""
        return {"generator": (3, 3), "discriminator": (3,)}.get(self.kind, ())


def reads_nothing(part: Part) -> None:
    """Read no file and no network in a constructor, and give one seed equal weights."""
    with overheard() as heard:
        first = part.make(*part.channels)
    hold(not heard, f"It asked for {', '.join(heard[:3])}: load such things at first use.")
    if isinstance(first, nn.Module):
        again = part.make(*part.channels).state_dict()
        hold_equal(first.state_dict(), again, "{} differs.")


def draws_images(part: Part) -> None:
    """Make (N, channels, H, W) into as many, for any N and channels, and sides that it takes."""
    for channels, count in ((3, 1), (1, 2), (4, 3)):
        network = part.make(channels, channels)
        multiple, least = required_sides(network)
        small, middle, large = (
            math.ceil(max(side, least) / multiple) * multiple for side in (1, SIDE, SIDE + 1)
        )
        for sides in ((middle, middle), (small, large)):
            images = noise(count, channels, *sides)
            drawn = network.eval()(images)
            hold(
                drawn.shape == images.shape,
                f"{tuple(images.shape)} became {tuple(drawn.shape)}: attributes multiple_of and "
                "minimum_side say which sides it takes.",
            )
            hold(drawn.isfinite().all(), f"{tuple(images.shape)} became not finite.")


def scores_images(part: Part) -> None:
    """Score (N, in_channels, H, W) with a finite tensor, or several, for any N and channels."""
    for before, number in ((3, 1), (6, 2)):
        network = part.make(before)
        for scores in _scales(network(noise(number, before, SIDE, SIDE))):
            hold(isinstance(scores, Tensor) and len(scores) == number and scores.numel(),
                 f"{number} images got {getattr(scores, 'shape', scores)}.")  # fmt: skip
            hold(scores.isfinite().all(), "A score is not finite.")


def learns(part: Part) -> None:
    """Send finite gradients to the image and to every weight."""
    network, images = part.make(*part.channels), noise(2, 3, SIDE, SIDE).requires_grad_()
    torch.stack([s.square().mean() for s in _scales(network(images))]).sum().backward()
    for name, tensor in {"the image": images, **dict(network.named_parameters())}.items():
        if tensor.requires_grad:
            hold(tensor.grad is not None, f"None reaches {name}.")
            hold(tensor.grad.isfinite().all(), f"That of {name} is not finite.")
    hold(images.grad is not None and images.grad.any(), "That of the image is zero.")


def shows_features(part: Part) -> str | None:
    """Return from `features`, if there is one, a list of finite tensors with a row an image."""
    network = part.make(*part.channels)
    if not callable(features := getattr(network, "features", None)):
        return "it has none"
    found = features(noise(2, 3, SIDE, SIDE))
    hold(isinstance(found, list) and found, f"It returned {type(found).__name__}.")
    for tensor in found:
        fine = isinstance(tensor, Tensor) and len(tensor) == 2 and tensor.isfinite().all()
        hold(fine, "One of them is not a finite tensor of 2 rows for 2 images.")
    return None


def runs_in_bf16(part: Part) -> None:
    """Run under autocast to bf16, forward and backward, with finite results."""
    network, images = part.make(*part.channels), noise(2, 3, SIDE, SIDE).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        output = _scales(network(images))
    torch.stack([scores.float().mean() for scores in output]).sum().backward()
    hold(all(scores.isfinite().all() for scores in output), "What it returned is not finite.")
    hold(images.grad is not None and images.grad.isfinite().all(), "A gradient is not finite.")


def survives_saving(part: Part) -> None:
    """Do as before once the weights are saved, and loaded into a new one."""
    old, images = part.make(*part.channels), noise(2, 3, SIDE, SIDE)
    with torch.no_grad():
        for parameter in old.parameters():
            parameter += 0.01
    old(images)  # running statistics move, too
    new = part.make(*part.channels)
    new.load_state_dict({name: tensor.clone() for name, tensor in old.state_dict().items()})
    before, after = _scales(old.eval()(images)), _scales(new.eval()(images))
    same = all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    hold(same, "It did not: what it learns belongs in parameters and buffers.")


def _scales(scores: Scores) -> Sequence[Tensor]:
    return [scores] if isinstance(scores, Tensor) else scores
