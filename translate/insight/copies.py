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
from translate.engine.models.generation import SampleRequest, draw_images
from translate.engine.models.model import load
from translate.engine.runs.run_record import working_directory_of
from translate.errors import TranslateError
from translate.images.domains import domain_images
from translate.images.tensors import from_device, to_device
from translate.insight.history import History
from translate.recipe import Recipe
from translate.registry import names

SAMPLES, TRAINING_IMAGES = 32, 2000
"""largest number of generated images, and of training images, that are compared"""
COPY_FRACTION = 0.4
"""samples are copies if their median distance to the nearest training image is below this fraction
of the median distance of training images to their nearest neighbour"""

Images = NDArray[np.float32]
"""(N, pixels): an image in each row"""


def copied_images(history: History) -> Iterator[Detection]:
    """Find samples of the newest checkpoint that are copies of training images."""
    config = history.config
    if not (config and history.spec) or not _draws(config.recipe):
        return
    if history.spec.text_length:
        history.omissions.append("copied training images: samples need a text")
        return
    try:
        model, _ = load(history.run, device="cpu")
        generated = [p for p in draw_images(model, SampleRequest(SAMPLES)) if p is not None]
        real = _training_images(history)
    except TranslateError as error:
        history.omissions.append(f"copied training images: {error}")
        return
    if len(real) < 2 or not generated:
        history.omissions.append("copied training images: there are fewer than 2 images")
        return
    samples = np.stack([pixels.ravel() for pixels in generated]).astype(np.float32)
    usual_distance = float(np.median(nearest_distances(real[:SAMPLES], real, skip_self=True)))
    distance = float(np.median(nearest_distances(samples, real)))
    if distance < COPY_FRACTION * usual_distance:
        yield Detection(
            COPIES,
            model.step,
            f"the nearest of {len(real)} training images differs by {distance:.1f} of 255 levels "
            f"from a sample (median of {len(samples)}), and by {usual_distance:.1f} from another "
            "training image",
            distance / usual_distance,
        )


def _draws(recipe: str) -> bool:
    """Return whether a recipe generates samples; False if its plugin is not installed."""
    factory: Any = names("recipe").get(recipe)
    return factory is not None and factory.overrides(Recipe.draw)


def nearest_distances(
    images: Images, others: Images, *, skip_self: bool = False
) -> NDArray[np.float64]:
    """Return the root mean square difference between each image and the nearest of `others`.

    With `skip_self`, ``others[i]`` is ``images[i]`` itself, and is skipped.
    """
    smallest = []
    for index, image in enumerate(images):
        distances = np.sqrt(((others - image) ** 2).mean(axis=1))
        if skip_self:
            distances[index] = np.inf
        smallest.append(distances.min())
    return np.array(smallest, np.float64)


def _training_images(history: History) -> Images:
    """Return up to `TRAINING_IMAGES` training crops, (N, pixels) in levels from 0 to 255."""
    assert history.config
    data = places.locate(history.config.data, working_directory_of(history.run), root_changed=False)
    data = data.model_copy(update={"flip": False, "augment": (), "workers": 0})
    layout = check.open_layout(data)
    common, by_file = (
        domain_images.common_domain(layout.spec),
        domain_images.domains_by_file(layout),
    )
    augment = Augment(data, layout.spec, Cache({}, common, by_file).read)
    checked_data = check.CheckedData(layout, augment, [], [])
    count = min(TRAINING_IMAGES, len(layout))
    [(batch, _)] = loader.batches(checked_data, data, seed=0, batch_size=count, steps=range(1))
    images = getattr(batch, "target", batch[0])
    levels = from_device(to_device(images, "cpu", layout.spec.target))
    return levels.reshape(len(levels), -1).astype(np.float32)
