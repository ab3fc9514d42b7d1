"""Data types, ranges and channels of domains: from settings, or from the files."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from encoded_arrays import write_array
from valid_recipe import register_parts

from translate.batches import Domain, ImageSpec, Item, Layout
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.errors import ConfigError, DataError

Write = Callable[..., Data]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes arrays as files of a domain ``a``, and configures it with b."""

    def configure(*arrays: Any, suffix: str = ".npy", **settings: Any) -> Data:
        for number, array in enumerate(arrays):
            write_array(tmp_path / f"a/train/{number}{suffix}", array)
        write_array(tmp_path / "b/train/0.png", np.zeros((8, 8, 3), np.uint8))
        return Data(root=tmp_path, domains=("a", "b"), size=8, max_bad=0.9, **settings)

    return configure


def source_domain(data: Data) -> Domain:
    return check.open_layout(data).spec.source


def zeros(dtype: str, *channels: int) -> Any:
    return np.zeros((8, 9, *channels), dtype)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (zeros("uint8"), Domain("a")),
        (zeros("uint8", 3), Domain("a")),
        (zeros("uint16"), Domain("a", 1, (0, 65535), "uint16")),
        (zeros("uint16", 3), Domain("a", 3, (0, 65535), "uint16")),
        (zeros("int16"), Domain("a", 1, (-32768, 32767), "int16")),
        (zeros("float32", 2), Domain("a", 2, (0, 1), "float32")),
        (zeros("uint8", 7), Domain("a", 7)),
        (zeros("uint8", 4), Domain("a", 4)),
    ],
)
def test_data_types_and_channels_are_those_of_the_files(
    write: Write, pixels: Any, expected: Domain
) -> None:
    assert source_domain(write(pixels)) == expected


def test_settings_of_a_domain_are_kept(write: Write) -> None:
    settings = {"range": {"a": [-1024, 3071]}, "units": {"a": "HU"}}
    expected = Domain("a", 1, (-1024, 3071), "int16", "HU")
    assert source_domain(write(zeros("int16"), **settings)) == expected
    bands = source_domain(write(zeros("uint16", 5), bands={"a": [3, 2, 1]}))
    assert (bands.channels, bands.bands) == (3, (3, 2, 1))


def test_opacity_is_a_channel_where_a_domain_has_one_more_channel(write: Write) -> None:
    transparent = np.full((8, 9, 4), 7, np.uint8)
    data = write(transparent, suffix=".png", channels={"a": 4})
    assert source_domain(data) == Domain("a", 4, alpha=True)
    checked = check.check_data(check.open_layout(data), data)
    assert checked.problems == []
    (path,) = checked.layout.domain_files[0]
    assert (checked.augment.read(path) == transparent).all()
    assert source_domain(write(transparent, suffix=".png")) == Domain("a")


def test_files_of_another_type_are_listed_with_both_types(write: Write) -> None:
    data = write(zeros("int16"), zeros("int16"), zeros("uint8"))
    checked = check.check_data(check.open_layout(data), data)
    (problem,) = checked.problems
    assert problem.path.name == "2.npy"
    expected = "its pixel values are uint8, and those of a are int16 from -32768 to 32767"
    assert expected in problem.message


def test_photographs_of_mixed_depth_are_scaled_to_8_bits(write: Write) -> None:
    deep = np.full((8, 9, 3), 65535, np.uint16)
    data = write(np.zeros((8, 9, 3), np.uint8), np.zeros((8, 9, 3), np.uint8), deep)
    checked = check.check_data(check.open_layout(data), data)
    assert checked.problems == []
    assert (checked.augment.read(checked.layout.domain_files[0][2]) == 255).all()
    assert [note.message for note in checked.notes] == ["16 bits a channel become 8"]


@pytest.mark.parametrize(
    ("pixels", "settings", "message"),
    [
        (zeros("uint16", 5), {"bands": {"a": [6]}}, "has 5 bands, and data.bands names band 6"),
        (zeros("uint16", 5), {"channels": {"a": 4}}, "has 5 bands, and a has 4: choose bands"),
        (zeros("float32") + 2, {}, r"go from 2 to 2: expected float32 from 0 to 1.*\[2, 2\]"),
        (zeros("float32") * np.nan, {}, "not all values are finite"),
    ],
)
def test_files_that_contradict_settings_are_refused_with_the_setting_to_change(
    write: Write, pixels: Any, settings: dict[str, Any], message: str
) -> None:
    data = write(pixels, **settings)
    with pytest.raises(DataError, match=message):
        check.check_data(check.open_layout(data), data)


def test_bands_and_channels_that_contradict_each_other_are_refused(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"3 bands of a are read, but data\.channels is 1"):
        source_domain(write(zeros("uint16", 5), bands={"a": [3, 2, 1]}, channels={"a": 1}))


def test_known_domains_take_precedence_over_the_files(write: Write) -> None:
    data = write(zeros("uint16"))
    known_domains = (Domain("a"), Domain("b"))
    assert check.open_layout(data, known_domains=known_domains).spec.domains == known_domains


class Triplets(Layout):
    """Source, mask and target, which are the only files of their folders."""

    batch, paired = tuple, True

    def __init__(self, root, domains, *, named=True):
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        self.domain_files = [[root / name / "0.png"] for name in domains]
        self.files, self.named = [file for (file,) in self.domain_files], named

    def __len__(self):
        return 1

    def pick(self, index, random):  # noqa: ARG002
        return Item(tuple(self.files))

    def load(self, item, transform):
        images = [transform.read(path) for path in item.files]
        roles = self.spec.names if self.named else ("source", "target")
        return transform(*images, roles=roles)


def test_a_layout_may_have_three_different_domains_if_it_names_that_of_each_image(
    tmp_path: Path, register_plugin: Callable[..., object]
) -> None:
    register_parts(register_plugin, layouts={"triplets": Triplets})
    for name, image in (
        ("photo", zeros("uint8", 3)),
        ("mask", zeros("uint8")),
        ("scan", zeros("uint16")),
    ):
        write_array(tmp_path / name / "0.png", image)
    settings: dict[str, Any] = {"domains": ("photo", "mask", "scan"), "channels": {"mask": 1}}
    data = Data(root=tmp_path, size=8, layout="triplets", **settings)
    checked = check.check_data(check.open_layout(data), data)
    expected = [(3, "uint8"), (1, "uint8"), (1, "uint16")]
    assert [(d.channels, d.dtype) for d in checked.layout.spec.domains] == expected
    item = checked.layout.load(checked.layout.pick(0, Random(0)), checked.augment.item(Random(0)))
    actual = [(image.shape[0], str(image.dtype).removeprefix("torch.")) for image in item]
    assert actual == expected
    layout = {"name": "triplets", "named": False}
    with pytest.raises(ConfigError, match=r"they differ .*names of the domains to its transform"):
        check.open_layout(data.model_copy(update={"layout": layout}))
