"""Values that decoders may change without an error, and files of several frames."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from encoded_images import decode_bytes, header_of, png_chunk, png_file
from PIL import Image
from random_images import encode, noise

from translate.errors import BadImage
from translate.images.metadata.lost_information import lost_information_notes
from translate.images.source import EncodedImage, read_image
from translate_plugins.formats.raster import pillow


def png_row(
    colour_type: int, depth: int, pixels: Sequence[Sequence[int]], transparent: Sequence[int] = ()
) -> bytes:
    """Return a PNG of one row of `pixels`, each a sequence of values of `depth` bits."""
    bits = "".join(f"{value:0{depth}b}" for pixel in pixels for value in pixel)
    bits += "0" * (-len(bits) % 8)
    row = b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    colour = b"".join(struct.pack(">H", value) for value in transparent)
    transparency = png_chunk(b"tRNS", colour) if colour else b""
    return png_file((1, len(pixels)), depth, colour_type, zlib.compress(row), transparency)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_the_transparent_level_of_a_gray_png_has_its_own_depth(depth: int) -> None:
    top = 2**depth - 1
    levels = sorted({0, 1, top // 2, top})
    for transparent in levels:
        data = png_row(0, depth, [[level] for level in levels], [transparent])
        image = EncodedImage("x", data, 100)
        header, layers = image.header, image.decode_layers()
        white = np.iinfo(layers.pixels.dtype).max
        assert layers.alpha is not None
        assert (layers.alpha[0] == 0).tolist() == [level == transparent for level in levels]
        expected = [
            white if level == transparent else round(level * white / top) for level in levels
        ]
        assert decode_bytes(data, channels=1).ravel().tolist() == expected
        assert header.alpha
        assert header.bits == max(8, depth)


@pytest.mark.parametrize("depth", [8, 16])
def test_the_transparent_colour_of_a_png_has_its_own_depth(depth: int) -> None:
    top = 2**depth - 1
    colours = [[0, 0, 0], [top, 0, 5], [top, 0, 6], [1, 2, 3]]
    pixels = decode_bytes(png_row(2, depth, colours, colours[1]))
    assert pixels[0].tolist() == [colours[0], [top] * 3, colours[2], colours[3]]


@pytest.mark.parametrize(("colour_type", "channels"), [(4, 1), (6, 3)])
def test_16_bit_alpha_of_a_png_is_composited_in_16_bits(colour_type: int, channels: int) -> None:
    levels, alphas = np.array([[0, 20_000, 65_535], [65_535, 30_000, 0]])
    pixels = decode_bytes(
        png_row(colour_type, 16, np.stack([*[levels] * channels, alphas], 1).tolist())
    )
    expected = levels * (alphas / 65535) + 65535 * (1 - alphas / 65535)
    assert pixels.dtype == np.uint16
    assert np.abs(pixels[0, :, 0] - expected).max() <= 1


def test_the_loss_of_depth_and_frames_of_an_animated_16_bit_png_is_noted() -> None:
    frames = [Image.new("I;16", (4, 4), level) for level in (0, 40_000)]
    data = encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    header = header_of(data)
    assert {note.kind for note in lost_information_notes(header)} == {"depth", "frames"}
    assert decode_bytes(data, frame=1)[0, 0, 0] == 40_000


def test_cmyk_written_by_adobe_is_inverted(shared_images: Path) -> None:
    for file_format, options in (("JPEG", {"quality": 100}), ("TIFF", {})):
        data = encode(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), file_format, **options)
        assert np.abs(decode_bytes(data)[0, 0].astype(int) - [255, 0, 0]).max() <= 2
        (note,) = lost_information_notes(header_of(data))
        assert note == ("colour", "CMYK becomes RGB")
    path = shared_images / "nasty/pil_sample_cmyk.jpg"
    assert read_image(path)[0, 0].tolist() == [255, 13, 25]


@pytest.mark.parametrize(("flags", "bits"), [(0x00, 8), (0x40, 10), (0x60, 12)])
def test_the_depth_of_an_avif_is_read_from_its_configuration(flags: int, bits: int) -> None:
    data = bytearray(encode(Image.new("RGB", (8, 8)), "AVIF"))
    position = data.index(b"av1C") + 6
    data[position] = data[position] & ~0x60 | flags
    assert pillow.avif_bits(bytes(data)) == bits
    if bits == 8:
        assert not lost_information_notes(header_of(bytes(data)))


def test_values_of_a_ppm_of_any_depth_are_scaled_to_the_whole_range() -> None:
    for largest, bits in ((255, 8), (1023, 10), (40_000, 15), (65535, 16)):
        size = 1 if largest < 256 else 2
        for magic, channels in ((b"P5", 1), (b"P6", 3)):
            levels = (0, largest // 2, largest)
            values = b"".join(level.to_bytes(size, "big") * channels for level in levels)
            data = magic + b"\n3 1\n%d\n" % largest + values
            pixels, header = decode_bytes(data), header_of(data)
            white = np.iinfo(pixels.dtype).max
            assert (pixels[0, 0, 0], pixels[0, 2, 0]) == (0, white), (largest, magic)
            assert abs(int(pixels[0, 1, 0]) - white / 2) <= white / 2 / 100
            assert header.bits == bits


def test_a_known_format_that_is_not_read_is_named() -> None:
    unknown = "no image of a known format"
    jpeg_of_12_bits = b"\xff\xd8\xff\xc0\x00\x0b\x0c\x00\x08\x00\x08\x01\x01\x11\x00"
    cases = {
        b"\x00\x00\x00\x18ftypheic": "a HEIC that cannot be read: ",
        b"8BPS\0\1": f"{unknown}.*but Photoshop",
        bytes(128) + b"DICM": f"{unknown}.*but DICOM",
        b"\x93NUMPY\1": "a damaged array",
        b"version https://git-lfs.github.com/spec/v1\n": "but a Git LFS pointer",
        b"neither": f"{unknown} .*WEBP.$",
        jpeg_of_12_bits: "a JPEG that cannot be read: cannot handle 12-bit layers",
        b"GIF89a": "a GIF that cannot be read",
    }
    for data, reason in cases.items():
        with pytest.raises(BadImage, match=reason) as error:
            header_of(data)
        assert "\n" not in error.value.reason


def animation(file_format: str, count: int = 6) -> bytes:
    """Return an image file of `count` frames of noise."""
    frames = [Image.fromarray(noise(6, 8, seed=seed)) for seed in range(count)]
    if file_format not in ("TIFF", "GIF"):
        frames = [frame.convert("RGB") for frame in frames]
    options = {"lossless": True} if file_format == "WEBP" else {}
    return encode(frames[0], file_format, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_frames_read_in_any_order_equal_frames_read_alone(file_format: str) -> None:
    data = animation(file_format)
    frames = EncodedImage("x", data, 100)
    for frame in (0, 1, 2, 5, 3, 3, 0, 4):
        single_frame = EncodedImage("x", data, 100).decode_layers(frame)
        assert (frames.decode_layers(frame).pixels == single_frame.pixels).all(), frame


def test_frames_read_in_order_are_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = animation("GIF", 300)
    opened_frames: list[int] = []
    seek = pillow.seek
    monkeypatch.setattr(pillow, "seek", lambda *args: opened_frames.append(args[1]) or seek(*args))
    open_image = Image.open
    monkeypatch.setattr(
        Image, "open", lambda *a, **k: opened_frames.append(-1) or open_image(*a, **k)
    )
    frames = EncodedImage("x", data, 100)
    for frame in range(300):
        frames.decode_layers(frame)
    assert opened_frames.count(-1) <= 4  # header, first frame (twice), all other frames
    assert opened_frames[-299:] == list(range(1, 300))


def test_frames_that_the_header_states_and_the_file_lacks_are_not_counted() -> None:
    data = animation("PNG", 3)
    position = data.index(b"acTL")
    frames = png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    data = data[: position - 4] + frames + data[position + 16 :]
    assert header_of(data).frames <= 4


def test_D8_a_later_frame_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "_decompression_bomb_check", lambda _: None)  # as in Pillow 11
    small, large = Image.new("RGB", (4, 4)), Image.new("RGB", (40, 40))
    for file_format in ("TIFF", "MPO"):
        data = encode(small, file_format, save_all=True, append_images=[large])
        assert decode_bytes(data, frame=1, max_pixels=1600).shape == (40, 40, 3)
        for read in (decode_bytes, header_of):
            with pytest.raises(BadImage, match="more than 1,599 pixels"):
                read(data, frame=1, max_pixels=1599)
        assert decode_bytes(data, max_pixels=16).shape == (4, 4, 3)
        with pytest.raises(BadImage, match="more than 1,599 pixels"):
            EncodedImage("x", data, 1599).decode_layers(1)
