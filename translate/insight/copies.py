"""Generated images that are copies of training images."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.engine.data import check, places
from translate.engine.diagnosis.detection import COPIES, Detection
from translate.engine.loading import loader
from translate.engine.loading.cache import Cache
from translate.engine.loading.transform import Augment
from translate.engine.models.drawing import SampleRequest, draw_images
from translate.engine.models.model import load
from translate.engine.runs.provenance import working_directory_of
from translate.errors import TranslateError
from translate.images import domain_images
from translate.images.tensors import from_device, to_device
from translate.insight.history import History
from translate.recipe import Recipe
from translate.registry import names

SAMPLES, TRAINING_IMAGES = 32, 2000
"""generated images that are compared, and training images that they are compared with"""
COPIED = 0.4
"""a sample is a copy when its distance to the nearest training image is below this share of that
between training images"""

Images = NDArray[np.float32]


def copied_images(history: History) -> Iterator[Detection]:
    """Find out whether samples of the newest checkpoint are copies of training images."""
    config = history.config
    if not (config and history.spec) or not _draws(config.recipe):
        return
    if history.spec.text_length:
        history.omissions.append("copied training images: samples need a text")
        return
    try:
        model, _ = load(history.run, device="cpu")
        drawn = [p for p in draw_images(model, SampleRequest(SAMPLES)) if p is not None]
        real = _training_images(history)
    except TranslateError as error:
        history.omissions.append(f"copied training images: {error}")
        return
    if len(real) < 2 or not drawn:
        history.omissions.append("copied training images: there are fewer than 2 images")
        return
    samples = np.stack([pixels.ravel() for pixels in drawn]).astype(np.float32)
    usual = float(np.median(nearest(real[:SAMPLES], real, skip_self=True)))
    distance = float(np.median(nearest(samples, real)))
    if distance < COPIED * usual:
        yield Detection(
            COPIES,
            model.step,
            f"the nearest of {len(real)} training images differs by {distance:.1f} of 255 levels "
            f"from a sample (median of {len(samples)}), and by {usual:.1f} from another training "
            "image",
            distance / usual,
        )


def _draws(recipe: str) -> bool:
    """Return whether a recipe draws samples; not where its plugin is not installed any more."""
    factory: Any = names("recipe").get(recipe)
    return factory is not None and factory.draw is not Recipe.draw


def nearest(images: Images, others: Images, *, skip_self: bool = False) -> NDArray[np.float64]:
    """Return the root mean square difference of each image to the nearest of `others`, in levels.

    Args:
        images: (N, pixels).
        others: (M, pixels).
        skip_self: Whether image i is also `others` i, which does not count.
    """
    result = []
    for index, image in enumerate(images):
        distances = np.sqrt(((others - image) ** 2).mean(axis=1))
        if skip_self:
            distances[index] = np.inf
        result.append(distances.min())
    return np.array(result, np.float64)


def _training_images(history: History) -> Images:
    """Return up to `TRAINING_IMAGES` training images as training crops them, one a row."""
    assert history.config
    data = places.locate(history.config.data, working_directory_of(history.run), root_changed=False)
    data = data.model_copy(update={"flip": False, "augment": (), "workers": 0})
    layout = check.open_layout(data)
    kind, by_file = domain_images.common(layout.spec), domain_images.of_files(layout)
    augment = Augment(data, layout.spec, Cache({}, kind, by_file).read)
    prepared = check.CheckedData(layout, augment, [], [])
    count = min(TRAINING_IMAGES, len(layout))
    reader = loader.batches(prepared, data, seed=0, batch_size=count, start=0, stop=1)
    [(batch, _)] = reader
    field = getattr(batch, "target", None)
    images = field if field is not None else batch[0]
    levels = from_device(to_device(images, "cpu", layout.spec.target))
    return levels.reshape(len(levels), -1).astype(np.float32)
