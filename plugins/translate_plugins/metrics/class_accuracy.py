"""Accuracy of classifiers trained on real images and tested on generated ones, and the reverse."""

import hashlib
from abc import abstractmethod
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import MetricBatch, MetricValue
from translate_plugins.metrics.classifier import SmallClassifier, train_classifier
from translate_plugins.metrics.means import UNDEFINED, MeanOverImageSet

SIDE = 28
"""side in pixels of all images after resizing"""
MAX_CLASSIFIERS = 16
"""number of trained classifiers that are cached, since several sets of images may share one"""
_classifiers: dict[bytes, SmallClassifier] = {}


class _ClassifierAccuracy(MeanOverImageSet):
    """Accuracy of a classifier, trained on real and tested on fake images, or the reverse."""

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
    def image_values(self) -> Tensor: ...

    def accuracy(self, trained_on: str, tested_on: str) -> Tensor:
        """Return (N,) bool: whether each image is classified correctly.

        Args:
            trained_on: The images that the classifier is trained on, ``real`` or ``fake``.
            tested_on: The images that the classifier is tested on, ``fake`` or ``real``.
        """
        labels = self.rows(trained_on, "labels")
        if len(labels.unique()) < 2:
            return UNDEFINED
        classes = 1 + int(max(labels.max(), self.rows(tested_on, "labels").max()))
        classifier = self._train(self.rows(trained_on, "levels"), labels, classes)
        with torch.no_grad():
            batches = self.rows(tested_on, "levels").split(1000)
            logits = torch.cat([classifier(levels / 255).logits for levels in batches])
        return logits.argmax(1) == self.rows(tested_on, "labels")

    def protocol(self) -> dict[str, str]:
        return {
            "classifier": f"2 convolutions, {self.steps} steps, seed {self.seed}",
            "resize": f"{SIDE}x{SIDE}, bilinear, antialiased",
        }

    def _levels(self, images: Tensor) -> Tensor:
        """Return images as bytes, (N, C, 28, 28), from 0 to 255 over the range of the domain."""
        low, high = self.domain.range
        resized = F.interpolate(images.float(), (SIDE, SIDE), mode="bilinear", antialias=True)
        return ((resized - low) * (255 / (high - low))).round().clamp(0, 255).to(torch.uint8)

    def _train(self, levels: Tensor, labels: Tensor, classes: int) -> SmallClassifier:
        """Return a classifier trained on these images; their order has no effect."""
        examples = [
            (int(label), image.numpy().tobytes())
            for label, image in zip(labels, levels, strict=True)
        ]
        order = torch.tensor(sorted(range(len(examples)), key=examples.__getitem__))
        digest = hashlib.sha256(f"{levels.shape} {classes} {self.steps} {self.seed}".encode())
        for index in order:
            label, content = examples[index]
            digest.update(b"%d" % label + content)
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
    """Generators: accuracy on generated images of a classifier that is trained on real images.

    Shmelkov et al. (2018), GAN-test: whether images belong to the class that they were generated
    for. The classifier is only as good as the number of real images allows. A generator that
    repeats one image of each class may reach 1.
    """

    values = {"class-accuracy": MetricValue("max")}

    def image_values(self) -> Tensor:
        return self.accuracy("real", "fake")


class TrainSyntheticTestReal(_ClassifierAccuracy):
    """Generators: accuracy on real images of a classifier trained on generated images (TSTR).

    Esteban et al. (2017); GAN-train of Shmelkov et al. (2018). Wrong classes, artifacts and a lack
    of diversity all lower the accuracy.
    """

    values = {"tstr": MetricValue("max")}

    def image_values(self) -> Tensor:
        return self.accuracy("fake", "real")
