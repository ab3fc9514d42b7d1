"""Names of devices."""

import pytest

from translate.engine.config import layers
from translate.engine.processes import distributed
from translate.errors import ConfigError

UNSUPPORTED = ("meta", "mps", "xla", "hip", "vulkan", "privateuseone", "cpu:99", "cpu:0")
MISSPELLED = ("CPU", "", " cpu", "cuda:", "cuda:-1", "cuda:01", "cuda:x", "auto:0", "cpu\n")


@pytest.mark.parametrize("name", [*UNSUPPORTED, *MISSPELLED, "cuda:999"])
def test_training_and_inference_refuse_all_other_devices(name: str) -> None:
    with pytest.raises(ConfigError, match=r"expected auto, cpu, cuda or cuda:N, got .* --device"):
        distributed.choose_device(name)
    with pytest.raises(ConfigError, match=r"train.device: expected auto, cpu, cuda or cuda:N"):
        layers.validate({"recipe": "x", "data": {"domains": ["a"]}, "train": {"device": name}})
