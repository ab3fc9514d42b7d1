"""The best and the worst images of an evaluation, and thumbnails of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from translate.batches import Domain
from translate.evaluate.outputs import Outputs
from translate.evaluate.result import EvaluationResult
from translate.evaluate.run_images import Image
from translate.images import domain_images
from translate.images.contact_sheet import image_grid
from translate.images.encode import encode_image
from translate.images.tensors import as_tensor, to_device

RANKED = 8
"""best and worst images of a ranking, at most"""
SIDE = 128
"""long side of a thumbnail in pixels, at most"""
ROLES = {"source": "source", "fake": "output", "target": "ground truth"}
"""what the images of an example are called, by the field of `Outputs`, in the order of display"""


@dataclass(frozen=True)
class Ranking:
    """Names and values of the best and the worst images by a figure, the extreme ones first."""

    figure: str
    best: Sequence[tuple[str, float]]
    worst: Sequence[tuple[str, float]]


def rankings(result: EvaluationResult) -> list[Ranking]:
    """Return a ranking for each figure that single images have; no image is best and worst."""
    found = []
    for figure, overall in result.figures.items():
        values = [
            (image, value)
            for image, row in result.per_image.items()
            if (value := row.get(figure)) is not None
        ]
        ranked = sorted(values, key=lambda item: item[1], reverse=overall.better == "max")
        if count := min(RANKED, len(ranked) // 2):
            found.append(Ranking(figure, ranked[:count], ranked[: -count - 1 : -1]))
    return found


def with_thumbnails(
    result: EvaluationResult, outputs: Sequence[Outputs], source: Domain, target: Domain
) -> EvaluationResult:
    """Return a result with thumbnails of the images of its first ranking.

    Args:
        result: That was measured.
        outputs: What it was measured on.
        source: The domain of the inputs.
        target: The domain of the outputs and their ground truth.
    """
    places = {name: (made, row) for made in outputs for row, name in enumerate(made.names)}
    examples: dict[str, dict[str, str]] = {}
    thumbnails: dict[str, bytes] = {}
    for ranking in rankings(result)[:1]:
        for kind, ranked in (("best", ranking.best), ("worst", ranking.worst)):
            for number, (name, _) in enumerate(ranked, 1):
                made, row = places[name]
                files = examples.setdefault(name, {})
                for field in (each for each in ROLES if each in made.fields):
                    files[field] = f"{kind}-{number}-{field}.png"
                    domain = source if field == "source" else target
                    thumbnails[files[field]] = _thumbnail(getattr(made, field)[row], domain)
    return replace(result, examples=examples, thumbnails=thumbnails)


def _thumbnail(pixels: Image, domain: Domain) -> bytes:
    """Return an image as a PNG file in colours, downscaled to `SIDE`."""
    height, width = pixels.shape[:2]
    scale = min(1, SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = as_tensor(domain_images.resize(pixels, size, domain))
    return encode_image(image_grid([to_device(small[None], "cpu", domain)]), ".png")
