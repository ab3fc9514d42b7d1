"""NumPy files are read without unpickling, and written with their type, order and dimensions."""

import pickle
import resource
import struct
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from tiff_files import TILE, UNCHANGED_DTYPES, split_into_tiles

from translate.errors import BadImage
from translate.formats import Header, Window
from translate.images.source import EncodedImage
from translate_plugins.formats.npy.files import Npy, Npz

WIDER_DTYPES = {"i1": "int16", "u4": "float32", "i8": "float32", "f2": "float32", "f8": "float32"}


def npy(array: NDArray[Any], **options: Any) -> bytes:
    buffer = BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(**arrays: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def with_header(text: str, values: bytes = b"") -> bytes:
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + values


def random_array(shape: tuple[int, ...], kind: str) -> NDArray[Any]:
    random, dtype = np.random.default_rng(0), np.dtype(kind)
    if dtype.kind == "f":
        return random.normal(size=shape).astype(kind)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("kind", UNCHANGED_DTYPES)
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 1), (6, 5, 3), (6, 5, 64)])
def test_arrays_are_read_and_written_in_their_byte_order(kind: str, shape: tuple[int, ...]) -> None:
    for order in "<>":
        array = random_array(shape, kind).astype(order + kind)
        for array_format, data in ((Npy(), npy(array)), (Npz(), npz(slices=array))):
            image = EncodedImage("x", data)
            header, pixels = image.header, image.decode_layers().pixels.reshape(6, 5, -1)
            assert header.dtype == UNCHANGED_DTYPES[kind]
            assert pixels.dtype == header.dtype
            assert (pixels == array.reshape(6, 5, -1)).all()
            written = np.load(BytesIO(array_format.write(pixels, header)))
            written = written if isinstance(array_format, Npy) else written["slices"]
            assert (written.dtype, written.shape) == (array.dtype, shape)
            assert (written == array).all()


@pytest.mark.parametrize("order", "CF")
def test_a_window_is_that_part_of_an_array_in_c_or_fortran_order(order: Any) -> None:
    array = np.asarray(random_array((9, 7, 3), "i2"), order=order)
    for data in (npy(array), npz(image=array)):
        part = EncodedImage("x", data).decode(window=Window(2, 1, 4, 5))
        assert (part == array[2:6, 1:6]).all()


@pytest.mark.parametrize("kind", WIDER_DTYPES)
def test_other_types_are_read_as_a_wider_type(kind: str) -> None:
    array = np.array([[1, 100], [3, 0]], kind)
    image = EncodedImage("x", npy(array))
    assert image.header.dtype == WIDER_DTYPES[kind]
    assert (image.decode()[..., 0] == array).all()


def test_masks_of_true_and_false_are_black_and_white() -> None:
    array = np.array([[True, False]])
    assert EncodedImage("x", npy(array)).decode().ravel().tolist() == [255, 0]


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class TouchesFile:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "touched",))

    array = np.empty((2, 2), object)
    array[:] = TouchesFile()
    for data in (npy(array, allow_pickle=True), npz(image=array)):
        with pytest.raises(BadImage, match="an array of Python objects, which could"):
            EncodedImage("x", data).decode()
    with pytest.raises(BadImage):
        EncodedImage("x", pickle.dumps(np.zeros((2, 2)))).decode()
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x93NUMPY\x01\x00", "a damaged array"),
        (with_header("{'descr': '<u2', 'fortran_order': False, 'shape': (1"), "a damaged array"),
        (with_header("__import__('os').system('true')"), "a damaged array"),
        (with_header("{" * 60_000), "a damaged array"),
        (npy(np.zeros(5)), r"an array of the shape \(5,\): expected \(height, width\)"),
        (npy(np.zeros((2, 3, 4, 5))), r"an array of the shape \(2, 3, 4, 5\)"),
        (npy(np.zeros((2, 3, 65), "u1")), r"the shape \(2, 3, 65\): expected .* 1 to 64"),
        (npy(np.zeros((0, 3), "u1")), r"an array of the shape \(0, 3\)"),
        (npy(np.zeros((2, 2), "c8")), "an array of complex64: expected booleans, integers or"),
        (npy(np.zeros((2, 2), "U3")), "an array of <U3"),
        (npy(np.zeros((4, 4), "u2"))[:-1], "a truncated file: values"),
        (npy(np.full((2, 2), 2**24 + 1)), "expected values up to 2..24"),
        (npz(a=np.zeros((2, 2)), b=np.zeros((2, 2))), r"an .npz of 2 arrays \(a, b\)"),
        (npz(image=np.zeros((4, 4)))[:-30], "File is not a zip file"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_image_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason) as error:
        EncodedImage("x", data).decode()
    assert "\n" not in error.value.reason


def test_of_several_arrays_the_array_called_image_is_read() -> None:
    data = npz(image=np.full((2, 2), 7, "u1"), label=np.zeros(3))
    assert EncodedImage("x", data).decode().max() == 7


@pytest.mark.parametrize("shape", ["(100000, 100000, 64)", "(9999999999, 9999999999)"])
def test_a_huge_shape_is_refused_before_it_is_allocated(shape: str) -> None:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"
    compressed = BytesIO()
    with ZipFile(compressed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("image.npy", with_header(text, bytes(1 << 20)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in (with_header(text, bytes(100)), compressed.getvalue()):
        with pytest.raises(BadImage, match=r"truncated|more than 178,956,970 pixels"):
            EncodedImage("x", data).decode()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_too_many_channels_for_the_allowed_pixels_are_refused() -> None:
    for data in (npy(np.zeros((10, 10, 64), "u1")), npz(a=np.zeros((10, 10, 64), "u1"))):
        with pytest.raises(BadImage, match="6,400 values: expected at most 4 channels of 1,000"):
            EncodedImage("x", data, 1000).decode()


def test_an_archive_without_arrays_is_refused() -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("text.txt", "no arrays")
    with pytest.raises(BadImage, match="but ZIP"):
        EncodedImage("x", buffer.getvalue()).decode()


def test_gray_images_of_other_formats_are_written_with_two_dimensions() -> None:
    like = Header(format="", size=(2, 2))
    for channels, shape in ((1, (2, 2)), (3, (2, 2, 3))):
        written = Npy().write(np.zeros((2, 2, channels), "u1"), like)
        assert np.load(BytesIO(written)).shape == shape


@pytest.mark.parametrize("kind", UNCHANGED_DTYPES)
@pytest.mark.parametrize(
    ("shape", "two_dimensions"), [((37, 50), True), ((37, 50, 1), False), ((5, 70, 3), False)]
)
def test_tiles_and_the_whole_image_are_written_as_the_same_bytes(
    kind: str, shape: tuple[int, ...], two_dimensions: bool
) -> None:
    pixels = random_array(shape, kind).reshape(*shape[:2], -1)
    extra = {"npy_two_dimensions": two_dimensions, "npy_order": ">" if kind != "u1" else "="}
    like = Header(format="NPY", size=shape[:2], channels=pixels.shape[2], extra=extra)
    tiles = split_into_tiles(pixels)
    file = BytesIO()
    dtype = UNCHANGED_DTYPES[kind]
    Npy().write_tiles(file, tiles, shape[:2], pixels.shape[2], dtype, TILE, like)
    assert file.getvalue() == Npy().write(pixels, like)
