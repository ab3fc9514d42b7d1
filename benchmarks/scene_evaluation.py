"""Metrics of images generated from captions: agreement with the caption, and diversity.

python benchmarks/scene_evaluation.py [--size 32]     the metrics of real scenes and of baselines
"""

from collections.abc import Sequence

import captioned_scenes
import numpy as np
import scene_classifier
import tables
import torch
from captioned_scenes import Attributes, Images
from digit_metrics import read_colour
from torch import Tensor
from trained_run import Evaluation, TrainedRun

from translate.engine.inference import sampling
from translate.engine.models import model as infer
from translate.engine.models.generation import SampleRequest
from translate_plugins.metrics.diversity import distance_to_others

SAMPLES = 8
"""Images generated for each caption."""


def agreement(logits: Tensor, attributes: Sequence[Attributes]) -> dict[str, float]:
    """Return the fraction of images that show each attribute of their captions.

    Images with three trees, neither few nor many, are skipped for "trees". Colours are those of
    walls, counted where there are houses, and correct only if all are.
    """
    truth, is_known = scene_classifier.binary_truth(attributes)
    houses = torch.tensor([a.houses for a in attributes])
    binary, count = scene_classifier.split_logits(logits)
    correct = (binary > 0) == truth.bool()
    names = scene_classifier.BINARY
    fractions = {
        name: float(correct[is_known[:, i] > 0, i].double().mean()) for i, name in enumerate(names)
    }
    fractions["houses"] = float((count.argmax(1) == houses).double().mean())
    fractions["colour"] = float(correct[houses > 0, len(names) :].all(1).double().mean())
    return fractions


def evaluate_captions(run: TrainedRun) -> Evaluation:
    """Return the agreement with captions, and the diversity relative to real scenes.

    The captions are those of the 80 test scenes. `sampling.sample_folder` is what `translate sample
    --text` calls, here with the model loaded once.
    """
    model, _ = infer.load(run.run)
    size = model.spec.size[0]
    texts = captioned_scenes.held_out_captions()
    images = [_sample(run, model, text, f"held-out/{i}") for i, text in enumerate(texts)]
    attributes = [captioned_scenes.parse(text) for text in texts for _ in range(SAMPLES)]
    logits = scene_classifier.pretrained_classifier(size).predict(np.concatenate(images))
    values = agreement(logits, attributes)
    groups = captioned_scenes.generate_groups(size)
    samples = [_sample(run, model, text, f"groups/{i}") for i, text in enumerate(groups.captions)]
    values["diversity"] = mean_pairwise_distance(samples) / mean_pairwise_distance(groups.images)
    rows = range(0, len(texts), len(texts) // 8)
    details = {"rows of the sheet": [texts[i] for i in rows]}
    return Evaluation(values, [images[i] for i in rows], details=details)


def mean_pairwise_distance(groups: Sequence[Images]) -> float:
    """Return the mean Euclidean distance of two images of one group, averaged over groups."""
    means = [distance_to_others(torch.from_numpy(images).double()).mean() for images in groups]
    return float(torch.stack(means).mean())


def _sample(run: TrainedRun, model: infer.Model, text: str, name: str) -> Images:
    folder = run.out / "generated" / name
    list(sampling.sample_folder(model, folder, SampleRequest(SAMPLES, text=text)))
    return read_colour(folder)


def main() -> None:
    """Print the metrics of real scenes, of scenes of other captions, and of ten scenes."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--size", type=int, default=32, help="pixels of a side")
    args = parser.parse_args()
    torch.set_num_threads(1)
    classifier = scene_classifier.pretrained_classifier(args.size)
    real = captioned_scenes.generate(500, args.size, "others")
    attributes = [captioned_scenes.parse(text) for text in real.captions]
    groups = captioned_scenes.generate_groups(args.size).images
    unit = mean_pairwise_distance(groups)
    random = np.random.default_rng(0)
    shuffled = real.images[random.permutation(len(attributes))]
    ten = real.images[random.integers(0, 10, len(attributes))]
    mixed = [real.images[random.choice(500, len(group))] for group in groups]
    few = [real.images[random.integers(0, 10, len(group))] for group in groups]
    rows = [
        {
            "images": name,
            **agreement(classifier.predict(images), attributes),
            "diversity": distance / unit,
        }
        for name, images, distance in (
            ("real scenes of the caption", real.images, unit),
            ("real scenes of other captions", shuffled, mean_pairwise_distance(mixed)),
            ("ten scenes, whatever the caption", ten, mean_pairwise_distance(few)),
        )
    ]
    tables.report(rows, f"{len(attributes)} scenes at {args.size} px", args.json, unit=unit)


if __name__ == "__main__":
    main()
