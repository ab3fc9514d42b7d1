"""The best and the worst images of an evaluation, and thumbnails of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from translate.batches import Domain
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.images.run_images import Image
from translate.evaluate.result import EvaluationResult
from translate.images.contact_sheet import image_grid
from translate.images.domains import domain_images
from translate.images.encode import encode_image
from translate.images.tensors import as_tensor, to_device

RANKED = 8
"""number of best images in a ranking, and of worst ones, at most"""
SIDE = 128
"""length of the longer side of a thumbnail in pixels, at most"""
ROLES = {"source": "source", "fake": "output", "target": "ground truth"}
"""names of the images of an example, by the field of `Outputs`, in the order of display"""


@dataclass(frozen=True)
class Ranking:
    """The best images by a metric, best first, and the worst, worst first: names and values."""

    metric: str
    best: Sequence[tuple[str, float]]
    worst: Sequence[tuple[str, float]]


def rankings(result: EvaluationResult) -> list[Ranking]:
    """Return a ranking by each metric that measures single images, and a ranking by trust.

    Trust is a number for each image that needs no ground truth (`EvaluationResult.trust`). Its
    ranking is the last one, or the first one if there is no ground truth. No image is among both
    the best and the worst of a ranking.
    """
    by_metric = [
        _ranking(name, measured.better, result.per_image)
        for name, measured in result.values.items()
    ]
    by_trust = _ranking("trust", "max", result.trust)
    # the protocol names the kind of ground truth, such as "pairs"; "none" if there is none
    without_truth = result.protocol.get("ground truth", "none") == "none"
    ordered = [by_trust, *by_metric] if without_truth else [*by_metric, by_trust]
    return [ranking for ranking in ordered if ranking.best]


def _ranking(
    metric: str, better: str, by_image: Mapping[str, Mapping[str, float | None]]
) -> Ranking:
    """Return the ranking of the images that have a value of `metric`."""
    values = [(i, value) for i, row in by_image.items() if (value := row.get(metric)) is not None]
    ranked = sorted(values, key=lambda item: item[1], reverse=better == "max")
    count = min(RANKED, len(ranked) // 2)
    return Ranking(metric, ranked[:count], ranked[: -count - 1 : -1])


def with_thumbnails(
    result: EvaluationResult, outputs: Sequence[Outputs], source: Domain, target: Domain
) -> EvaluationResult:
    """Return `result` with `thumbnails` of the images of its first ranking.

    Its `examples` name the file of each thumbnail.

    Args:
        result: The result, without thumbnails.
        outputs: The measured outputs, with their inputs and ground truth if there are any.
        source: The domain of the inputs.
        target: The domain of the outputs and their ground truth.
    """
    position = {name: (group, i) for group in outputs for i, name in enumerate(group.names)}
    examples: dict[str, dict[str, str]] = {}
    thumbnails: dict[str, bytes] = {}
    for ranking in rankings(result)[:1]:
        for kind, ranked in (("best", ranking.best), ("worst", ranking.worst)):
            for number, (name, _) in enumerate(ranked, 1):
                group, index = position[name]
                files = examples.setdefault(name, {})
                for field in (role for role in ROLES if role in group.fields):
                    files[field] = f"{kind}-{number}-{field}.png"
                    domain = source if field == "source" else target
                    thumbnails[files[field]] = _thumbnail(getattr(group, field)[index], domain)
    return replace(result, examples=examples, thumbnails=thumbnails)


def _thumbnail(pixels: Image, domain: Domain) -> bytes:
    """Return an image as a PNG file in 8 bits, downscaled to `SIDE`."""
    height, width = pixels.shape[:2]
    scale = min(1, SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = as_tensor(domain_images.resize(pixels, size, domain))
    floats = to_device(small[None], "cpu", domain)  # maps the domain's range to [-1, 1]
    return encode_image(image_grid([floats]), ".png")
