"""Damaged PNG files are refused, never read as noise."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from encoded_images import decode_bytes
from PIL import Image

from translate.errors import BadImage
from translate.images.source import EncodedImage

PIXELS = np.random.default_rng(0).integers(0, 256, (48, 40, 3)).astype(np.uint8)


def content(kind: str) -> bytes:
    buffer, image = BytesIO(), Image.fromarray(PIXELS)
    match kind:
        case "RGB":
            image.save(buffer, "PNG")
        case "palette":
            image.quantize(64).save(buffer, "PNG")
        case "animated":
            others = [Image.fromarray(np.roll(PIXELS, n, 0)) for n in (1, 2)]
            image.save(buffer, "PNG", save_all=True, append_images=others)
        case _:
            deep = PIXELS.astype(np.uint16) * 257
            buffer.write(cv2.imencode(".png", deep if kind == "RGB 16" else deep[..., 0])[1])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["RGB", "RGB 16", "gray 16", "palette", "animated"])
@pytest.mark.parametrize("fraction", [0.02, 0.1, 0.5, 0.9])
def test_zeros_at_the_end_or_a_changed_byte_are_refused(kind: str, fraction: float) -> None:
    data = content(kind)
    lost = int(len(data) * fraction)
    for damaged in (data[:-lost] + bytes(lost), data[:-lost]):
        with pytest.raises(BadImage):
            decode_bytes(damaged)
    start = data.index(b"IDAT") + 4
    position = start + int((len(data) - start - 26) * (1 - fraction) * 0.5)
    changed = data[:position] + bytes([data[position] ^ 255]) + data[position + 1 :]
    with pytest.raises(BadImage, match="a damaged PNG"):
        decode_bytes(changed)


def test_damage_of_a_later_frame_is_refused() -> None:
    data = content("animated")
    position = data.rindex(b"fdAT") + 40
    damaged = data[:position] + bytes(4) + data[position + 4 :]
    with pytest.raises(BadImage, match="the checksum of its fdAT is wrong"):
        EncodedImage("x", damaged, 10_000).decode_layers(2)
