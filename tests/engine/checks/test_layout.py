"""A layout gives the batches that a recipe trains on, or is refused before training."""

from typing import Any

import pytest
from torch import nn

from translate.batches import Images, Labelled, Pair
from translate.engine.checks.layout import batch_type, check_batch_type
from translate.engine.config.layers import resolve
from translate.engine.data.check import open_layout
from translate.errors import ConfigError, PluginError
from translate.recipe import Recipe


def small_config(recipe: str, layout: str, root: Any, *domains: str) -> Any:
    data = {"root": str(root), "domains": list(domains), "layout": layout, "size": 32}
    return resolve(recipe, config={"data": data})


def test_the_base_class_of_a_recipe_gives_its_batch_type() -> None:
    class RecipeOfPairs(Recipe[Pair]): ...

    class Subclass(RecipeOfPairs): ...

    class Untyped(Recipe): ...  # type: ignore[type-arg]

    assert batch_type(RecipeOfPairs) is batch_type(Subclass) is Pair
    assert batch_type(Untyped) is batch_type(nn.Module) is None


def test_a_layout_with_other_batches_is_refused_with_the_layouts_that_fit(
    image_folder: Any, tmp_path: Any
) -> None:
    image_folder("a", 2)
    training_config = small_config("cyclegan", "images", tmp_path, "a")
    with pytest.raises(ConfigError) as error:
        check_batch_type(training_config, open_layout(training_config.data))
    message = str(error.value)
    assert message.startswith(
        "data.layout: 'images' gives Images(images), and cyclegan trains on Pair(source, target). "
    )
    assert "paired or" in message and message.endswith("--set data.layout=NAME")


def test_labels_that_a_recipe_does_not_need_are_accepted(image_folder: Any, tmp_path: Any) -> None:
    image_folder("a/x", 2), image_folder("a/y", 2)
    training_config = small_config("gan", "labelled", tmp_path, "a")
    layout = open_layout(training_config.data)
    assert layout.batch is Labelled and {*Images._fields} < {*Labelled._fields}
    check_batch_type(training_config, layout)


def test_a_layout_without_a_batch_type_is_refused_with_the_line_to_add(
    image_folder: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_folder("a", 2)
    training_config = small_config("gan", "images", tmp_path, "a")
    layout = open_layout(training_config.data)
    monkeypatch.delattr(type(layout), "batch")
    with pytest.raises(
        PluginError, match=r"Expected the type of its batches, such as: batch = Pair"
    ):
        check_batch_type(training_config, layout)
