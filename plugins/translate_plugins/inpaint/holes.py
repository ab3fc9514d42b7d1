"""Random training masks, made on the device of the images with the global generator."""

import math

import torch
from torch import Tensor

LARGEST_FRACTION = 0.9
"""largest fraction of an image that may be missing"""
STROKES = 4
VERTICES = 8


def random_holes(images: Tensor, share: tuple[float, float], strokes: float) -> Tensor:
    """Return (N, 1, H, W), true in a hole of each image.

    `share` is the smallest and largest fraction of the pixels that a hole covers, `strokes` the
    probability of brush strokes instead of a box. At least one pixel of each image is known.
    """
    kind, place = torch.rand(2, len(images), device=images.device)
    drawn = share[0] + (share[1] - share[0]) * place
    size = (images.shape[2], images.shape[3])
    brushed = (kind < strokes)[:, None, None, None]
    return torch.where(brushed, brush_strokes(drawn, size), boxes(drawn, size))


def boxes(share: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (N, 1, H, W), true in a box that covers about a `share`, (N,), of the pixels.

    Its place is random, and its longer side is up to twice the shorter one.
    """
    (height, width), device = size, share.device
    aspect, down, right = torch.rand(3, len(share), device=device)
    tall = (share * height * width * 4 ** (aspect - 0.5)).sqrt().clamp(1, height).round()
    wide = (share * height * width / tall).clamp(1, width).round()
    top = (down * (height - tall + 1)).floor()[:, None, None]
    left = (right * (width - wide + 1)).floor()[:, None, None]
    y, x = _grid(size, device)
    inside = (y >= top) & (y < top + tall[:, None, None])
    return (inside & (x >= left) & (x < left + wide[:, None, None]))[:, None]


def brush_strokes(share: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (N, 1, H, W), true under brush strokes that cover a `share`, (N,), of the pixels.

    Free-form masks after algorithm 1 of Yu et al. (2019): one to four strokes of several segments
    at sharp angles, with round ends. Here the width of the brush follows from the share.
    """
    (height, width), count, device = size, len(share), share.device
    used = torch.randint(1, STROKES + 1, (count,), device=device)
    sides = torch.tensor([height, width], device=device)
    y, x = _grid(size, device)
    near = torch.full((count, height, width), math.inf, device=device)
    for stroke in range(STROKES):
        start = torch.rand(count, 2, device=device) * sides
        for vertex in range(VERTICES):
            end = _turned(start, vertex, sides)
            far = _far(start, end, y, x)
            near = near.minimum(far.masked_fill_((stroke >= used)[:, None, None], math.inf))
            start = end
    covered = (share * height * width).round().long().clamp(1, height * width)
    reach = near.flatten(1).sort(dim=1).values.gather(1, covered[:, None] - 1)
    return (near <= reach[:, :, None])[:, None]


def _turned(start: Tensor, vertex: int, sides: Tensor) -> Tensor:
    """Return where the next segment ends, (N, 2): at a sharp angle to the one before."""
    turn, length = torch.rand(2, len(start), device=start.device)
    angle = 2 * math.pi * (0.2 + (2 * turn - 1) / 15)
    angle = angle if vertex % 2 else 2 * math.pi - angle
    reach = torch.linalg.vector_norm(sides.float()) / 8 * (0.5 + length)
    step = torch.stack([angle.sin(), angle.cos()], 1) * reach[:, None]
    return torch.minimum((start + step).clamp(min=0), sides - 1)


def _far(start: Tensor, end: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Return how far, squared, each pixel, (N, H, W), is from the segment between two points."""
    along = end - start
    unit = along / along.square().sum(1, keepdim=True).clamp(min=1e-6)
    y, x = y - start[:, :1, None], x - start[:, 1:, None]
    place = (y * unit[:, :1, None] + x * unit[:, 1:, None]).clamp_(0, 1)
    down, right = (y - place * along[:, :1, None]), (x - place * along[:, 1:, None])
    return down.square_().add_(right.square_())


def _grid(size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the row of each pixel, (H, 1), and its column, (1, W)."""
    y, x = (torch.arange(side, device=device, dtype=torch.float32) for side in size)
    return y[:, None], x[None]
