"""Accuracy of classifiers that learn from real images only, or from generated ones only."""

import hashlib
from abc import abstractmethod
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import Figure, MetricBatch
from translate_plugins.metrics.classifier import SmallClassifier, train_classifier
from translate_plugins.metrics.means import UNDEFINED, MeanOfSetValues

SIDE = 28
"""side in pixels to which all images are resized"""
MAX_CLASSIFIERS = 16
"""number of trained classifiers to keep: several sets of images are measured with one"""
_classifiers: dict[bytes, SmallClassifier] = {}


class _ClassifierAccuracy(MeanOfSetValues):
    needs = frozenset({"fake", "labels", "real", "real_labels"})
    of_samples = True

    def __init__(
        self,
        *,
        domain: Domain = UNNAMED,
        steps: Annotated[
            int, Field(ge=1), "training steps of the classifier, on 128 images each"
        ] = 200,
        seed: Annotated[int, "random seed of the classifier's weights and batches"] = 0,
    ) -> None:
        self.domain, self.steps, self.seed = domain, steps, seed

    def update(self, batch: MetricBatch) -> None:
        if "fake" in batch:
            self.add("fake", levels=self._levels(batch["fake"]), labels=batch["labels"])
        if "real" in batch:
            self.add("real", levels=self._levels(batch["real"]), labels=batch["real_labels"])

    @abstractmethod
    def values(self) -> Tensor: ...

    def accuracy(self, trained_on: str, tested_on: str) -> Tensor:
        """Return (N,) bool: which images a classifier trained on others classifies correctly."""
        labels = self.rows(trained_on, "labels")
        if len(labels.unique()) < 2:
            return UNDEFINED
        classes = 1 + int(max(labels.max(), self.rows(tested_on, "labels").max()))
        classifier = self._train(self.rows(trained_on, "levels"), labels, classes)
        with torch.no_grad():
            chunks = self.rows(tested_on, "levels").split(1000)
            predictions = torch.cat([classifier(chunk / 255)[0].argmax(1) for chunk in chunks])
        return predictions == self.rows(tested_on, "labels")

    def protocol(self) -> dict[str, str]:
        return {
            "classifier": f"2 convolutions, {self.steps} steps, seed {self.seed}",
            "resize": f"{SIDE}x{SIDE}, bilinear, antialiased",
        }

    def _levels(self, images: Tensor) -> Tensor:
        low, high = self.domain.range
        small = F.interpolate(images.float(), (SIDE, SIDE), mode="bilinear", antialias=True)
        return ((small - low) * (255 / (high - low))).round().clamp(0, 255).to(torch.uint8)

    def _train(self, levels: Tensor, labels: Tensor, classes: int) -> SmallClassifier:
        """Return a classifier trained on these images; their order has no effect."""
        images = zip(labels, levels, strict=True)
        rows = [(int(label), image.numpy().tobytes()) for label, image in images]
        order = torch.tensor(sorted(range(len(rows)), key=rows.__getitem__))
        digest = hashlib.sha256(f"{levels.shape} {classes} {self.steps} {self.seed}".encode())
        for place in order:
            digest.update(b"%d" % rows[place][0] + rows[place][1])
        key = digest.digest()
        if key not in _classifiers:
            _classifiers[key] = train_classifier(
                lambda: SmallClassifier(levels.shape[1], SIDE, classes),
                levels[order] / 255,
                labels[order].long(),
                steps=self.steps,
                seed=self.seed,
            )
        while len(_classifiers) > MAX_CLASSIFIERS:
            del _classifiers[next(iter(_classifiers))]
        return _classifiers[key]


class ClassAccuracy(_ClassifierAccuracy):
    """Generators: accuracy on generated images of a classifier that is trained on the real ones.

    Shmelkov et al. (2018), GAN-test: whether images belong to the class that they were generated
    for. Limited by the number of real images; repeated images may reach 1.
    """

    figures = {"class-accuracy": Figure("max")}

    def values(self) -> Tensor:
        return self.accuracy("real", "fake")


class TrainSyntheticTestReal(_ClassifierAccuracy):
    """Generators: accuracy on real images of a classifier that is trained on generated ones (TSTR).

    Esteban et al. (2017); GAN-train of Shmelkov et al. (2018). Low for wrong classes, artefacts and
    a lack of diversity alike.
    """

    figures = {"tstr": Figure("max")}

    def values(self) -> Tensor:
        return self.accuracy("fake", "real")
