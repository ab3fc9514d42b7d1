"""A recipe under test gets random batches of its layout's type, and is saved and loaded."""

import pytest
import torch
from valid_recipe import ValidRecipe, register_parts

from translate.batches import Captioned, Images, Labelled, Pair
from translate.contract.recipes.subject import BATCH_SIZE, make_subject


@pytest.mark.parametrize(
    ("recipe", "batch"),
    [("cyclegan", Pair), ("gan", Images), ("cgan", Labelled), ("text2img", Captioned)],
)
def test_a_recipe_gets_batches_of_the_type_that_it_trains_on(recipe: str, batch: type) -> None:
    subject = make_subject(recipe, options={}, spec=None, folder=None)
    first, again, second = subject.batch(0), subject.batch(0), subject.batch(1)
    assert type(first) is batch
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], second[0])
    assert len(first[0]) == BATCH_SIZE and first[0].abs().max() <= 1


def test_a_checkpoint_of_the_subject_restores_all_of_its_state(register_plugin) -> None:
    register_parts(register_plugin, recipes={"valid": ValidRecipe})
    subject = make_subject("valid", options={}, spec=None, folder=None)
    training = subject.build()
    subject.train(training, 2)
    restored = subject.reload(training)
    assert restored.step == 2
    for key, tensor in training.recipe.state_dict().items():
        assert torch.equal(restored.recipe.state_dict()[key], tensor)
