"""The rules of generators and discriminators; `translate.nn.geometry` explains `geometry`."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from translate.contract.attributes import attributes, differing_names
from translate.contract.parts.subject import SIDE, PartSubject
from translate.contract.rules import random_pixels, record_io, require, require_equal, require_no_io
from translate.engine.exports.tile_requirements import measure_tile_requirements
from translate.errors import ConfigError
from translate.losses import Scores
from translate.nn.geometry import Geometry, geometry_of

LARGEST_HALO = 128
"""pixels; networks with a larger halo are not tested, as they need large images"""


def constructor_does_no_io(part: PartSubject) -> None:
    """Read no file and open no connection in the constructor; equal seeds give equal weights."""
    with record_io() as accesses:
        first = part.make(*part.channels)
    require_no_io(accesses, first)
    if isinstance(first, nn.Module):
        second = part.make(*part.channels).state_dict()
        require_equal(first.state_dict(), second, "{} differs.")


def returns_images(part: PartSubject) -> None:
    """Return images, scaled by `geometry.scale`, or vectors for images; or images for vectors."""
    match part.use:
        case "translates":
            _require_scaled_images(part)
        case "fails":
            _raise_with_shapes(part)
        case _:
            _require_vectors(part)


def _require_scaled_images(part: PartSubject) -> None:
    for channels, count in ((3, 1), (1, 2), (4, 3)):
        network = part.make(channels, channels)
        geometry = geometry_of(network)
        small, middle, large = (geometry.fit(side) for side in (1, SIDE, SIDE + 1))
        for sides in ((middle, middle), (small, large)):
            images = random_pixels(count, channels, *sides)
            output = network.eval()(images)
            expected = (count, channels, *(side * geometry.scale for side in sides))
            require(
                output.shape == expected,
                f"{tuple(images.shape)} became {tuple(output.shape)}: the attribute geometry must "
                "have the sizes that the network takes and the factor of its enlargement.",
            )
            require(output.isfinite().all(), f"The output for {tuple(images.shape)} is not finite.")


def respects_halo(part: PartSubject) -> str | None:
    """Depend, at each output pixel, only on input pixels within the halo.

    The halo is `geometry.halo`, or the radius of the receptive field, computed from the layers.
    """
    network = part.make(*part.channels).eval()
    geometry = geometry_of(network)
    halo = geometry.halo
    if halo is None and part.use == "translates":
        halo = measure_tile_requirements(network, part.channels[0], geometry).halo
    if halo is None or halo > LARGEST_HALO:
        return "an output pixel depends on the whole image, or its receptive field is unknown"
    side = geometry.fit(2 * halo + 2 * geometry.multiple_of)
    images, first_column = random_pixels(1, part.channels[0], side, side), side // 2
    changed_images = images.clone()
    changed_images[..., first_column:] += 1
    with torch.no_grad():
        difference = (network(images) - network(changed_images)).abs().amax((0, 1, 2))
    distance = first_column - int(difference.nonzero().min()) // geometry.scale
    require(distance <= halo, f"An output depends on pixels {distance} away, but halo is {halo}.")
    return None


def _require_vectors(part: PartSubject) -> None:
    for size in ((SIDE, SIDE), (SIDE, 2 * SIDE)):
        input_size, output_size = ((1, 1), size) if part.use == "draws" else (size, (1, 1))
        for channels, count in ((5, 1), (3, 2)):
            try:
                network = part.make(channels, 4, size=size)
            except ConfigError:
                continue  # a network may refuse a size
            images, expected = random_pixels(count, channels, *input_size), (count, 4, *output_size)
            output = network.eval()(images)
            require(
                output.shape == expected,
                f"{tuple(images.shape)} became {tuple(output.shape)}, not {expected}: the keyword "
                "`size` has height and width of images; raise ConfigError for unsupported ones.",
            )
            require(output.isfinite().all(), f"The output for {tuple(images.shape)} is not finite.")


def _raise_with_shapes(part: PartSubject) -> None:
    """Raise an `AssertionError` with the outputs for images and for 1x1 vectors."""
    attempts, cause = [], None
    for side in (part.side, 1):
        output = part.output(side)
        if isinstance(output, Exception):
            cause = cause or output
            result = f"raised {type(output).__name__} ({output})"
        else:
            result = f"became {tuple(output.shape) if isinstance(output, Tensor) else output!r}"
        attempts.append(f"(2, 3, {side}, {side}) {result}")
    raise AssertionError(
        f"{', '.join(attempts)}: expected a network that maps images to images, scaled by the "
        "attribute geometry; or images to vectors (N, C, 1, 1); or such vectors to images of the "
        f"keyword `size`, {SIDE}x{SIDE}."
    ) from cause


def scores_images(part: PartSubject) -> None:
    """Return one or several finite tensors of scores for images (N, in_channels, H, W) alone."""
    geometry = getattr(part.make(*part.channels), "geometry", Geometry(scale=0))
    require(isinstance(geometry, Geometry), f"geometry is {geometry!r:.60}, not a Geometry.")
    message = "Its geometry has a scale, but its output is not an image: set scale=0."
    require(geometry.scale == 0, message)
    for channels, count in ((3, 1), (6, 2)):
        network = part.make(channels).eval()  # batch norm in training mode needs several images
        side = geometry_of(network).fit(SIDE)
        output = network(random_pixels(count, channels, side, side))
        require(
            isinstance(output, (Tensor, list, tuple)),
            f"It returned {output!r:.60}: expected a tensor, or a list with one for each scale.",
        )
        for scores in _list_of_scores(output):
            is_tensor = isinstance(scores, Tensor)
            require(
                is_tensor and scores.shape[:1] == (count,) and scores.numel(),
                f"The scores of {count} images are {tuple(scores.shape) if is_tensor else scores}: "
                "expected (N, ...).",
            )
            require(scores.isfinite().all(), "A score is not finite.")


def has_gradients(part: PartSubject) -> None:
    """Have finite gradients for the input and for every weight."""
    # 8 inputs: batch norm maps any two vectors to +1 and -1, and one image may switch off ReLUs
    network, images = part.make(*part.channels), part.inputs(8).requires_grad_()
    torch.stack([s.square().mean() for s in _list_of_scores(network(images))]).sum().backward()
    for name, tensor in {"the input": images, **dict(network.named_parameters())}.items():
        if tensor.requires_grad:
            require(tensor.grad is not None, f"{name} has no gradient.")
            require(tensor.grad.isfinite().all(), f"The gradient of {name} is not finite.")
    require(images.grad is not None and images.grad.any(), "The gradient of the input is zero.")


def returns_features(part: PartSubject) -> str | None:
    """Return from `features`, if defined, a list of finite tensors with one row per input."""
    network = part.make(*part.channels)
    if not callable(features := getattr(network, "features", None)):
        return "it has no method `features`"
    outputs = features(part.inputs(2))
    require(isinstance(outputs, list) and outputs, f"It returned {type(outputs).__name__}.")
    for tensor in outputs:
        is_valid = isinstance(tensor, Tensor) and len(tensor) == 2 and tensor.isfinite().all()
        require(is_valid, "An element is not a finite tensor (2, ...) for 2 inputs.")
    return None


def runs_in_bf16(part: PartSubject) -> None:
    """Run forward and backward under autocast to bf16, with finite results."""
    network, images = part.make(*part.channels), part.inputs(2).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        outputs = _list_of_scores(network(images))
    torch.stack([scores.float().mean() for scores in outputs]).sum().backward()
    require(all(scores.isfinite().all() for scores in outputs), "The output is not finite.")
    require(images.grad is not None and images.grad.isfinite().all(), "A gradient is not finite.")


def saves_all_state(part: PartSubject) -> None:
    """Return the same outputs after its weights are saved and loaded into a new network."""
    old, images = part.make(*part.channels), part.inputs(2)
    with torch.no_grad():
        for parameter in old.parameters():
            parameter += 0.01
    old(images)  # changes running statistics
    new = part.make(*part.channels)
    new.load_state_dict({name: tensor.clone() for name, tensor in old.state_dict().items()})
    before, after = _list_of_scores(old.eval()(images)), _list_of_scores(new.eval()(images))
    advice = "keep state in parameters and buffers."
    if unsaved := differing_names(attributes(old), attributes(new)):
        names = ", ".join(unsaved[:3])
        raise AssertionError(f"{names} changed in a forward pass and was not saved: {advice}")
    require(all(map(torch.equal, before, after)), f"The outputs differ: {advice}")


def _list_of_scores(scores: Scores) -> Sequence[Tensor]:
    """Return the tensors of an output, which is a tensor or a list with one for each scale."""
    return [scores] if isinstance(scores, Tensor) else scores
