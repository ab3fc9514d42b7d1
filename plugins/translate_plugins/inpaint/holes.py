"""Random training masks, made on the device of the images with the global random generator."""

import math

import torch
from torch import Tensor

LARGEST_FRACTION = 0.9
"""largest fraction of an image that may be missing"""
MAX_STROKES = 4
"""largest number of brush strokes in an image"""
SEGMENTS_PER_STROKE = 8
MEAN_ANGLE, ANGLE_DEVIATION = 0.2, 1 / 15
"""mean and largest deviation of a segment's angle to the x-axis, as fractions of 360 degrees"""
MEAN_LENGTH = 1 / 8
"""mean length of a segment, as a fraction of the diagonal"""


def random_holes(
    images: Tensor, fraction_range: tuple[float, float], stroke_probability: float
) -> Tensor:
    """Return (N, 1, H, W), true in the hole of each image; at least one pixel is never in a hole.

    Args:
        images: (N, C, H, W).
        fraction_range: Smallest and largest fraction of the pixels that a hole covers.
        stroke_probability: Probability that a hole is of brush strokes instead of a box.
    """
    choice, range_fraction = torch.rand(2, len(images), device=images.device)
    smallest, largest = fraction_range
    fractions = smallest + (largest - smallest) * range_fraction
    size = (images.shape[2], images.shape[3])
    has_strokes = (choice < stroke_probability)[:, None, None, None]
    return torch.where(has_strokes, brush_strokes(fractions, size), boxes(fractions, size))


def boxes(fractions: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (N, 1, H, W), true in a box that covers about a fraction, (N,), of the pixels.

    The position of the box is random; its longer side is up to twice its shorter side. A side that
    would be longer than the image is cut, so the box covers less.
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
    at sharp angles, with round ends. The width of the brush is chosen so that the strokes cover the
    fraction; in the paper the width is random.
    """
    (height, width), count, device = size, len(fractions), fractions.device
    stroke_count = torch.randint(1, MAX_STROKES + 1, (count,), device=device)
    sides = torch.tensor([height, width], device=device)
    y, x = _grid(size, device)
    squared_distance = torch.full((count, height, width), math.inf, device=device)
    for stroke in range(MAX_STROKES):
        start = torch.rand(count, 2, device=device) * sides
        is_unused = (stroke >= stroke_count)[:, None, None]
        for segment in range(SEGMENTS_PER_STROKE):
            end = _next_vertex(start, segment, sides)
            to_segment = _squared_distance(start, end, y, x).masked_fill_(is_unused, math.inf)
            squared_distance = squared_distance.minimum(to_segment)
            start = end
    pixels = (fractions * height * width).round().long().clamp(1, height * width)
    squared_radius = squared_distance.flatten(1).sort(dim=1).values.gather(1, pixels[:, None] - 1)
    return (squared_distance <= squared_radius[:, :, None])[:, None]


def _next_vertex(start: Tensor, segment: int, sides: Tensor) -> Tensor:
    """Return the end (y, x), (N, 2), of a random segment from `start`, within the image."""
    deviation, length = torch.rand(2, len(start), device=start.device)
    angle = 2 * math.pi * (MEAN_ANGLE + ANGLE_DEVIATION * (2 * deviation - 1))
    angle = angle if segment % 2 else 2 * math.pi - angle  # alternating, so corners are sharp
    length = torch.linalg.vector_norm(sides.float()) * MEAN_LENGTH * (0.5 + length)
    step = torch.stack([angle.sin(), angle.cos()], 1) * length[:, None]
    return torch.minimum((start + step).clamp(min=0), sides - 1)


def _squared_distance(start: Tensor, end: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Return the squared distance of each pixel, (N, H, W), from the segment between two points."""
    direction = end - start
    scaled_direction = direction / direction.square().sum(1, keepdim=True).clamp(min=1e-6)
    y, x = y - start[:, :1, None], x - start[:, 1:, None]
    # of the nearest point of the segment: 0 at its start, 1 at its end
    position = (y * scaled_direction[:, :1, None] + x * scaled_direction[:, 1:, None]).clamp_(0, 1)
    dy, dx = (y - position * direction[:, :1, None]), (x - position * direction[:, 1:, None])
    return dy.square_().add_(dx.square_())


def _grid(size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the row of each pixel, (H, 1), and its column, (1, W)."""
    y, x = (torch.arange(side, device=device, dtype=torch.float32) for side in size)
    return y[:, None], x[None]
