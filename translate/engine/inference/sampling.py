"""Draw pictures from noise: each is a function of the model, the seed and its number alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from translate.engine.disk import file_system, files
from translate.engine.disk.problems import FAILED, Problem
from translate.engine.inference.folder import note_loss, nothing
from translate.engine.inference.manifest import OutputManifest, options_record
from translate.engine.inference.model import Model
from translate.engine.plugins.errors import plugin_code, unforeseen
from translate.engine.processes.pool import Threads
from translate.engine.processes.signals import reraise_interruption
from translate.errors import ConfigError, NothingUsableError, SaveError, suggest
from translate.images.decode import Pixels
from translate.images.encode import can_hold, encode_image
from translate.images.tensors import from_device
from translate.recipe import Recipe
from translate.results import InferenceResult

CHUNK = 64
"""Pictures drawn at once. Numbers 0 to 63 always go through the network together: how many others
are asked for, or are there already, so changes no bit of a picture."""
WRITERS = 4
EVERY = "all"


@dataclass(frozen=True)
class SampleRequest:
    """What is to be drawn."""

    count: int
    """pictures in all; of a walk, in a row"""
    label: str | None = field(default=None, metadata={"key": "class"})
    """the class to draw, or ``all``; by default each in turn, without folders"""
    text: str | None = None
    """what to draw, where the model was trained on captions"""
    seed: int = 0


class Sample(NamedTuple):
    """One picture to draw."""

    number: int
    output: Path
    condition: int | None
    """index of the class to draw"""

    @property
    def origin(self) -> str:
        return f"noise {self.number}"

    def origin_sha256(self) -> str:
        return ""


def sample_folder(
    model: Model,
    out: Path,
    wish: SampleRequest,
    *,
    form: str = "png",
    overwrite: bool = False,
    say: Callable[[str], None] = nothing,
    progress: Callable[[InferenceResult], None] = nothing,
    stop: Callable[[], object] = nothing,
) -> InferenceResult:
    """Draw ``out/000001.png`` and so on; what is there already, drawn by the same, is skipped.

    Once `stop` holds, the pictures at hand are finished and no others begun. Raises a
    `TranslateError` before any work where the model cannot draw what is wished.
    """
    text = check(model, wish)
    channels = model.spec.target_channels
    if not can_hold(f".{form}", channels):
        raise ConfigError(f"format: cannot write {form!r} of {channels} channels.")
    files.claim(out)
    made_by = {"model": model.digest, **options_record(wish, ["count"])}
    ledger = OutputManifest(out, made_by, overwrite=overwrite)
    todo, skipped = ledger.split(_samples(model, out, wish, form))
    summary = InferenceResult(wish.count, ledger.problems, skipped=skipped)
    for limit in file_system.limits(out):
        say(f"the file system of {out}: {limit}")
    with ledger.open(), Threads(WRITERS) as writers:
        for chunk in _chunks(todo):
            if stop():
                break
            first = chunk[0].number // CHUNK * CHUNK
            drawn = _draw(model, wish, range(first, first + CHUNK), text)

            def write(sample: Sample, drawn: list[Pixels | None] = drawn) -> Problem | None:
                pixels = drawn[sample.number % CHUNK]
                if pixels is None:
                    return Problem(sample.output, "draw", "not finite", "it is not finite")
                try:
                    data = encode_image(pixels, f".{form}")
                except BaseException as error:
                    reraise_interruption(error)
                    return Problem(sample.output, "encode", FAILED, unforeseen(error))
                try:
                    ledger.write(sample, sample.origin_sha256(), data)
                except OSError as error:
                    reason = error.strerror or error
                    raise SaveError(f"could not write {sample.output}: {reason}.") from error
                return None

            for problem in writers.map(write, chunk):
                if problem:
                    summary.listed += 1
                    say(f"{problem.path}: {problem.message}")
                    ledger.report(problem)
                else:
                    summary.done += 1
            progress(summary)
    note_loss(ledger)
    if summary.listed == summary.inputs:
        raise NothingUsableError(f"{model.name}: not one picture is finite. Train it again.")
    return summary


def draw_images(model: Model, wish: SampleRequest) -> Iterator[Pixels | None]:
    """Yield what `sample_folder` would write, one by one; None for what is not finite."""
    text = check(model, wish)
    for first in range(0, wish.count, CHUNK):
        yield from _draw(model, wish, range(first, first + CHUNK), text)[: wish.count - first]


def check(model: Model, wish: SampleRequest) -> Tensor | None:
    """Return the text of `wish` as the recipe takes it; raises `ConfigError` for what it cannot."""
    recipe, spec = model.recipe, model.spec
    if type(recipe).draw is Recipe.draw:
        raise ConfigError(
            f"{model.name}: {type(recipe).__name__} cannot draw images from noise. "
            "`translate infer` is what it may be good for."
        )
    known = _known(model)
    if wish.label is not None and not known:
        raise ConfigError(f"{model.name} was trained without classes: leave --class out.")
    if wish.label is not None and wish.label not in (EVERY, *known):
        raise ConfigError(f"no class is called {wish.label!r}.{suggest(wish.label, known)}")
    if (wish.text is None) != (spec.text_length == 0):
        need = "leave --text out" if wish.text is not None else 'say what to draw: --text "..."'
        kind = "without" if wish.text is not None else "with"
        raise ConfigError(f"{model.name} was trained {kind} captions: {need}.")
    if wish.text is None:
        return None
    return encoded(wish.text, spec.text_length)


def encoded(text: str, length: int) -> Tensor:
    """Return `text` as (1, length) bytes of UTF-8 with zeros behind; raises `ConfigError`."""
    data = text.encode()
    if not data or len(data) > length:
        raise ConfigError(f"text: has {len(data)} bytes; captions in training had 1 to {length}.")
    return torch.frombuffer(bytearray(data.ljust(length, b"\0")), dtype=torch.uint8)[None]


def _known(model: Model) -> tuple[str, ...]:
    """Return the names of what the recipe can be asked to draw."""
    with plugin_code(model.recipe, "conditions"):
        return model.recipe.conditions()


def _asked(model: Model, label: str | None) -> Tensor | None:
    if label in (None, EVERY):
        return None
    return torch.tensor([_known(model).index(label)])


def _samples(model: Model, out: Path, wish: SampleRequest, form: str) -> Iterator[Sample]:
    known = _known(model)
    for number in range(wish.count):
        folder, place = out, number
        condition = _condition(model, wish, number)
        if wish.label == EVERY:
            folder, place = out / known[number % len(known)], number // len(known)
        yield Sample(number, folder / f"{place + 1:06}.{form}", condition)


def _condition(model: Model, wish: SampleRequest, number: int) -> int | None:
    known = _known(model)
    if not known:
        return None
    if wish.label in (None, EVERY):
        return number % len(known)
    return known.index(wish.label)


def _chunks(samples: list[Sample]) -> Iterator[list[Sample]]:
    """Yield together what is drawn together."""
    chunk: list[Sample] = []
    for sample in samples:
        if chunk and chunk[0].number // CHUNK != sample.number // CHUNK:
            yield chunk
            chunk = []
        chunk.append(sample)
    if chunk:
        yield chunk


def _draw(
    model: Model, wish: SampleRequest, numbers: range, text: Tensor | None
) -> list[Pixels | None]:
    recipe, device = model.recipe, model.device
    classes = [_condition(model, wish, number) for number in numbers]
    condition = text.expand(len(numbers), -1) if text is not None else None
    if condition is None and classes[0] is not None:
        condition = torch.tensor(classes)
    with model.lock, torch.inference_mode():
        model.threads.update()
        with plugin_code(recipe, "latents"):
            generators = [_generator(wish.seed, number) for number in numbers]
            latents = torch.cat([recipe.latents(1, generator) for generator in generators])
        with plugin_code(recipe, "draw"):
            drawn = recipe.draw(
                latents.to(device), condition if condition is None else condition.to(device)
            )
            finite = drawn.isfinite().flatten(1).all(1).tolist()
            pixels = from_device(drawn.nan_to_num())
    return [p if sound else None for p, sound in zip(pixels, finite, strict=True)]


def _generator(seed: int, number: int) -> torch.Generator:
    digest = sha256(f"{seed}/{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
