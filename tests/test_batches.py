"""Image specs, domains and items."""

from pathlib import Path
from typing import Any

import pytest

from translate.batches import Domain, ImageSpec, Item
from translate.errors import ConfigError


def test_the_first_domain_is_the_source_and_the_last_the_target() -> None:
    spec = ImageSpec(domains=(Domain("a"), Domain("b", 1), Domain("c", labels=True)))
    assert (spec.source, spec.target) == (Domain("a"), Domain("c", labels=True))
    assert spec.names == ("a", "b", "c")


def test_one_domain_is_source_and_target() -> None:
    alone = Domain("photos", channels=1)
    spec = ImageSpec(domains=(alone,))
    assert spec.source == spec.target == alone


def test_without_domains_images_are_in_colour() -> None:
    assert ImageSpec().source.channels == ImageSpec().target.channels == 3
    assert ImageSpec().names == ()


def test_a_name_in_place_of_a_domain_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expected a Domain, got 'a'.*Domain\('name'\)"):
        ImageSpec(domains=("a",))  # type: ignore[arg-type]


def test_domains_have_equal_channels_or_are_refused_with_their_channels() -> None:
    assert ImageSpec().equal_channels("so") == 3
    assert ImageSpec(domains=(Domain("a", 5), Domain("b", 5))).equal_channels("so") == 5
    spec = ImageSpec(domains=(Domain("a", 1), Domain("b"), Domain("c")))
    with pytest.raises(ConfigError, match="a has 1 and b has 3 and c has 3, and so: expected one"):
        spec.equal_channels("so")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dtype": "gan"}, "dtype: expected uint8 or uint16 or int16 or float32, got 'gan'"),
        ({"dtype": ""}, "dtype: expected"),
        ({"range": (1.0, 1.0)}, "range: expected two numbers, the smaller first"),
        ({"range": (255.0, 0.0)}, "range: expected"),
        ({"range": (0.0, float("nan"))}, "range: expected"),
        ({"range": (0.0, float("inf"))}, "range: expected"),
    ],
)
def test_a_domain_refuses_an_unknown_dtype_and_an_empty_range(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Domain("a", **values)


def test_an_item_is_named_by_its_files_and_key() -> None:
    assert Item((Path("a.png"), Path("b.png"))).names == ("a.png", "b.png")
    assert Item((Path("images.idx"),), 3).names == ("images.idx#3",)
    assert Item((), 3).names == ("item#3",)
