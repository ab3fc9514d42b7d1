"""Colours and opacity of TIFF files: CMYK, palettes and extra bands in every depth."""

import struct

import numpy as np
import pytest
from encoded_images import decode_bytes, header_of
from tiff_files import (
    STORAGE,
    all_bands,
    encode_bands,
    encode_tiff,
    hole_of,
    pack_bits,
    random_values,
    tags_of,
    tiff_from_tags,
)

from translate.errors import BadImage
from translate.images.metadata.lost_information import lost_information_notes
from translate.images.source import EncodedImage
from translate_plugins.formats.tiff.format import Tiff


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("colours", [1, 3])
def test_D22_premultiplied_opacity_is_divided_out(kind: str, colours: int) -> None:
    white = np.iinfo(kind).max if kind != "f4" else 1
    straight, alpha = random_values(kind, colours), random_values(kind, 1)
    values = np.dstack([straight / white * alpha, alpha])
    values = (np.rint(values) if kind != "f4" else values).astype(kind)
    photometric = "minisblack" if colours == 1 else "rgb"
    data = encode_tiff(values, photometric=photometric, extrasamples=(1,), planarconfig="contig")
    layers = EncodedImage("x", data).decode_layers()
    assert layers.alpha is not None
    assert (layers.alpha == alpha[..., 0]).all()
    opaque = alpha[..., 0] > white / 2
    error = all_bands(layers)[..., :colours].astype(float) - straight
    assert np.abs(error[opaque]).max() <= (1e-6 if kind == "f4" else 1.5)


@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("extra", [(), (0,), (2,)])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_D22_cmyk_becomes_rgb_in_its_own_depth(
    kind: str, extra: tuple[int, ...], planar: str
) -> None:
    values, white = random_values(kind, 4 + len(extra)), np.iinfo(kind).max
    data = encode_bands(values, (values.shape[2], "separated", extra or None), planar)
    layers = EncodedImage("x", data).decode_layers()
    without_ink = 1 - values[..., :4] / white
    rgb = np.rint(without_ink[..., :3] * without_ink[..., 3:] * white)
    assert layers.pixels.dtype == kind
    assert np.abs(all_bands(layers)[..., :3] - rgb).max() <= 1
    assert (all_bands(layers)[..., 3:] == values[..., 4:]).all()
    assert (layers.alpha is not None) == (extra == (2,))


def test_D22_opacity_between_other_bands_becomes_the_last_channel() -> None:
    values = random_values("u1", 6)
    data = encode_tiff(values, photometric="rgb", extrasamples=(0, 2, 0), planarconfig="contig")
    image = EncodedImage("x", data)
    assert (all_bands(image.decode_layers()) == values[..., [0, 1, 2, 3, 5, 4]]).all()
    assert tags_of(Tiff().write(values, image.header))[338] == (0, 0, 2)


@pytest.mark.parametrize("depth", ["u1", "u2"])
def test_D22_an_extra_band_is_not_alpha_at_either_depth(depth: str) -> None:
    data = encode_tiff(random_values(depth, 4), photometric="rgb", extrasamples=(0,))
    header = header_of(data)
    assert (header.channels, header.alpha) == (4, False)
    with pytest.raises(BadImage, match="has no hole"):
        hole_of(data)


@pytest.mark.parametrize("depth", ["u1", "u2"])
def test_a_fourth_band_without_a_tag_is_not_alpha(depth: str) -> None:
    values = random_values(depth, 4)
    data = bytearray(encode_tiff(values, photometric="rgb", extrasamples=(2,)))
    position = data.index(struct.pack("<HHI", 338, 3, 1))
    data[position : position + 2] = struct.pack("<H", 337)  # TargetPrinter, which no reader uses
    layers = EncodedImage("x", bytes(data)).decode_layers()
    assert layers.alpha is None
    assert (layers.pixels == values).all()


def test_D22_values_of_a_tiff_with_0_as_white_are_inverted_at_every_depth() -> None:
    for kind, white in (("u1", 255), ("u2", 65535), ("f4", 1), ("f8", 1)):
        values = np.array([[[0], [white]]], kind)
        for options in STORAGE[:4]:
            data = encode_tiff(values, photometric="miniswhite", **options)
            assert decode_bytes(data, channels=1).ravel().tolist() == [white, 0]


def test_a_palette_of_8_bit_colours_keeps_its_colours() -> None:
    index = np.arange(4).reshape(2, 2)
    colours = np.array([[0, 0, 0], [255, 0, 0], [10, 200, 30], [255, 255, 255]])
    for scale in (257, 1):
        table = np.zeros((256, 3), int)
        table[:4] = colours * scale
        tags = {258: [8], 262: [3], 277: [1], 320: table.T.ravel().tolist()}
        data = tiff_from_tags(tags, pack_bits(index, 8), (2, 2))
        assert (decode_bytes(data).reshape(4, 3) == colours).all()
        (note,) = lost_information_notes(header_of(data))
        assert note == ("colour", "a palette becomes RGB")
