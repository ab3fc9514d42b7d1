"""Every registered recipe gives the same results in several threads as in one."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import torch

from translate.api import Translator
from translate.contract.kinds import small_options
from translate.contract.recipes.subject import make_subject
from translate.engine.models.model import Model
from translate.recipe import Recipe
from translate.registry import names

THREADS = 6
RECIPES = {name: make for name, make in sorted(names("recipe").items()) if isinstance(make, type)}
TRANSLATES = [n for n, make in RECIPES.items() if make.overrides(Recipe.translate)]
DRAWS = [n for n, make in RECIPES.items() if make.overrides(Recipe.draw)]


@pytest.fixture(autouse=True)
def frequent_thread_switches() -> Iterator[None]:
    """Make Python switch threads as often as possible."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def translator(name: str) -> Translator:
    """Return a translator of a recipe with tiny networks, after a training step on noise."""
    subject = make_subject(name, small_options("recipe", name), None, None)
    training = subject.build()
    subject.train(training, 1)
    recipe = training.recipe.eval().requires_grad_(False)
    return Translator._of(Model(name, name, subject.spec, recipe=recipe))


def in_threads(work: Callable[[int], Any]) -> list[Any]:
    """Return the results of `work` in threads that start at the same time."""
    barrier = Barrier(THREADS)

    def call(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(THREADS)))


@pytest.mark.parametrize("name", TRANSLATES)
def test_I16_translations_in_several_threads_equal_those_of_one_thread(name: str) -> None:
    model = translator(name)
    takes_mask = model._model.recipe.takes_mask
    shape = (40, 36, 4 if takes_mask else 3)
    images = np.random.default_rng(0).integers(0, 255, (THREADS, *shape), np.uint8)
    if takes_mask:
        images[..., 3] = 255
        images[:, 10:20, 10:20, 3] = 0
    expected = [model(image) for image in images]
    recipe, random = model._model.recipe, torch.get_rng_state()
    before = {name: value.clone() for name, value in recipe.state_dict().items()}
    for _ in range(3):
        for first, second in zip(expected, in_threads(lambda n: model(images[n])), strict=True):
            assert (first == second).all()
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in recipe.state_dict().items())
    assert not any(part.training for part in recipe.modules())


@pytest.mark.parametrize("name", DRAWS)
def test_I16_samples_in_several_threads_equal_those_of_one_thread(name: str) -> None:
    model = translator(name)
    text = "a" * 5 if model._model.spec.text_length else None

    def draw(number: int) -> Any:
        return [np.asarray(p) for p in model.sample(2, text=text, seed=number)]

    expected = [draw(number) for number in range(THREADS)]
    for first, second in zip(expected, in_threads(draw), strict=True):
        assert np.array_equal(first, second)


def test_I16_random_numbers_of_two_models_are_independent(tmp_path: Path) -> None:
    unet = {"name": "unet", "width": 8, "levels": 6}  # has dropout
    options = {"generator": unet, "discriminator": small_checkpoints.PATCH}
    run = small_checkpoints.write_run(tmp_path / "run", "pix2pix", options=options, size=64)
    models = [Translator.load(run, device="cpu") for _ in range(THREADS)]
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    expected = models[0](image)

    def work(number: int) -> Any:
        if number % 2:
            Translator.load(run, device="cpu")
        return models[number](image)

    for _ in range(3):
        for second in in_threads(work):
            assert (expected == second).all()


def test_I16_folders_in_several_threads_equal_those_of_one_thread(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    model = Translator.load(small_checkpoints.pix2pix(tmp_path / "run"), device="cpu")
    source = image_folder("photos", 4)
    model.folder(source, tmp_path / "alone")
    in_threads(lambda number: model.folder(source, tmp_path / f"out{number}"))
    for path in sorted((tmp_path / "alone").glob("*.png")):
        for number in range(THREADS):
            assert (tmp_path / f"out{number}" / path.name).read_bytes() == path.read_bytes()
