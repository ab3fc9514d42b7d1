"""Fuzzing: mutated files give a valid result, or an error of `translate.errors`.

Mutant N of a seed is always the same. By default each kind is tested for a second; the slow tests
run for a minute, each time with a new seed.
"""

import json
from contextlib import redirect_stderr, redirect_stdout, suppress
from hashlib import sha256
from io import StringIO
from pathlib import Path
from random import Random

import numpy as np
import pytest
import small_checkpoints
import small_runs
from file_mutations import (
    WORDS,
    fix_png_checksums,
    mutate_bytes,
    mutate_document,
    mutate_safetensors,
)
from fuzzing import Target, fuzz
from PIL import Image
from valid_images import (
    PIXELS,
    REFUSED_FORMATS,
    TIFF_OPTIONS,
    encode_tiff,
    load_codecs,
    numpy_files,
    optional_formats,
    valid_images,
)

from translate import api
from translate.api import Translator
from translate.cli import main
from translate.contract.files.format_subject import as_array
from translate.contract.kinds import small_options
from translate.engine.checkpoints import contents, read
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.config import layers, yaml_text
from translate.engine.plugins.configs import configs as bundled
from translate.errors import BadImage, TranslateError
from translate.formats import Window
from translate.images.files.format_registry import writer_of
from translate.images.masks import hole_from_alpha
from translate.images.source import EncodedImage, read_image

LARGEST = 1 << 14
"""largest number of pixels that are decoded"""
SECONDS = pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=pytest.mark.slow)])


@SECONDS
def test_D2_a_mutated_image_is_a_bad_image_or_has_the_size_of_its_header(
    seconds: int, tmp_path: Path
) -> None:
    report = fuzz(image_target, tmp_path, seconds, minimum=100 * seconds)
    assert report.memory_growth < 100


@SECONDS
def test_D2_a_mutated_image_of_any_type_is_a_bad_image_or_agrees_with_its_header(
    seconds: int, tmp_path: Path
) -> None:
    report = fuzz(format_target, tmp_path, seconds, minimum=200 * seconds)
    assert report.memory_growth < 100


@SECONDS
def test_F4_a_mutated_checkpoint_is_refused_or_translates(seconds: int, tmp_path: Path) -> None:
    report = fuzz(checkpoint_target, tmp_path, seconds, minimum=10 * seconds)
    assert report.memory_growth < 400  # 256 may be allocated before a mutant is refused


@SECONDS
def test_F7_a_mutated_configuration_is_refused_or_valid(seconds: int, tmp_path: Path) -> None:
    report = fuzz(configuration_target, tmp_path, seconds, minimum=10 * seconds)
    assert report.memory_growth < 100


def image_target(home: Path) -> Target:
    """Return a target for images of ten formats that are decoded, and some that are refused."""
    model = Translator.load(small_checkpoints.cyclegan(home / "run"), device="cpu")
    seeds, folder, path = valid_images(), home / "folder", home / "image"
    load_codecs()
    folder.mkdir()

    def target(rng: Random) -> None:
        format_name, data = rng.choice(seeds)
        data = mutate_bytes(data, rng, others=[data for _, data in seeds])
        data = fix_png_checksums(data) if format_name == "PNG" and rng.random() < 0.7 else data
        path.write_bytes(data)
        (folder / f"{rng.randrange(9)}.png").write_bytes(data)
        if rng.random() < 0.01:
            summary = model.folder(folder, home / "out", max_pixels=LARGEST, overwrite=True)
            assert not summary.remaining
        with suppress(BadImage):
            EncodedImage(str(path), data, LARGEST).header.for_output(3, keep_private=True)
        with suppress(BadImage):
            hole_from_alpha(EncodedImage(str(path), data, LARGEST).decode_layers(), path)
        header = EncodedImage(str(path), data, LARGEST).header
        assert format_name not in REFUSED_FORMATS
        for frame in range(min(header.frames, 3))[1:]:
            with suppress(BadImage):
                read_image(path, max_pixels=LARGEST, frame=frame)
        assert read_image(path, max_pixels=LARGEST).shape[:2] == header.size
        assert model(path).size == header.size[::-1]

    return target


def format_target(home: Path) -> Target:  # noqa: ARG001
    """Return a target for images of every type of numbers: whole, in a window, and written."""
    tiffs = [("TIFF", encode_tiff(**options)) for options in TIFF_OPTIONS]
    seeds = [data for _, data in [*valid_images(), *tiffs, *numpy_files(), *optional_formats()]]
    load_codecs()
    for data in seeds:
        with suppress(BadImage):
            EncodedImage("x", data).decode_layers()

    def target(rng: Random) -> None:
        image = EncodedImage("x", mutate_bytes(rng.choice(seeds), rng, others=seeds), LARGEST)
        header = image.header
        layers = image.decode_layers()
        pixels = as_array(layers)
        assert pixels.shape == (*header.size, header.channels)
        assert pixels.dtype == header.dtype
        assert (layers.alpha is not None) == header.alpha
        height, width = header.size
        part = image.decode_layers(0, Window(height // 2, width // 2, 1, 1))
        assert np.array_equal(as_array(part)[0, 0], pixels[height // 2, width // 2], equal_nan=True)
        like = header.for_output(header.channels, keep_private=rng.random() < 0.5)
        if writer := writer_of(".tif"):
            writer.format.write(pixels, like)

    return target


def checkpoint_target(home: Path) -> Target:
    """Return a target for checkpoints with one mutated file and a manifest that agrees with it.

    A third of them are resumed, the others translate and draw samples.
    """
    for name in ("a", "b"):
        (home / name).mkdir()
        Image.fromarray(PIXELS[..., :3]).resize((32, 32)).save(home / name / "x.png")
    runs = [small_checkpoints.cgan(home / "cgan")]
    runs += [small_checkpoints.cyclegan(home / "cyclegan", domains="ab")]
    runs += [small_checkpoints.pix2pix(home / "pix2pix", domains="ab")]
    for name, domains in (("srgan", "ab"), ("inpaint", "a")):
        settings = {"domains": domains, "options": small_options("recipe", name), "size": 64}
        runs.append(small_checkpoints.write_run(home / name, name, **settings))
    paths = [next((run / "checkpoints").iterdir()) for run in runs]
    originals = {path: {file.name: file.read_bytes() for file in path.iterdir()} for path in paths}

    def target(rng: Random) -> None:
        path = rng.choice(paths)
        for name, data in originals[path].items():
            (path / name).write_bytes(data)
        resuming = rng.random() < 0.3
        name = rng.choice([*originals[path], *["state.json"] * 3])
        if name == "training.safetensors" and not resuming:
            return
        mutate_file(path / name, rng)
        if resuming:
            resume_if_unchanged(path, originals[path]["state.json"])
        else:
            use(Translator.load(path, device="cpu"))

    return target


def mutate_file(file: Path, rng: Random) -> None:
    """Mutate `file`, and update its hash in the manifest unless it is the manifest."""
    data = file.read_bytes()
    if file.suffix == ".safetensors":
        data = mutate_safetensors(data, rng)
    elif rng.random() < 0.7:
        data = json.dumps(mutate_document(json.loads(data), rng)).encode()
    else:
        data = mutate_bytes(data, rng, words=WORDS)
    file.write_bytes(data)
    if file.name != contents.MANIFEST:
        manifest = json.loads((file.parent / contents.MANIFEST).read_bytes())
        manifest["files"][file.name] = {"sha256": sha256(data).hexdigest(), "size": len(data)}
        (file.parent / contents.MANIFEST).write_text(json.dumps(manifest))


def resume_if_unchanged(path: Path, original: bytes) -> None:
    """Resume if the data and the amount of work are unchanged.

    Another data set could be the whole disk, and PyTorch's compiler writes code of its own.
    """
    checkpoint, config = read.read_checkpoint(resolve(path)[0]), json.loads(original)["config"]
    train = checkpoint.config.train
    same = checkpoint.config.data == layers.validate(config).data and train.batch_size == 1
    if same and checkpoint.step > 0 and not train.compile:
        small_runs.resume(path.parent.parent, steps=1, assignments=["data.root=."])


def use(model: Translator) -> None:
    """Translate and draw a sample; most recipes can do only one of these."""
    for domain in model.domains[:3]:
        with suppress(TranslateError):
            model(PIXELS, to=domain)
    with suppress(TranslateError):
        model.sample(1)


def configuration_target(home: Path) -> Target:
    """Return a target for configurations and ``--set``: `show`, and training without data."""
    texts = [path.read_bytes() for path in bundled().values()]
    documents = [yaml_text.parse(text.decode(), "bundled") for text in texts]
    path = home / "mutant.yaml"

    def target(rng: Random) -> None:
        if rng.random() < 0.5:
            path.write_bytes(mutate_bytes(rng.choice(texts), rng, others=texts, words=WORDS))
        else:
            path.write_text(json.dumps(mutate_document(rng.choice(documents), rng)))
        word = mutate_bytes(b"options.generator={name: resnet, width: 4}", rng, words=WORDS)
        settings = [word.decode(errors="replace")] if rng.random() < 0.3 else []
        out = StringIO()
        with redirect_stdout(out), redirect_stderr(out), pytest.raises(SystemExit) as end:
            main(["show", str(path)])
        assert end.value.code in (0, 2)
        try:
            api.train(config=str(path), data=home / "nowhere", settings=settings)
        except TranslateError as error:
            if "nowhere" not in str(error):
                raise

    return target
