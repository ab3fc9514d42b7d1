"""Random images, values of metrics for them, and weights in the cache of pretrained networks."""

import hashlib
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.contract.parts import metrics
from translate.metrics import Metric
from translate.registry import PartConfig, create
from translate.weights import PretrainedFile


def random_images(
    count: int, *size: int, seed: int, levels: int = 256, channels: int = 3
) -> Tensor:
    """Return images (count, channels, *size) of random integers below `levels`, as floats."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, levels, (count, channels, *size), generator=generator).float()


def measure(
    part: PartConfig, domain: Domain = UNNAMED, source_domain: Domain = UNNAMED, **fields: Tensor
) -> Metric:
    """Return a metric that has measured the fields of a `MetricBatch`."""
    metric: Metric = create("metric", part, domain=domain, source_domain=source_domain)
    metrics.measure(metric, fields)
    return metric


def value_of(part: PartConfig, *domains: Any, **fields: Tensor) -> float:
    """Return the only value of a metric; the arguments are those of `measure`."""
    (value,) = measure(part, *domains, **fields).compute().values()
    return value


def cache_weights(file: PretrainedFile, content: bytes) -> PretrainedFile:
    """Write `content` to the place of `file` in the cache; return `file` with its hash."""
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_bytes(content)
    return replace(file, sha256=hashlib.sha256(content).hexdigest())
