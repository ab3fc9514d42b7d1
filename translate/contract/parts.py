"""The rules of networks."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from translate.contract.attributes import attributes, differing
from translate.contract.part import SIDE, TestedPart
from translate.contract.rules import random_pixels, record_io, require, require_equal, require_no_io
from translate.errors import ConfigError
from translate.losses import Scores
from translate.nn.geometry import Geometry, geometry_of


def constructor_does_no_io(part: TestedPart) -> None:
    """Read no file and no network in a constructor, and give one seed equal weights."""
    with record_io() as heard:
        first = part.make(*part.channels)
    require_no_io(heard, first)
    if isinstance(first, nn.Module):
        again = part.make(*part.channels).state_dict()
        require_equal(first.state_dict(), again, "{} differs.")


def draws_images(part: TestedPart) -> None:
    """Make images `geometry.scale` times as large, or codes 1x1 of images, or images of codes."""
    match part.use:
        case "translates":
            _keeps_sides(part)
        case "fails":
            _explain(part)
        case _:
            _takes_or_makes_one_pixel(part)


def _keeps_sides(part: TestedPart) -> None:
    for channels, count in ((3, 1), (1, 2), (4, 3)):
        network = part.make(channels, channels)
        geometry = geometry_of(network)
        small, middle, large = (geometry.fit(side) for side in (1, SIDE, SIDE + 1))
        for sides in ((middle, middle), (small, large)):
            images = random_pixels(count, channels, *sides)
            drawn = network.eval()(images)
            expected = (count, channels, *(side * geometry.scale for side in sides))
            require(
                drawn.shape == expected,
                f"{tuple(images.shape)} became {tuple(drawn.shape)}: its attribute geometry "
                "says which sides it takes, and how many times it enlarges them.",
            )
            require(drawn.isfinite().all(), f"{tuple(images.shape)} became not finite.")


def keeps_its_halo(part: TestedPart) -> str | None:
    """Depend, for a pixel of the output, on no pixel of the input beyond the geometry's halo."""
    network = part.make(*part.channels).eval()
    geometry = geometry_of(network)
    if (halo := geometry.halo) is None:
        return "its geometry has none"
    side = geometry.fit(2 * halo + 2 * geometry.multiple_of)
    images, start = random_pixels(1, part.channels[0], side, side), side // 2
    changed = images.clone()
    changed[..., start:] += 1
    with torch.no_grad():
        apart = (network(images) - network(changed)).abs().amax((0, 1, 2))
    reached = start - int(apart.nonzero().min()) // geometry.scale
    require(reached <= halo, f"An output depends on pixels {reached} away, but halo is {halo}.")
    return None


def _takes_or_makes_one_pixel(part: TestedPart) -> None:
    for size in ((SIDE, SIDE), (SIDE, 2 * SIDE)):
        before, after = ((1, 1), size) if part.use == "draws" else (size, (1, 1))
        for channels, count in ((5, 1), (3, 2)):
            try:
                network = part.make(channels, 4, size=size)
            except ConfigError:
                continue  # it may refuse a size, and says which it makes
            given, expected = random_pixels(count, channels, *before), (count, 4, *after)
            made = network.eval()(given)
            require(
                made.shape == expected,
                f"{tuple(given.shape)} became {tuple(made.shape)}, not {expected}: the keyword "
                "`size` says for which sides it is made; raise ConfigError for those that cannot.",
            )
            require(made.isfinite().all(), f"{tuple(given.shape)} became not finite.")


def _explain(part: TestedPart) -> None:
    shown, cause = [], None
    for side in (part.side, 1):
        made = part.tried(side)
        if isinstance(made, Exception):
            cause = cause or made
            what = f"raised {type(made).__name__} ({made})"
        else:
            what = f"became {tuple(made.shape) if isinstance(made, Tensor) else made!r}"
        shown.append(f"(2, 3, {side}, {side}) {what}")
    raise AssertionError(
        f"{', '.join(shown)}: return images of the same sides (the attribute geometry "
        "says which, and how many times it enlarges them), or "
        f"{SIDE}x{SIDE}, the keyword `size`, from noise 1x1, or 1x1."
    ) from cause


def scores_images(part: TestedPart) -> None:
    """Score (N, in_channels, H, W) with a finite tensor, or several, for any N and channels."""
    stated = getattr(part.make(*part.channels), "geometry", Geometry(scale=0))
    require(isinstance(stated, Geometry), f"geometry is {stated!r:.60}, not a Geometry.")
    require(stated.scale == 0, "Its geometry has a scale, but no image comes out: scale=0.")
    for before, number in ((3, 1), (6, 2)):
        network = part.make(before).eval()  # batch norm may want more than one image to train
        side = geometry_of(network).fit(SIDE)
        for scores in _scales(network(random_pixels(number, before, side, side))):
            require(
                isinstance(scores, Tensor) and len(scores) == number and scores.numel(),
                f"{number} images got {getattr(scores, 'shape', scores)}.",
            )
            require(scores.isfinite().all(), "A score is not finite.")


def has_gradients(part: TestedPart) -> None:
    """Send finite gradients to the input and to every weight."""
    # Eight, as batch norm makes +1 and -1 of any two codes, and a few ReLU may be off for one.
    network, given = part.make(*part.channels), part.given(8).requires_grad_()
    torch.stack([s.square().mean() for s in _scales(network(given))]).sum().backward()
    for name, tensor in {"the input": given, **dict(network.named_parameters())}.items():
        if tensor.requires_grad:
            require(tensor.grad is not None, f"None reaches {name}.")
            require(tensor.grad.isfinite().all(), f"That of {name} is not finite.")
    require(given.grad is not None and given.grad.any(), "That of the input is zero.")


def shows_features(part: TestedPart) -> str | None:
    """Return from `features`, if there is one, a list of finite tensors with a row an input."""
    network = part.make(*part.channels)
    if not callable(features := getattr(network, "features", None)):
        return "it has none"
    found = features(part.given(2))
    require(isinstance(found, list) and found, f"It returned {type(found).__name__}.")
    for tensor in found:
        fine = isinstance(tensor, Tensor) and len(tensor) == 2 and tensor.isfinite().all()
        require(fine, "One of them is not a finite tensor of 2 rows for 2 inputs.")
    return None


def runs_in_bf16(part: TestedPart) -> None:
    """Run under autocast to bf16, forward and backward, with finite results."""
    network, given = part.make(*part.channels), part.given(2).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        output = _scales(network(given))
    torch.stack([scores.float().mean() for scores in output]).sum().backward()
    require(all(scores.isfinite().all() for scores in output), "What it returned is not finite.")
    require(given.grad is not None and given.grad.isfinite().all(), "A gradient is not finite.")


def survives_saving(part: TestedPart) -> None:
    """Do as before once the weights are saved, and loaded into a new one."""
    old, given = part.make(*part.channels), part.given(2)
    with torch.no_grad():
        for parameter in old.parameters():
            parameter += 0.01
    old(given)  # running statistics move, too
    new = part.make(*part.channels)
    new.load_state_dict({name: tensor.clone() for name, tensor in old.state_dict().items()})
    before, after = _scales(old.eval()(given)), _scales(new.eval()(given))
    same = all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    lost = differing(attributes(old), attributes(new))
    kept = f"{', '.join(lost[:3])} changed in a pass, and was not saved" if lost else "It did not"
    require(same and not lost, f"{kept}: what it learns belongs in parameters and buffers.")


def _scales(scores: Scores) -> Sequence[Tensor]:
    return [scores] if isinstance(scores, Tensor) else scores
