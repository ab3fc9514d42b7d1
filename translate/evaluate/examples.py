"""The best and the worst images of an evaluation, and thumbnails of them."""

from collections.abc import Mapping, Sequence
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
    """Return a ranking for each figure that single images have, and one by trust.

    That by trust is the last one, but the first where there is no ground truth. No image is among
    the best and the worst of one ranking.
    """
    found = [
        _ranking(name, figure.better, _column(result.per_image, name))
        for name, figure in result.figures.items()
    ]
    by_trust = _ranking("trust", "max", _column(result.trust, "trust"))
    untrue = result.protocol.get("ground truth", "none") == "none"
    ordered = [by_trust, *found] if untrue else [*found, by_trust]
    return [ranking for ranking in ordered if ranking.best]


def _column(rows: Mapping[str, Mapping[str, float | None]], name: str) -> list[tuple[str, float]]:
    return [(image, v) for image, row in rows.items() if (v := row.get(name)) is not None]


def _ranking(figure: str, better: str, values: Sequence[tuple[str, float]]) -> Ranking:
    ranked = sorted(values, key=lambda item: item[1], reverse=better == "max")
    count = min(RANKED, len(ranked) // 2)
    return Ranking(figure, ranked[:count], ranked[: -count - 1 : -1])


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
