"""The choice of a target domain, and of a half of side-by-side images, for any model."""

from dataclasses import replace
from typing import Any

import pytest
from painter_recipe import SPEC, TwoWayPainter, model
from specs import image_spec

from translate.errors import ConfigError


def test_a_model_translates_to_the_domains_that_its_recipe_supports() -> None:
    one_way, two_way = model(), model(recipe=TwoWayPainter())
    assert one_way.domains == ("winter",) and two_way.domains == ("summer", "winter")
    assert two_way.choose_target(None) == one_way.choose_target(None) == "winter"
    with pytest.raises(ConfigError) as error:
        two_way.choose_target("rain")
    assert str(error.value) == (
        "runs/x was trained on summer and winter, and does not translate to 'rain'. "
        "Choose from: summer, winter."
    )
    with pytest.raises(ConfigError, match=r"Choose from: winter\."):
        one_way.choose_target("rain")
    assert model(spec=image_spec((8, 8), ("photos",))).domains == ("photos",)


def test_a_domain_is_chosen_by_its_path_or_the_last_part_of_it() -> None:
    paths = ("photos/my horses", "zebras/train")
    settings: dict[str, Any] = {"domain_arguments": paths, "recipe": TwoWayPainter()}
    named = model(spec=image_spec((8, 8), ("my horses", "zebras")), **settings)
    for to in ("my horses", "photos/my horses", "photos/my horses/"):
        assert named.choose_target(to) == "my horses"
    old = model(spec=image_spec((8, 8), paths), **settings)  # older versions used paths as names
    for to in (None, "zebras", "zebras/train"):
        assert old.choose_target(to) == "zebras/train"
    assert old.choose_target("my horses") == "photos/my horses"
    with pytest.raises(ConfigError, match=r"trained on my horses and zebras.*Did you mean 'zebras"):
        old.choose_target("zebra")


def test_the_reverse_direction_swaps_the_channels() -> None:
    gray = model(spec=image_spec((8, 8), ("gray", "colour"), 1, 3))
    assert gray.channels("colour") == (1, 3) and gray.channels("gray") == (3, 1)
    single_domain = model(spec=image_spec((8, 8), ("photos",), 1))
    assert single_domain.channels("photos") == (1, 1)


def test_side_by_side_images_need_the_name_of_a_half() -> None:
    side_by_side = model(spec=replace(SPEC, sides=("winter", "summer")))
    assert [side_by_side.side_index(side) for side in ("winter", "summer", "whole")] == [0, 1, None]
    assert model().side_index(None) is None and model().side_index("whole") is None
    half_named_whole = model(spec=replace(SPEC, sides=("whole", "half")))
    assert half_named_whole.side_index("whole") == 0
    with pytest.raises(ConfigError, match=r"winter on the left and summer on .* --side summer"):
        side_by_side.side_index(None)
    with pytest.raises(ConfigError, match="Did you mean 'winter'"):
        side_by_side.side_index("wint")
    with pytest.raises(ConfigError, match="was not trained on side-by-side"):
        model().side_index("summer")
