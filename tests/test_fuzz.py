"""Thousands of files that no program writes, given to what everybody calls: only our own errors.

Mutant N of a seed is always the same one. By default a second of each kind is tried; the slow tests
try a minute, of a seed that is new each time.
"""

import faulthandler
import json
import multiprocessing
import os
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
import small_checkpoints
import small_runs
import torch
from audit_events import record_events
from file_mutations import (
    WORDS,
    fix_png_checksums,
    mutate_bytes,
    mutate_document,
    mutate_safetensors,
)
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from translate import api
from translate.api import Translator
from translate.cli import main
from translate.contract.verdicts import small_options
from translate.engine.checkpoints import contents, read
from translate.engine.checkpoints.references import resolve
from translate.engine.config import layers, yaml
from translate.engine.system.bundled import configs as bundled
from translate.errors import BadImage, TranslateError
from translate.images.masks import hole_from_alpha
from translate.images.source import EncodedImage, read_image

HANG = 20
"""seconds for one mutant, after which the process is ended with a traceback"""
LARGEST = 1 << 14
"""pixels of a picture that is decoded"""
SECONDS = pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=pytest.mark.slow)])
PIXELS = np.random.default_rng(0).integers(0, 255, (9, 7, 4), np.uint8)
Feed = Callable[[Random], object]
"""Gives a mutant to entry points, and raises what they raise."""


class Report(NamedTuple):
    """What came of a feast."""

    tried: int
    refused: int
    slowest: float
    """seconds"""
    grown: int
    """megabytes, of the peak over what was used before"""
    wrong: list[str]


@SECONDS
def test_D2_a_mutated_image_is_a_bad_image_or_has_the_size_of_its_header(
    seconds: int, tmp_path: Path
) -> None:
    report = feast(pictures, tmp_path, seconds, least=100 * seconds)
    assert report.grown < 100


@SECONDS
def test_F4_a_mutated_checkpoint_is_refused_or_translates(seconds: int, tmp_path: Path) -> None:
    report = feast(checkpoints, tmp_path, seconds, least=10 * seconds)
    assert report.grown < 400  # of which it may spend 256 before it is found out


@SECONDS
def test_F7_a_mutated_configuration_is_refused_or_valid(seconds: int, tmp_path: Path) -> None:
    report = feast(configurations, tmp_path, seconds, least=10 * seconds)
    assert report.grown < 100


# -- the feast -------------------------------------------------------------------------------------


def feast(prepare: Callable[[Path], Feed], home: Path, seconds: int, least: int) -> Report:
    """Feed mutants for so long, in a process of its own, which must neither die nor hang.

    On a busy machine it takes longer: at least so many are fed.
    """
    seed = 0 if seconds == 1 else SystemRandom().randrange(10**6)
    feed, context = prepare(home), multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    number = context.Value("L", 0)
    process = context.Process(target=_eat, args=(feed, home, seconds, least, seed, number, writer))
    process.start()
    writer.close()
    try:
        report: Report = reader.recv()
    except EOFError:
        said = (home / "said").read_text(errors="replace")[-3000:]
        pytest.fail(f"seed {seed}, mutant {number.value}: it died or hung\n{said}")
    finally:
        process.join()
    print(f"\n{prepare.__name__}, seed {seed}: {report}")
    assert not report.wrong, "\n".join(report.wrong[:5])
    assert 0 < report.refused < report.tried > least
    return report


def _eat(
    feed: Feed, home: Path, seconds: int, least: int, seed: int, number: Any, answer: Any
) -> None:
    os.chdir(home)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    said = os.open(home / "said", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 2)  # where C libraries say what they think of a file
    refused, slowest, wrong, seen = 0, 0.0, list[str](), record_events()
    before, end = _peak(), time.monotonic() + seconds
    while time.monotonic() < end or number.value <= least:
        faulthandler.dump_traceback_later(HANG, exit=True, file=said)
        began = time.monotonic()
        try:
            feed(Random(f"{seed} {number.value}"))
        except (TranslateError, BadImage) as error:
            refused += 1
            if "\n" in str(error) or "not enough memory" in str(error):
                wrong.append(f"seed {seed}, mutant {number.value}: {error}")
        except BaseException:
            wrong.append(f"seed {seed}, mutant {number.value}: {traceback.format_exc()}")
        wrong += [f"seed {seed}, mutant {number.value}: {what}" for what in seen]
        seen.clear()
        slowest = max(slowest, time.monotonic() - began)
        number.value += 1
    faulthandler.cancel_dump_traceback_later()
    answer.send(Report(number.value, refused, round(slowest, 2), _peak() - before, wrong))


def _peak() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used >> (20 if sys.platform == "darwin" else 10)


# -- pictures --------------------------------------------------------------------------------------


def pictures(home: Path) -> Feed:
    """Feed pictures of ten formats that are decoded, and some that are not even tried."""
    model = Translator.load(small_checkpoints.cyclegan(home / "run"), device="cpu")
    seeds, many, path = sound_pictures(), home / "many", home / "picture"
    many.mkdir()

    def feed(dice: Random) -> None:
        form, sound = dice.choice(seeds)
        data = mutate_bytes(sound, dice, others=[data for _, data in seeds])
        data = fix_png_checksums(data) if form == "PNG" and dice.random() < 0.7 else data
        path.write_bytes(data)
        (many / f"{dice.randrange(9)}.png").write_bytes(data)
        if dice.random() < 0.01:
            made = model.folder(many, home / "out", max_pixels=LARGEST, overwrite=True)
            assert not made.left
        with suppress(BadImage):
            EncodedImage(str(path), data, LARGEST).header.for_output(3, keep_private=True)
        with suppress(BadImage):
            hole_from_alpha(EncodedImage(str(path), data, LARGEST).decode_layers(), path)
        header = EncodedImage(str(path), data, LARGEST).header
        assert form not in REFUSED
        for frame in range(min(header.frames, 3))[1:]:
            with suppress(BadImage):
                read_image(path, max_pixels=LARGEST, frame=frame)
        assert read_image(path, max_pixels=LARGEST).shape[:2] == header.size
        assert model(path).size == header.size[::-1]

    return feed


REFUSED = ("EPS", "HTML", "ICNS", "ICO", "JPEG2000", "PCX", "PDF", "PSD", "SVG", "TGA")


def sound_pictures() -> list[tuple[str, bytes]]:
    """Return pictures in many a form, each with the name of its format."""
    colour, clear = Image.fromarray(PIXELS[..., :3]), Image.fromarray(PIXELS)
    gray, few, bits = colour.convert("L"), colour.quantize(8), colour.convert("1")
    exif, text, deep = Image.Exif(), PngInfo(), PIXELS.astype(np.uint16) * 257
    exif.update({274: 6, 271: "maker"})
    exif.get_ifd(34853).update({1: "N", 2: (1.0, 2.0, 3.0)})
    text.add_text("a", "b" * 50, zip=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    told = {"exif": exif, "icc_profile": profile}
    moving = {"save_all": True, "append_images": [gray.convert("RGB"), colour]}
    forms: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("AVIF", colour, told), ("AVIF", clear, {**moving, "append_images": [clear]}),
        ("BMP", colour, {}), ("BMP", few, {}),
        ("GIF", gray, {}), ("GIF", few, {**moving, "transparency": 2, "comment": b"hello"}),
        ("JPEG", colour, told), ("JPEG", colour, {"progressive": True}), ("JPEG", gray, {}),
        ("JPEG", colour.convert("CMYK"), {}), ("MPO", colour, moving),
        ("PNG", colour, {**told, "pnginfo": text}), ("PNG", clear, {}), ("PNG", bits, {}),
        ("PNG", few, {"transparency": 3}), ("PNG", Image.fromarray(deep[..., 0]), {}),
        ("PNG", colour, moving), ("PPM", colour, {}), ("PPM", gray, {}), ("PPM", bits, {}),
        ("PPM", gray.convert("F"), {}), ("TIFF", colour, {"exif": exif}), ("TIFF", colour, moving),
        ("TIFF", clear, {"compression": "tiff_lzw"}), ("TIFF", colour, {"compression": "jpeg"}),
        ("TIFF", gray, {"compression": "tiff_adobe_deflate"}), ("TIFF", gray.convert("F"), {}),
        ("TIFF", bits, {"compression": "group4"}), ("TIFF", gray.convert("I"), {}),
        ("TIFF", colour, {"compression": "packbits"}), ("TIFF", colour.convert("YCbCr"), {}),
        ("WEBP", clear, {**told, "lossless": True}), ("WEBP", colour, moving),
        *((form, colour.resize((16, 16)), {}) for form in REFUSED if form not in WRITTEN),
    ]  # fmt: skip
    made = []
    for form, picture, options in forms:
        if frames := options.get("append_images"):  # saving leaves its marks on a picture
            options = {**options, "append_images": [frame.copy() for frame in frames]}
        picture.copy().save(buffer := BytesIO(), form, **options)
        made.append((form, buffer.getvalue()))
    for form, pixels in (("PNG", deep), ("PNG", deep[..., :3]), ("TIFF", deep[..., :3])):
        made.append((form, cv2.imencode(f".{form}", pixels)[1].tobytes()))
    return [*made, ("PPM", b"P3 2 1 255 1 2 3 4 5 6\n"), ("PPM", b"P2 #\n2 2 65535 1 2 3 4\n"),
            *WRITTEN.items()]  # fmt: skip


WRITTEN = {
    "HTML": b"<html><body>404</body></html>",
    "PSD": b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\4\0\0\0\4\0\10\0\3" + bytes(100),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
}
"""what Pillow does not write"""


# -- checkpoints -----------------------------------------------------------------------------------


def checkpoints(home: Path) -> Feed:
    """Feed checkpoints that are wrong in one file, with manifests that say it has always been so.

    They are to translate, or to draw; or, a third of them, to be gone on with.
    """
    for name in ("a", "b"):
        (home / name).mkdir()
        Image.fromarray(PIXELS[..., :3]).resize((32, 32)).save(home / name / "x.png")
    runs = [small_checkpoints.cgan(home / "cgan")]
    runs += [
        make(home / make.__name__, domains="ab")
        for make in (small_checkpoints.cyclegan, small_checkpoints.pix2pix)
    ]
    for name, domains in (("srgan", "ab"), ("inpaint", "a")):
        options = small_options("recipe", name)
        runs.append(
            small_checkpoints.write_run(
                home / name, name, domains=domains, options=options, size=64
            )
        )
    places = [next((run / "checkpoints").iterdir()) for run in runs]
    sound = {place: {file.name: file.read_bytes() for file in place.iterdir()} for place in places}

    def feed(dice: Random) -> None:
        place = dice.choice(places)
        for name, data in sound[place].items():
            (place / name).write_bytes(data)
        resumed = dice.random() < 0.3
        name = dice.choice([*sound[place], *["state.json"] * 3])
        if name == "training.safetensors" and not resumed:
            return
        spoil(place / name, dice)
        if resumed:
            go_on(place, sound[place]["state.json"])
        else:
            use(Translator.load(place, device="cpu"))

    return feed


def spoil(file: Path, dice: Random) -> None:
    """Change `file`, and have the manifest agree, where it is not the manifest itself."""
    data = file.read_bytes()
    if file.suffix == ".safetensors":
        data = mutate_safetensors(data, dice)
    elif dice.random() < 0.7:
        data = json.dumps(mutate_document(json.loads(data), dice)).encode()
    else:
        data = mutate_bytes(data, dice, words=WORDS)
    file.write_bytes(data)
    if file.name != contents.MANIFEST:
        manifest = json.loads((file.parent / contents.MANIFEST).read_bytes())
        facts = {"sha256": sha256(data).hexdigest(), "size": len(data)}
        manifest["files"][file.name] = facts
        (file.parent / contents.MANIFEST).write_text(json.dumps(manifest))


def go_on(place: Path, sound: bytes) -> None:
    """Resume where that reads and computes what it did.

    Another data set may be the whole disk, and PyTorch's compiler writes code of its own.
    """
    found, before = read.read_checkpoint(resolve(place)[0]), json.loads(sound)["config"]
    train = found.config.train
    same = found.config.data == layers.validate(before).data and train.batch_size == 1
    if same and found.step > 0 and not train.compile:
        small_runs.resume(place.parent.parent, steps=1, assignments=["data.root=."])


def use(model: Translator) -> None:
    for domain in model.domains[:3]:
        with suppress(TranslateError):  # it draws from noise
            model(PIXELS, to=domain)
    with suppress(TranslateError):  # it does not
        model.sample(1)


# -- configurations --------------------------------------------------------------------------------


def configurations(home: Path) -> Feed:
    """Feed configurations and ``--set`` to `show`, and to training, up to where data is missing."""
    texts = [path.read_bytes() for path in bundled().values()]
    documents = [yaml.parse(text.decode(), "bundled") for text in texts]
    path = home / "mutant.yaml"

    def feed(dice: Random) -> None:
        if dice.random() < 0.5:
            path.write_bytes(mutate_bytes(dice.choice(texts), dice, others=texts, words=WORDS))
        else:
            path.write_text(json.dumps(mutate_document(dice.choice(documents), dice)))
        word = mutate_bytes(b"options.generator={name: resnet, width: 4}", dice, words=WORDS)
        settings = [word.decode(errors="replace")] if dice.random() < 0.3 else []
        out = StringIO()
        with redirect_stdout(out), redirect_stderr(out), pytest.raises(SystemExit) as end:
            main(["show", str(path)])
        assert end.value.code in (0, 2)
        try:
            api.train(config=str(path), data=home / "nowhere", settings=settings)
        except TranslateError as error:
            if "nowhere" not in str(error):
                raise

    return feed
