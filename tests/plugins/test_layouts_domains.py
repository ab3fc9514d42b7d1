"""The layout of several domains, which are the labels of their images."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from identity_transform import IdentityTransform

from translate.engine.config.schema import Data
from translate.engine.data.check import open_layout
from translate.errors import ConfigError, DataError
from translate.testing import check_layout
from translate_plugins.layouts.domains import LabelledDomains


def test_every_image_of_every_domain_is_an_item_with_its_domain_as_label(
    image_folder: Any, tmp_path: Path
) -> None:
    for name, count in (("summer", 2), ("autumn", 1), ("winter", 3)):
        image_folder(f"{name}/train", count)
    layout = LabelledDomains(tmp_path, ["summer", "autumn", "winter"], "train")
    assert layout.spec.names == layout.spec.classes == ("summer", "autumn", "winter")
    assert len(layout) == len(layout.files) == 6
    for index in range(6):
        picked_item = layout.pick(index, Random(0))
        item = layout.load(picked_item, IdentityTransform())
        assert layout.spec.classes[int(item.labels)] in picked_item.files[0].parts
        assert item.images.shape == (3, 32, 32)


def test_classes_have_the_last_part_of_domain_paths_as_names(
    image_folder: Any, tmp_path: Path
) -> None:
    paths = [str(image_folder(f"{name}/train", 1).parent) for name in ("a", "b")]
    spec = open_layout(Data(root=tmp_path, domains=tuple(paths), layout="domains")).spec
    assert spec.names == spec.classes == ("a", "b")


def test_a_single_or_a_repeated_domain_is_refused(image_folder: Any, tmp_path: Path) -> None:
    image_folder("a", 1)
    with pytest.raises(ConfigError, match="layout 'domains' reads two domains or more, got 1"):
        LabelledDomains(tmp_path, ["a"], "train")
    with pytest.raises(DataError, match="domains 'a' and 'a' are the same"):
        LabelledDomains(tmp_path, ["a", "a"], "train")


def test_the_layout_keeps_the_contract() -> None:
    check_layout("domains")
