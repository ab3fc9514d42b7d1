"""Requests that a served model refuses, and failures inside the model."""

from zlib import crc32

import pytest
from served_models import image_file, rejection
from shade_recipe import SECRET

from translate.serve.models.description import describe
from translate.serve.models.served_model import ServedModel
from translate.serve.requests.limits import RequestError


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"level": "2"}, "mine: translate: level: expected less than or equal to 1, got 2"),
        ({"levl": "1"}, "no parameter 'levl'. Did you mean 'level'? See: GET /v1/models"),
        ({"size": "many"}, "mine: size: expected int, got 'many'"),
        ({"size": "0"}, "size: expected greater than or equal to 1"),
        ({"to": "spring"}, "does not translate to 'spring'"),
        ({"level": "!!python/object:os.system 1"}, "level: YAML"),
        ({"path": "/etc/passwd"}, "no parameter 'path'"),
        ({"image": "/etc/passwd"}, "no parameter 'image'"),
        ({"mask": "/etc/passwd"}, "no parameter 'mask'"),
        ({"format": "../x"}, "format: cannot write '../x'"),
        ({"seed": "1"}, "seed: mine uses no random numbers"),
        ({"side": "left"}, "side: mine was not trained on side-by-side"),
        ({"table": "/etc/passwd"}, "no parameter 'table'"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    fields: dict[str, str], message: str, shade: ServedModel
) -> None:
    status, text = rejection(lambda: shade.translate(fields, image_file()))
    assert status == 400 and message in text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"some text", "the image: no image of a known format"),
        (b"", "the image is empty"),
        (image_file()[:-100], "the image: "),
    ],
)
def test_files_that_are_no_image_are_refused(data: bytes, message: str, cycle: ServedModel) -> None:
    status, text = rejection(lambda: cycle.translate({}, data))
    assert status == 422 and text.startswith(message)


def test_a_mask_is_refused_where_no_holes_are_filled(cycle: ServedModel) -> None:
    status, text = rejection(lambda: cycle.translate({}, image_file(), image_file()))
    assert (status, text) == (400, "mask: mine does not inpaint: leave the mask out.")


def test_S3_too_many_pixels_are_refused_before_one_is_decoded(cycle: ServedModel) -> None:
    bomb = bytearray(image_file())
    bomb[16:24] = (60_000).to_bytes(4) * 2  # width and height of a PNG
    bomb[29:33] = crc32(bomb[12:29]).to_bytes(4)
    for image, mask in ((bomb, None), (image_file(), bomb)):
        files = bytes(image), mask and bytes(mask)
        status, text = rejection(lambda files=files: cycle.translate({}, *files))
        assert status == 413 and "60000x60000 pixels: at most 10,000 are accepted" in text


@pytest.mark.parametrize("fields", [{"size": "1000"}, {"scale_back": "true"}])
def test_S3_an_image_is_not_scaled_to_too_many_pixels(
    fields: dict[str, str], cycle: ServedModel
) -> None:
    image = image_file(size=(1000, 1))
    assert cycle.translate({}, image)
    status, text = rejection(lambda: cycle.translate(fields, image))
    assert status == 413 and "Choose a smaller size" in text


@pytest.mark.parametrize(("fault", "status"), [("bug", 500), ("memory", 413), ("nan", 500)])
def test_S7_the_details_of_a_failure_in_a_model_are_in_the_log_alone(
    fault: str, status: int, shade: ServedModel
) -> None:
    with pytest.raises(RequestError) as caught:
        shade.translate({"fault": fault}, image_file())
    assert caught.value.status == status
    assert "/home" not in caught.value.message and str(shade.source) not in caught.value.message
    assert caught.value.detail
    assert fault != "bug" or SECRET in caught.value.detail


def test_a_backend_has_no_parameters_for_the_options_of_a_recipe(shade: ServedModel) -> None:
    parameters, fixed = (
        {each["name"] for each in describe(shade.model, fixed_options=f)["translate"]["parameters"]}
        for f in (False, True)
    )
    assert parameters - fixed == {"level", "fault"}
