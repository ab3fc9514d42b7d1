"""Outputs have the place and name of their inputs, and no two are one file."""

import unicodedata
from typing import Any

import pytest

from translate.batches import Domain
from translate.engine.inference.outputs.names import OutputNames
from translate.errors import ConfigError
from translate.folders.walk import group


def output_names(
    *names: str, file_format: str | None = None, channels: int = 3, **domain: Any
) -> list[str]:
    """Return the outputs of files of these names, in a domain of these properties."""
    chooser, outputs = OutputNames(Domain("", channels, **domain), file_format), dict[str, str]()
    for siblings in group(names):
        outputs.update(chooser.name(siblings))
    chooser.require_no_clash()
    return [outputs[name] for name in names]


def test_outputs_keep_their_names_if_the_format_can_store_them() -> None:
    names = ["x.JPG", "a/x.png", "a/b/x.webp", "a/x.tiff", "x.bmp", "日本/é x.ppm"]
    assert output_names(*names) == names


def test_D15_images_in_other_formats_become_png_with_a_free_name() -> None:
    assert output_names("x.gif") == ["x.png"]
    assert output_names("x.gif", "x.png") == ["x.gif.png", "x.png"]
    assert output_names("x.gif", "x.mpo") == ["x.png", "x.mpo.png"]
    assert output_names("x.gif", "X.PNG") == ["x.gif.png", "X.PNG"]
    assert output_names("x.gif", "x.png/y.png") == ["x.gif.png", "x.png/y.png"]


def test_label_maps_are_written_without_loss_unless_a_format_is_requested() -> None:
    assert output_names("x.jpg", "y.bmp", labels=True) == ["x.png", "y.bmp"]
    assert output_names("x.jpg", file_format="jpg", labels=True) == ["x.jpg"]


def test_a_requested_format_applies_to_all_outputs() -> None:
    names = output_names("x.jpg", "y.png", "x.png", file_format="png")
    assert names == ["x.jpg.png", "y.png", "x.png"]
    assert output_names("x.JPEG", "y.gif", file_format="jpg") == ["x.JPEG", "y.jpg"]
    with pytest.raises(ConfigError, match="cannot write 'gif'"):
        output_names("x.jpg", file_format="gif")


def test_a_gray_map_keeps_its_suffix_only_for_gray() -> None:
    assert output_names("x.pgm", channels=1) == ["x.pgm"]
    assert output_names("x.pgm", channels=3) == ["x.png"]


def test_measured_values_become_tiff_if_the_format_of_the_input_cannot_store_them() -> None:
    ct = {"channels": 1, "dtype": "int16", "range": (-1024, 3071)}
    assert output_names("x.png", "y.tif", "z.npy", **ct) == ["x.tif", "y.tif", "z.npy"]
    assert output_names("x.jpg", "y.png", channels=5, dtype="uint16") == ["x.tif", "y.tif"]
    assert output_names("x.jpg", dtype="uint16", range=(0, 65535)) == ["x.png"]
    assert output_names("x.png", dtype="uint16", range=(0, 65535), file_format="jpg") == ["x.jpg"]
    with pytest.raises(ConfigError, match="cannot write 'png' of 1 channels of int16"):
        output_names("x.png", file_format="png", **ct)


@pytest.mark.parametrize(
    "names",
    [
        ("a/x.png", "a/X.png"),
        ("A/x.png", "a/x.png"),
        ("é.png", unicodedata.normalize("NFD", "é.png")),
        ("x.gif", "x.png", "x.gif.png"),
        ("straße.png", "STRASSE.png"),
    ],
)
def test_I4_two_inputs_with_one_output_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="would have one name") as error:
        output_names(*names)
    assert any(name in str(error.value) for name in names)
