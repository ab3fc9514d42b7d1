"""Fuzzing: mutated files give a valid result or one of our own errors.

Mutant N of a seed is always the same. By default each kind is tested for a second; the slow tests
run for a minute, each time with a new seed.
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
import imagecodecs
import numpy as np
import pytest
import small_checkpoints
import small_runs
import tifffile
import torch
import torch._dynamo  # so that no mutant is the first to import it
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
from translate.contract.files.format_subject import as_array
from translate.contract.kinds import small_options
from translate.engine.checkpoints import contents, read
from translate.engine.checkpoints.references.reference import resolve
from translate.engine.config import layers, yaml
from translate.engine.plugins.configs import configs as bundled
from translate.errors import BadImage, TranslateError
from translate.formats import Header, Window
from translate.images.files.format_registry import writer_of
from translate.images.masks import hole_from_alpha
from translate.images.source import EncodedImage, read_image
from translate.registry import create

HANG = 20
"""seconds for one mutant, after which the process ends with a traceback"""
LARGEST = 1 << 14
"""the most pixels of an image that is decoded"""
SECONDS = pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=pytest.mark.slow)])
PIXELS = np.random.default_rng(0).integers(0, 255, (9, 7, 4), np.uint8)
Target = Callable[[Random], object]
"""makes a mutant, calls the entry points with it, and raises what they raise"""


class Report(NamedTuple):
    """Counts and errors of a fuzzing run."""

    tried: int
    refused: int
    slowest: float
    """seconds"""
    memory_growth: int
    """megabytes by which the peak exceeds the use before"""
    errors: list[str]


@SECONDS
def test_D2_a_mutated_image_is_a_bad_image_or_has_the_size_of_its_header(
    seconds: int, tmp_path: Path
) -> None:
    report = fuzz(image_target, tmp_path, seconds, minimum=100 * seconds)
    assert report.memory_growth < 100


@SECONDS
def test_D2_a_mutated_image_of_any_type_is_a_bad_image_or_has_what_its_header_says(
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


# -- the process -----------------------------------------------------------------------------------


def fuzz(prepare: Callable[[Path], Target], home: Path, seconds: int, minimum: int) -> Report:
    """Test mutants for so many seconds, and at least `minimum`, in a process of their own.

    The process must neither die nor hang.
    """
    seed = 0 if seconds == 1 else SystemRandom().randrange(10**6)
    target, context = prepare(home), multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    counter = context.Value("L", 0)
    process = context.Process(
        target=_fuzz_in_process, args=(target, home, seconds, minimum, seed, counter, writer)
    )
    process.start()
    writer.close()
    try:
        report: Report = reader.recv()
    except EOFError:
        log = (home / "log").read_text(errors="replace")[-3000:]
        pytest.fail(f"seed {seed}, mutant {counter.value}: it died or hung\n{log}")
    finally:
        process.join()
    print(f"\n{prepare.__name__}, seed {seed}: {report}")
    assert not report.errors, "\n".join(report.errors[:5])
    assert 0 < report.refused < report.tried > minimum
    return report


def _fuzz_in_process(
    target: Target, home: Path, seconds: int, minimum: int, seed: int, counter: Any, answer: Any
) -> None:
    os.chdir(home)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    log = os.open(home / "log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 2)  # for the messages of C libraries
    refused, slowest, errors, events = 0, 0.0, list[str](), record_events()
    before, end = _peak(), time.monotonic() + seconds
    while time.monotonic() < end or counter.value <= minimum:
        faulthandler.dump_traceback_later(HANG, exit=True, file=log)
        start = time.monotonic()
        try:
            target(Random(f"{seed} {counter.value}"))
        except (TranslateError, BadImage) as error:
            refused += 1
            if "\n" in str(error) or "not enough memory" in str(error):
                errors.append(f"seed {seed}, mutant {counter.value}: {error}")
        except BaseException:
            errors.append(f"seed {seed}, mutant {counter.value}: {traceback.format_exc()}")
        errors += [f"seed {seed}, mutant {counter.value}: {event}" for event in events]
        events.clear()
        slowest = max(slowest, time.monotonic() - start)
        counter.value += 1
    faulthandler.cancel_dump_traceback_later()
    answer.send(Report(counter.value, refused, round(slowest, 2), _peak() - before, errors))


def _peak() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used >> (20 if sys.platform == "darwin" else 10)


# -- images ----------------------------------------------------------------------------------------


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
            assert not summary.left
        with suppress(BadImage):
            EncodedImage(str(path), data, LARGEST).header.for_output(3, keep_private=True)
        with suppress(BadImage):
            hole_from_alpha(EncodedImage(str(path), data, LARGEST).decode_layers(), path)
        header = EncodedImage(str(path), data, LARGEST).header
        assert format_name not in REFUSED
        for frame in range(min(header.frames, 3))[1:]:
            with suppress(BadImage):
                read_image(path, max_pixels=LARGEST, frame=frame)
        assert read_image(path, max_pixels=LARGEST).shape[:2] == header.size
        assert model(path).size == header.size[::-1]

    return target


def format_target(home: Path) -> Target:  # noqa: ARG001
    """Return a target for images of every type of numbers: whole, in a window, and written."""
    tiffs = [("TIFF", tiff(**options)) for options in TIFFS]
    seeds = [data for _, data in [*valid_images(), *tiffs, *arrays(), *optional_formats()]]
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


def load_codecs() -> None:
    """Import the codecs of TIFF and JPEG XL, so that no mutant is the first to import one."""
    for codec in CODECS:
        getattr(imagecodecs, f"{codec}_decode")


REFUSED = ("EPS", "HTML", "ICNS", "ICO", "JPEG2000", "PCX", "PDF", "PSD", "SVG", "TGA")


def valid_images() -> list[tuple[str, bytes]]:
    """Return encoded images of many kinds, each with the name of its format."""
    colour, alpha = Image.fromarray(PIXELS[..., :3]), Image.fromarray(PIXELS)
    gray, palette, bits = colour.convert("L"), colour.quantize(8), colour.convert("1")
    exif, text, deep = Image.Exif(), PngInfo(), PIXELS.astype(np.uint16) * 257
    exif.update({274: 6, 271: "maker"})
    exif.get_ifd(34853).update({1: "N", 2: (1.0, 2.0, 3.0)})
    text.add_text("a", "b" * 50, zip=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    metadata = {"exif": exif, "icc_profile": profile}
    animated = {"save_all": True, "append_images": [gray.convert("RGB"), colour]}
    cases: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("AVIF", colour, metadata), ("AVIF", alpha, {**animated, "append_images": [alpha]}),
        ("BMP", colour, {}), ("BMP", palette, {}),
        ("GIF", gray, {}), ("GIF", palette, {**animated, "transparency": 2, "comment": b"hello"}),
        ("JPEG", colour, metadata), ("JPEG", colour, {"progressive": True}), ("JPEG", gray, {}),
        ("JPEG", colour.convert("CMYK"), {}), ("MPO", colour, animated),
        ("PNG", colour, {**metadata, "pnginfo": text}), ("PNG", alpha, {}), ("PNG", bits, {}),
        ("PNG", palette, {"transparency": 3}), ("PNG", Image.fromarray(deep[..., 0]), {}),
        ("PNG", colour, animated), ("PPM", colour, {}), ("PPM", gray, {}), ("PPM", bits, {}),
        ("PPM", gray.convert("F"), {}), ("TIFF", colour, {"exif": exif}),
        ("TIFF", colour, animated),
        ("TIFF", alpha, {"compression": "tiff_lzw"}), ("TIFF", colour, {"compression": "jpeg"}),
        ("TIFF", gray, {"compression": "tiff_adobe_deflate"}), ("TIFF", gray.convert("F"), {}),
        ("TIFF", bits, {"compression": "group4"}), ("TIFF", gray.convert("I"), {}),
        ("TIFF", colour, {"compression": "packbits"}), ("TIFF", colour.convert("YCbCr"), {}),
        ("WEBP", alpha, {**metadata, "lossless": True}), ("WEBP", colour, animated),
        *((name, colour.resize((16, 16)), {}) for name in REFUSED if name not in WRITTEN),
    ]  # fmt: skip
    encoded = []
    for name, image, options in cases:
        if frames := options.get("append_images"):  # saving changes an image
            options = {**options, "append_images": [frame.copy() for frame in frames]}
        image.copy().save(buffer := BytesIO(), name, **options)
        encoded.append((name, buffer.getvalue()))
    for name, pixels in (("PNG", deep), ("PNG", deep[..., :3]), ("TIFF", deep[..., :3])):
        encoded.append((name, cv2.imencode(f".{name}", pixels)[1].tobytes()))
    return [*encoded, ("PPM", b"P3 2 1 255 1 2 3 4 5 6\n"), ("PPM", b"P2 #\n2 2 65535 1 2 3 4\n"),
            *WRITTEN.items()]  # fmt: skip


CODECS = (
    *("bitorder", "ccittfax3", "ccittfax4", "ccittrle", "deflate", "delta", "float24", "floatpred"),
    *("jpeg", "jpegxl", "lzma", "lzw", "packbits", "packints", "xor", "zlib", "zstd"),
)
TIFFS: list[dict[str, Any]] = [
    {"tile": (16, 16), "compression": "zlib", "predictor": True},
    {"compression": "lzw", "rowsperstrip": 3, "byteorder": ">"},
    {"compression": "zstd", "bigtiff": True},
    {"compression": "lzma", "dtype": "float32", "bands": 5},
    {"compression": "packbits", "dtype": "int16", "bands": 1},
    {"planarconfig": "separate", "dtype": "uint16", "bands": 4, "extrasamples": [2]},
    {"compression": "jpeg", "tile": (16, 16), "bands": 3, "photometric": "rgb"},
    {"dtype": "uint32", "bands": 1, "iccprofile": bytes(200), "description": "ImageJ=1.0\n"},
]


def tiff(*, bands: int = 3, dtype: str = "uint8", **options: Any) -> bytes:
    """Return a TIFF of 9x7 pixels."""
    pixels = np.resize(PIXELS, (9, 7, bands)).astype(dtype)
    pixels = np.moveaxis(pixels, 2, 0) if "planarconfig" in options else pixels
    pixels = pixels[..., 0] if bands == 1 else pixels
    known = {"photometric": "rgb" if bands in (3, 4) else "minisblack", "metadata": None}
    planar = {"planarconfig": "contig"} if bands > 1 else {}
    tifffile.imwrite(buffer := BytesIO(), pixels, **{**known, **planar, **options})
    return buffer.getvalue()


def arrays() -> list[tuple[str, bytes]]:
    """Return NumPy files."""
    np.save(single := BytesIO(), PIXELS.astype(">i2"))
    np.savez_compressed(several := BytesIO(), image=PIXELS.astype("f4"), label=np.arange(3))
    return [("NPY", single.getvalue()), ("NPZ", several.getvalue())]


def optional_formats() -> list[tuple[str, bytes]]:
    """Return files of the formats whose packages are installed."""
    encoded = []
    for name in ("heif", "jxl"):
        form = create("format", name)
        for suffix in form.writes:
            like = Header(format="", size=(9, 7), channels=4, alpha=True)
            encoded.append((suffix[1:].upper(), form.write(PIXELS, like)))
    if encoded:
        deep = np.random.default_rng(0).random((9, 7, 3)).astype(np.float32)
        encoded.append(("JXL", form.write(deep, Header(format="", size=(9, 7)))))
    return encoded


WRITTEN = {
    "HTML": b"<html><body>404</body></html>",
    "PSD": b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\4\0\0\0\4\0\10\0\3" + bytes(100),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
}
"""formats that Pillow does not write"""


# -- checkpoints -----------------------------------------------------------------------------------


def checkpoint_target(home: Path) -> Target:
    """Return a target for checkpoints with one mutated file and a manifest that agrees with it.

    A third of them are resumed, the others translate and draw samples.
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
        facts = {"sha256": sha256(data).hexdigest(), "size": len(data)}
        manifest["files"][file.name] = facts
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
    for domain in model.domains[:3]:
        with suppress(TranslateError):  # it only draws samples
            model(PIXELS, to=domain)
    with suppress(TranslateError):  # it only translates
        model.sample(1)


# -- configurations --------------------------------------------------------------------------------


def configuration_target(home: Path) -> Target:
    """Return a target for configurations and ``--set``: `show`, and training without data."""
    texts = [path.read_bytes() for path in bundled().values()]
    documents = [yaml.parse(text.decode(), "bundled") for text in texts]
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
