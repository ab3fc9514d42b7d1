"""Random training masks, made on the device of the images with the global random numbers."""

import math

import torch
from torch import Tensor

LARGEST_FRACTION = 0.9
"""largest fraction of an image that may be missing"""
MAX_STROKES = 4
SEGMENTS = 8
"""in a stroke"""
ANGLE, ANGLE_SPREAD = 0.2, 1 / 15
"""of a segment to the horizontal, in turns, above and below it alternately"""
LENGTH = 1 / 8
"""mean length of a segment, as a fraction of the diagonal"""


def random_holes(
    images: Tensor, fraction_range: tuple[float, float], stroke_probability: float
) -> Tensor:
    """Return (N, 1, H, W), true in a hole of each image; at least one pixel of each is known.

    Args:
        images: (N, C, H, W).
        fraction_range: Smallest and largest fraction of the pixels that a hole covers.
        stroke_probability: Probability of brush strokes instead of a box.
    """
    choice, position = torch.rand(2, len(images), device=images.device)
    fractions = fraction_range[0] + (fraction_range[1] - fraction_range[0]) * position
    size = (images.shape[2], images.shape[3])
    has_strokes = (choice < stroke_probability)[:, None, None, None]
    return torch.where(has_strokes, brush_strokes(fractions, size), boxes(fractions, size))


def boxes(fractions: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (N, 1, H, W), true in a box that covers about a fraction, (N,), of the pixels.

    It covers less where one side would be longer than the image. Its place is random, and its
    longer side is up to twice the shorter one.
    """
    (height, width), device = size, fractions.device
    aspect, top_fraction, left_fraction = torch.rand(3, len(fractions), device=device)
    area = fractions * height * width
    box_height = (area * 4 ** (aspect - 0.5)).sqrt().clamp(1, height).round()
    box_width = (area / box_height).clamp(1, width).round()
    top = (top_fraction * (height - box_height + 1)).floor()[:, None, None]
    left = (left_fraction * (width - box_width + 1)).floor()[:, None, None]
    y, x = _grid(size, device)
    is_inside = (y >= top) & (y < top + box_height[:, None, None])
    return (is_inside & (x >= left) & (x < left + box_width[:, None, None]))[:, None]


def brush_strokes(fractions: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (N, 1, H, W), true under brush strokes that cover a fraction, (N,), of the pixels.

    Free-form masks after algorithm 1 of Yu et al. (2019): one to four strokes of several segments
    at sharp angles, with round ends. The brush is as wide as it must be for the strokes to cover
    the fraction; in the paper its width is random.
    """
    (height, width), count, device = size, len(fractions), fractions.device
    stroke_count = torch.randint(1, MAX_STROKES + 1, (count,), device=device)
    sides = torch.tensor([height, width], device=device)
    y, x = _grid(size, device)
    nearest = torch.full((count, height, width), math.inf, device=device)
    for stroke in range(MAX_STROKES):
        start = torch.rand(count, 2, device=device) * sides
        is_missing = (stroke >= stroke_count)[:, None, None]
        for segment in range(SEGMENTS):
            end = _next_vertex(start, segment, sides)
            distance = _squared_distance(start, end, y, x)
            nearest = nearest.minimum(distance.masked_fill_(is_missing, math.inf))
            start = end
    pixels = (fractions * height * width).round().long().clamp(1, height * width)
    squared_radius = nearest.flatten(1).sort(dim=1).values.gather(1, pixels[:, None] - 1)
    return (nearest <= squared_radius[:, :, None])[:, None]


def _next_vertex(start: Tensor, segment: int, sides: Tensor) -> Tensor:
    """Return the end, (N, 2), of a segment from `start`, within the image."""
    deviation, length = torch.rand(2, len(start), device=start.device)
    angle = 2 * math.pi * (ANGLE + ANGLE_SPREAD * (2 * deviation - 1))
    angle = angle if segment % 2 else 2 * math.pi - angle
    length = torch.linalg.vector_norm(sides.float()) * LENGTH * (0.5 + length)
    step = torch.stack([angle.sin(), angle.cos()], 1) * length[:, None]
    return torch.minimum((start + step).clamp(min=0), sides - 1)


def _squared_distance(start: Tensor, end: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Return the squared distance of each pixel, (N, H, W), from the segment between two points."""
    along = end - start
    along_per_square = along / along.square().sum(1, keepdim=True).clamp(min=1e-6)
    y, x = y - start[:, :1, None], x - start[:, 1:, None]
    position = (y * along_per_square[:, :1, None] + x * along_per_square[:, 1:, None]).clamp_(0, 1)
    down, right = (y - position * along[:, :1, None]), (x - position * along[:, 1:, None])
    return down.square_().add_(right.square_())


def _grid(size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the row of each pixel, (H, 1), and its column, (1, W)."""
    y, x = (torch.arange(side, device=device, dtype=torch.float32) for side in size)
    return y[:, None], x[None]
