"""A small CNN that predicts the attributes in the caption of a scene from its image.

It is trained once on scenes that no recipe is trained with, and cached like the classifier of
digits.
"""

import inspect
from collections.abc import Sequence
from hashlib import sha256

import captioned_scenes
import torch
import torch.nn.functional as F
from captioned_scenes import Attributes, CaptionedImages, Images
from digit_classifier import load_or_train
from torch import Tensor, nn

SCENES, EPOCHS, BATCH_SIZE, LEARNING_RATE = 4000, 25, 64, 3e-3
BINARY = ("season", "lake", "trees", "sun")
"""Attributes of one logit each; then follow those of 0, 1 and 2 houses, and one of each colour."""


class SceneClassifier(nn.Module):
    """Five convolutions; images are (N, 3, S, S) in [-1, 1], of 32 or 64 pixels."""

    def __init__(self, size: int, width: int = 48) -> None:
        super().__init__()
        widths = (3, width, width, 2 * width, 2 * width, 4 * width)
        halves = (size >= 64, True, True, True, False)
        layers: list[nn.Module] = []
        for before, after, half in zip(widths, widths[1:], halves, strict=False):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
            layers += [nn.ReLU(), *([nn.MaxPool2d(2)] if half else [])]
        self.features = nn.Sequential(*layers)
        self.logits = nn.Linear(8 * width, len(BINARY) + 3 + len(captioned_scenes.COLOURS))

    def forward(self, images: Tensor) -> Tensor:
        features = self.features(images)
        features = torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)
        return self.logits(F.dropout(features, 0.3, self.training))

    @torch.inference_mode()
    def predict(self, images: Images) -> Tensor:
        """Return the logits of (N, S, S, 3) uint8."""
        return torch.cat([self(chunk) for chunk in as_input(images).split(256)])


def as_input(images: Images) -> Tensor:
    """Return (N, S, S, 3) uint8 as (N, 3, S, S) in [-1, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1


def train(scenes: CaptionedImages, seed: int) -> SceneClassifier:
    """Return a classifier trained on `scenes`."""
    images = as_input(scenes.images)
    attributes = [captioned_scenes.parse(text) for text in scenes.captions]
    truth, is_known = binary_truth(attributes)
    houses = torch.tensor([a.houses for a in attributes])
    torch.manual_seed(seed)
    classifier = SceneClassifier(images.shape[-1])
    optimizer = torch.optim.AdamW(classifier.parameters(), LEARNING_RATE, weight_decay=0.02)
    steps = EPOCHS * -(-len(attributes) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps)
    for _ in range(EPOCHS):
        for indices in torch.randperm(len(attributes)).split(BATCH_SIZE):
            binary, count = split_logits(classifier(_augment(images[indices])))
            each = F.binary_cross_entropy_with_logits(binary, truth[indices], reduction="none")
            loss = (each * is_known[indices]).mean() + 0.3 * F.cross_entropy(count, houses[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return classifier.eval()


def split_logits(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return the logits of binary attributes and colours (N, 8), and of counts of houses (N, 3)."""
    sizes = [len(BINARY), 3, len(captioned_scenes.COLOURS)]
    binary, count, colours = logits.split(sizes, 1)
    return torch.cat([binary, colours], 1), count


def binary_truth(attributes: Sequence[Attributes]) -> tuple[Tensor, Tensor]:
    """Return the binary attributes (N, 8), and where they are known."""
    many, few = captioned_scenes.MANY, captioned_scenes.FEW
    rows = [(a.season, a.lake, a.trees >= many, a.sun, *a.colours) for a in attributes]
    truth = torch.tensor(rows, dtype=torch.float32)
    is_known = torch.ones_like(truth)
    is_known[:, 2] = torch.tensor([not few < a.trees < many for a in attributes])
    return truth, is_known


def _augment(images: Tensor) -> Tensor:
    """Return half of `images` mirrored, all shifted by up to two pixels."""
    mirrored = torch.rand(len(images), 1, 1, 1) < 0.5
    images = torch.where(mirrored, images.flip(3), images)
    top, left = torch.randint(0, 5, (2,)).tolist()
    side = images.shape[-1]
    padded = F.pad(images, (2, 2, 2, 2), mode="replicate")
    return padded[..., top : top + side, left : left + side]


def pretrained_classifier(size: int, seed: int = 0) -> SceneClassifier:
    """Return the classifier of scenes of `size` pixels, from the cache if it is there."""
    parts = (SceneClassifier, train, split_logits, binary_truth, _augment, captioned_scenes)
    code = "".join(map(inspect.getsource, parts))
    code += f" {SCENES} {EPOCHS} {BATCH_SIZE} {LEARNING_RATE}"
    key = sha256(code.encode()).hexdigest()[:16]
    return load_or_train(
        f"scenes-{size}-{key}-seed-{seed}",
        SceneClassifier(size),
        lambda: train(captioned_scenes.generate(SCENES, size), seed),
    )
