"""Every evaluation measures the same images, each once, with the pixel values of their domain."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_gans
import small_runs
import torch
from PIL import Image
from small_data import checked_data
from torch import Tensor

from translate.batches import Domain
from translate.engine.config import layers
from translate.engine.config.schema import Config
from translate.engine.data.samples import MARKER
from translate.engine.evaluation.images import EvaluationImages, pixel_values
from translate.engine.optimization.build import build_training
from translate.images.tensors import from_device
from translate.metrics import MetricBatch

Folder = Callable[..., Path]
CPU = torch.device("cpu")
PAIRED_FIELDS = frozenset({"fake", "real", "source", "target"})


def images_of(config: Config) -> EvaluationImages:
    data = checked_data(config.data)
    training = build_training(config, data.layout.spec, CPU)
    training.recipe.eval()
    return EvaluationImages(training, data, CPU)


def batches_of(
    images: EvaluationImages, needs: frozenset[str] = PAIRED_FIELDS
) -> list[MetricBatch]:
    with torch.no_grad():
        return list(images.batches(images.training.recipe, needs))


def count(batches: list[MetricBatch], field: str) -> int:
    return sum(len(batch[field]) for batch in batches if field in batch)  # type: ignore[literal-required]


def test_every_image_of_unpaired_domains_is_measured_once(
    image_folder: Folder, tmp_path: Path
) -> None:
    image_folder("a", 5), image_folder("b", 3)
    images = images_of(small_runs.config(tmp_path, data__augment=[{"name": "HueSaturationValue"}]))
    assert images.fields == {"fake", "real", "source", "cycle"}
    batches = batches_of(images, PAIRED_FIELDS | {"cycle"})
    assert [count(batches, name) for name in ("fake", "source", "cycle", "real")] == [5, 5, 5, 3]
    for first, second in zip(batches, batches_of(images, PAIRED_FIELDS | {"cycle"}), strict=True):
        assert all(torch.equal(first[name], second[name]) for name in first)  # type: ignore[literal-required]
    assert count(list(images.batches(images.training.recipe, PAIRED_FIELDS, 2)), "fake") == 2


@pytest.mark.usefixtures("same_scenes")
def test_sample_domains_of_the_same_scenes_have_a_ground_truth(
    image_folder: Folder, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        image_folder(f"{name}/train", 2), image_folder(f"{name}/test", 3)
        (tmp_path / name / MARKER).write_text(json.dumps({"name": name, "version": 1}))
    config = small_runs.config(tmp_path)
    assert "target" not in images_of(config).fields, "the training scenes differ"
    data = config.data.model_copy(update={"split": "test"})
    images = images_of(config.model_copy(update={"data": data}))
    assert "target" in images.fields
    (batch,) = batches_of(images)
    assert batch["target"].shape == batch["fake"].shape == (3, 3, 16, 16)
    assert batch["target"] is batch["real"]


def test_every_batch_has_what_a_metric_of_unpaired_translations_needs(
    image_folder: Folder, tmp_path: Path
) -> None:
    image_folder("a", 2), image_folder("b", 2)
    images, needs = images_of(small_runs.config(tmp_path)), frozenset({"source", "cycle"})
    assert all(needs <= batch.keys() for batch in batches_of(images, needs))


def test_pairs_have_a_ground_truth(image_folder: Folder, tmp_path: Path) -> None:
    image_folder("a", 3, size=64), image_folder("b", 3, size=64)
    images = images_of(small_runs.config(tmp_path, "pix2pix"))
    assert images.fields == PAIRED_FIELDS
    (batch,) = batches_of(images)
    with Image.open(tmp_path / "b/0001.png") as image:
        target = torch.from_numpy(np.array(image)).permute(2, 0, 1).float()
    assert torch.equal(batch["target"][1], target), "the crop is the whole image, not mirrored"
    assert torch.equal(batch["real"], batch["target"])
    assert batch["fake"].min() >= 0 and batch["fake"].max() <= 255
    assert torch.equal(batch["fake"], batch["fake"].round())


@pytest.mark.parametrize("recipe", ["inpaint", "restore", "srgan", "autoencoder"])
def test_outputs_of_recipes_that_degrade_images_are_compared_with_the_originals(
    recipe: str, image_folder: Folder, tmp_path: Path
) -> None:
    from translate.contract.kinds import small_options

    image_folder("a", 2, size=64)
    options = {f"options.{k}": v for k, v in small_options("recipe", recipe).items()}
    flags = {"data.root": str(tmp_path), "data.domains": ["a"], "data.size": 64, "train.steps": 1}
    images = images_of(layers.resolve(recipe, flags={**flags, **options}))
    assert images.fields >= PAIRED_FIELDS
    (batch,) = batches_of(images)
    assert batch["fake"].shape == batch["target"].shape == (2, 3, 64, 64)
    assert batch["source"].shape[1] == 3, "without the mask"
    with Image.open(tmp_path / "a/0000.png") as image:
        assert torch.equal(
            batch["target"][0, :, 5, 7], torch.tensor(image.getpixel((7, 5))).float()
        )


def test_generators_draw_as_many_images_as_there_are_real_ones(
    image_folder: Folder, tmp_path: Path
) -> None:
    for label in ("x", "y"):
        image_folder(f"d/train/{label}", 3, size=8)
    flags: dict[str, Any] = {"data.root": str(tmp_path), "data.domains": ["d"], "data.size": 8}
    flags |= {"options.generator": small_gans.MLP, "options.discriminator": small_gans.MLP}
    flags["train.steps"] = 1
    images = images_of(layers.resolve("cgan", flags=flags))
    assert images.fields == {"fake", "real", "labels", "real_labels"}
    (batch,) = batches_of(images)
    assert batch["fake"].shape == batch["real"].shape == (6, 3, 8, 8)
    assert batch["labels"].tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("range_", "dtype", "expected"),
    [
        ((0, 255), "uint8", [0, 0, 128, 255]),
        ((0, 65535), "uint16", [0, 0, 32768, 65535]),
        ((100, 4000), "uint16", [100, 100, 2050, 4000]),
        ((-1000, 3000), "float32", [-1000, -1000, 1000, 3000]),
    ],
)
def test_measured_pixel_values_are_those_that_are_saved(
    range_: tuple[float, float], dtype: str, expected: Sequence[float]
) -> None:
    domain = Domain("a", range=range_, dtype=dtype)
    ends = torch.tensor([-1.5, -1.0, 0.0, 1.0])
    outputs = torch.cat([ends, torch.linspace(-1.1, 1.1, 70_000)]).reshape(1, 1, 4, -1)
    values = pixel_values(outputs, domain)
    assert values.flatten()[:4].tolist() == expected
    assert (values[0].permute(1, 2, 0).numpy() == from_device(outputs, domain)[0]).all()


def test_only_the_images_that_are_measured_are_read(
    image_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_folder("a", 4), image_folder("b", 4)
    images = images_of(small_runs.config(tmp_path))
    read: list[Path] = []
    real = images.images.transform.read
    monkeypatch.setattr(
        images.images.transform, "read", lambda path: (read.append(path), real(path))[1]
    )
    batches: list[MetricBatch] = list(images.batches(images.training.recipe, PAIRED_FIELDS, 2))
    assert [path.name for path in read] == ["0000.png", "0002.png"] * 2
    assert isinstance(batches[0]["fake"], Tensor)
