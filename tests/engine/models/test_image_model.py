"""What all models share: the choice of a domain and of the half of a side-by-side image."""

from dataclasses import replace

import pytest
from small_exports import RECORD, invert

from translate.batches import Domain, ImageSpec
from translate.engine.exports.exported.file_model import FileModel
from translate.errors import ConfigError

SPEC = ImageSpec((32, 32), (Domain("photo"), Domain("labels")), sides=("labels", "photo"))
RECORD = RECORD.model_copy(update={"target": Domain("labels")})
MODEL = FileModel("m.onnx", "d", SPEC, record=RECORD, network=invert)


def test_the_target_is_chosen_by_its_name_or_path_and_by_default_the_last() -> None:
    model = replace(MODEL, domain_arguments=("data/photo", "data/labels"))
    for to in (None, "labels", "data/labels", "data/labels/"):
        assert model.choose_target(to) == "labels"
    with pytest.raises(ConfigError, match="trained on photo and labels, and does not translate to"):
        model.choose_target("photos")


def test_a_side_by_side_image_needs_the_name_of_a_half() -> None:
    assert [MODEL.side_index(side) for side in ("labels", "photo", "whole")] == [0, 1, None]
    with pytest.raises(ConfigError, match=r"labels on the left .*--side photo to translate that"):
        MODEL.side_index(None)
    with pytest.raises(ConfigError, match="Did you mean 'labels'"):
        MODEL.side_index("label")
    single = replace(MODEL, spec=replace(SPEC, sides=()))
    assert single.side_index(None) is None and single.side_index("whole") is None
    half_named_whole = replace(MODEL, spec=replace(SPEC, sides=("whole", "half")))
    assert half_named_whole.side_index("whole") == 0
    with pytest.raises(ConfigError, match="not trained on side-by-side images"):
        single.side_index("photo")
