"""The judge of digits: a small CNN that says which digit a picture shows, and how surely.

It is trained on MNIST's 60,000 training pictures alone, once, within two minutes on one core; no
recipe ever sees it. Its weights lie in the cache, under a name that changes with its code, its data
and its seed.
"""

import inspect
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeVar

import mnist
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

Some = TypeVar("Some", bound=nn.Module)
FEATURES = 128
PASSES = 5
"""times to see the training pictures"""
BATCH, RATE = 128, 2e-3


class Verdict(NamedTuple):
    """What the judge says of some pictures."""

    digits: NDArray[np.int64]
    """(N,)"""
    confidence: NDArray[np.float64]
    """(N,), the probability of that digit"""
    features: NDArray[np.float64]
    """(N, 128), what the last layer sees"""


class Judge(nn.Module):
    """Two convolutions, 128 features, ten logits; pictures are (N, 1, 28, 28) in [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
        self.features, self.logits = nn.Linear(64 * 5 * 5, FEATURES), nn.Linear(FEATURES, 10)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        seen = F.max_pool2d(self.first(pictures).relu(), 2)
        seen = F.max_pool2d(self.second(seen).relu(), 2)
        seen = F.dropout(seen, 0.25, self.training)
        features = self.features(seen.flatten(1)).relu()
        return self.logits(features), features

    @torch.inference_mode()
    def look(self, pictures: NDArray[np.uint8]) -> Verdict:
        """Return the verdict on (N, 28, 28) bytes."""
        chunks = [self(chunk) for chunk in as_input(pictures).split(1000)]
        logits, features = (torch.cat(part).double() for part in zip(*chunks, strict=True))
        confidence, digits = logits.softmax(1).max(1)
        return Verdict(digits.numpy(), confidence.numpy(), features.numpy())


def as_input(pictures: NDArray[np.uint8]) -> Tensor:
    """Return (N, 28, 28) bytes as (N, 1, 28, 28) in [0, 1]."""
    return torch.from_numpy(pictures.astype(np.float32) / 255)[:, None]


def trained(
    pictures: NDArray[np.uint8], digits: NDArray[np.uint8], seed: int, passes: int = PASSES
) -> Judge:
    """Return a judge that was taught that these pictures show these digits."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        judge = Judge()
        optimizer = torch.optim.Adam(judge.parameters(), lr=RATE, fused=True)
        steps = passes * -(-len(pictures) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
        for seen, truth in _batches(pictures, digits, passes):
            loss = F.cross_entropy(judge(seen)[0], truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return judge.eval()


def _batches(
    pictures: NDArray[np.uint8], digits: NDArray[np.uint8], passes: int
) -> Iterator[tuple[Tensor, Tensor]]:
    truth = torch.from_numpy(digits.astype(np.int64))
    for _ in range(passes):
        for chosen in torch.randperm(len(truth)).split(BATCH):
            yield as_input(pictures[chosen.numpy()]), truth[chosen]


def judge_of(data: Path, seed: int = 0) -> Judge:
    """Return the judge of MNIST, from the cache if it was there."""
    pictures, digits = mnist.read(data, "train")
    code = inspect.getsource(Judge) + inspect.getsource(trained) + str((PASSES, BATCH, RATE))
    key = sha256(code.encode() + pictures.tobytes() + digits.tobytes()).hexdigest()[:16]
    return kept(f"digits-{key}-seed-{seed}", Judge(), lambda: trained(pictures, digits, seed))


def kept(name: str, judge: Some, train: Callable[[], Some]) -> Some:
    """Return `judge` with the weights of that name, which `train` makes where they are missing."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "translate-kit" / "judges"
    file = folder / f"{name}.safetensors"
    if not file.exists():
        print(f"training a judge, once: {file}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(f".{os.getpid()}")
        save_file(train().state_dict(), half)
        half.replace(file)
    judge.load_state_dict(load_file(file))
    return judge.eval()
