"""A frozen mapping equals what it was made of, whatever happens to either."""

import pickle
from copy import deepcopy

import pytest

from translate.engine.system.frozen_mapping import FrozenMapping


def test_it_equals_the_mapping_and_reads_like_it() -> None:
    mapping = {"name": "resnet", "betas": [1, 2]}
    frozen = FrozenMapping(mapping)
    assert frozen == mapping == frozen and repr(frozen) == repr(mapping)
    assert deepcopy(frozen) == pickle.loads(pickle.dumps(frozen)) == mapping
    assert dict(frozen) == {**frozen} == mapping and len(frozen) == 2


def test_nothing_changes_it() -> None:
    mapping = {"name": "resnet", "betas": [1, 2]}
    frozen = FrozenMapping(mapping)
    mapping["betas"].append(3)  # type: ignore[attr-defined]
    frozen["betas"].append(4)
    with pytest.raises(TypeError):
        frozen["name"] = "unet"  # type: ignore[index]
    assert frozen == {"name": "resnet", "betas": [1, 2]}
