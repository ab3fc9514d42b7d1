"""Which images a shard has is fixed forever: outputs of a half-done array depend on it."""

import pytest

from translate.engine.shards.shard import Shard, format_indices
from translate.errors import ConfigError


def test_the_shard_of_a_name_never_changes() -> None:
    names = ["a.png", "deep/er/b.jpg", "日本/é.tif", "odd\udcff.png", "0000001.png"]
    of_names = [[k for k in range(7) if Shard(k, 7).has(name)] for name in names]
    assert of_names == [[3], [0], [3], [6], [0]]


def test_shards_have_all_images_once_and_about_as_many_each() -> None:
    names = [f"{n % 10}/{n:06}.png" for n in range(4000)]
    counts = [sum(Shard(k, 8).has(name) for name in names) for k in range(8)]
    assert sum(counts) == 4000
    assert max(counts) - min(counts) < 150


@pytest.mark.parametrize(
    "text", ["", "3", "3/", "/8", "-1/8", "8/8", "0/0", "1/2/3", "x/8", "0/1000001"]
)
def test_a_shard_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="shard: "):
        Shard.parse(text)


def test_a_shard_is_parsed_and_named() -> None:
    shard = Shard.parse("17/200")
    assert shard == Shard(17, 200)
    assert (str(shard), shard.name) == ("17/200", "17-of-200")


@pytest.mark.parametrize(
    ("indices", "text"),
    [([], ""), ([3], "3"), ([17, 3, 20, 21, 22, 23, 24], "3,17,20-24"), ([0, 1], "0-1")],
)
def test_indices_that_follow_each_other_are_ranges(indices: list[int], text: str) -> None:
    assert format_indices(indices) == text
