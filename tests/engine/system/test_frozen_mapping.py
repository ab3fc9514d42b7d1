"""A frozen mapping equals its source and never changes."""

import pickle
from copy import deepcopy

import pytest

from translate.engine.system.frozen_mapping import FrozenMapping


def test_a_frozen_mapping_equals_its_mapping() -> None:
    mapping = {"name": "resnet", "betas": [1, 2]}
    frozen = FrozenMapping(mapping)
    assert frozen == mapping == frozen and repr(frozen) == repr(mapping)
    assert deepcopy(frozen) == pickle.loads(pickle.dumps(frozen)) == mapping
    assert dict(frozen) == {**frozen} == mapping and len(frozen) == 2


def test_a_frozen_mapping_cannot_be_changed() -> None:
    mapping = {"name": "resnet", "betas": [1, 2]}
    frozen = FrozenMapping(mapping)
    mapping["betas"].append(3)  # type: ignore[attr-defined]
    frozen["betas"].append(4)
    with pytest.raises(TypeError):
        frozen["name"] = "unet"  # type: ignore[index]
    assert frozen == {"name": "resnet", "betas": [1, 2]}
