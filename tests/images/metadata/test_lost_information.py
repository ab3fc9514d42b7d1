"""A note lists the information of a file that is lost when the file is read for a domain."""

from typing import Any

import pytest

from translate.batches import Domain
from translate.formats import Header
from translate.images.metadata.lost_information import lost_information_notes

PHOTO, GRAY = Domain("photo"), Domain("gray", channels=1)
PHOTO_16_BITS = Domain("photo", dtype="uint16", range=(0, 65535))


def header(**fields: Any) -> Header:
    return Header(format="TIFF", size=(2, 2), **fields)


@pytest.mark.parametrize(
    ("fields", "domain", "kinds"),
    [
        ({}, PHOTO, ()),
        ({"channels": 4, "alpha": True}, PHOTO, ("alpha",)),
        ({"channels": 4, "alpha": True}, Domain("x", channels=4, alpha=True), ()),
        ({"bits": 16, "dtype": "uint16"}, PHOTO, ("depth",)),
        ({"bits": 16, "dtype": "uint16"}, PHOTO_16_BITS, ()),
        ({"bits": 10}, PHOTO_16_BITS, ("depth",)),  # the decoder gives 8 bits
        ({"channels": 4}, PHOTO, ("bands",)),
        ({"channels": 4}, Domain("x", channels=4), ()),
        ({"channels": 2}, GRAY, ("bands",)),
        ({}, GRAY, ("colour",)),
        ({"converted": "CMYK"}, PHOTO, ("colour",)),
        ({"converted": "a palette"}, Domain("x", 1, labels=True), ()),
        ({"frames": 2}, PHOTO, ("frames",)),
    ],
)
def test_each_kind_of_lost_information_has_a_note(
    fields: dict[str, Any], domain: Domain, kinds: tuple[str, ...]
) -> None:
    assert tuple(note.kind for note in lost_information_notes(header(**fields), domain)) == kinds


def test_what_the_output_keeps_is_not_lost() -> None:
    transparent = header(channels=4, alpha=True, bits=16, dtype="uint16")
    assert lost_information_notes(transparent, PHOTO, keeps_alpha=True, dtype="uint16") == ()
    assert lost_information_notes(transparent, PHOTO, hole=True, dtype="uint16") == ()
    assert lost_information_notes(header(frames=2), PHOTO, frame=0) == ()


def test_bands_that_are_not_read_are_counted() -> None:
    (note,) = lost_information_notes(header(channels=5), Domain("x", channels=3, bands=(3, 2, 1)))
    assert note.text == "has 5 bands: 3 and 2 and 1 of them are read"
    (note,) = lost_information_notes(header(channels=7), PHOTO)
    assert note.text == "has 7 bands: the first three are read"
