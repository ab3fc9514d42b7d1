"""Names of devices."""

import pytest

from translate.engine.config import layers
from translate.engine.processes import distributed
from translate.errors import ConfigError


@pytest.mark.parametrize(
    "name",
    [
        "meta",
        "mps",
        "xla",
        "hip",
        "vulkan",
        "privateuseone",
        "cpu:99",
        "cpu:0",
        "CPU",
        "",
        " cpu",
        "cuda:",
        "cuda:-1",
        "cuda:01",
        "cuda:999",
        "cuda:x",
        "auto:0",
        "cpu\n",
    ],
)
def test_only_devices_of_the_list_are_taken_by_training_and_inference_alike(name: str) -> None:
    with pytest.raises(ConfigError, match=r"expected auto, cpu, cuda or cuda:N, got .* --device"):
        distributed.choose_device(name)
    with pytest.raises(ConfigError, match=r"train.device: expected auto, cpu, cuda or cuda:N"):
        layers.validate({"recipe": "x", "data": {"domains": ["a"]}, "train": {"device": name}})
