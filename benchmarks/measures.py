"""What is measured of each method that draws digits: figures by name, and rows to look at."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import contact
import marks
import mnist
import numpy as np
import torch
import torch.nn.functional as F
from judge import trained
from marks import Pictures
from numpy.typing import NDArray
from subject import Finding, Subject

from translate.api import Translator
from translate.folders.listing import subfolders
from translate.images.tensors import to_device

SETTLED = 2500
"""generator steps after which a WGAN must draw digits"""
ALONE = 10_000
"""samples that a classifier is trained on alone"""


def drawn(subject: Subject) -> Finding:
    """C, H, P and FD of 2,000 samples."""
    pictures = marks.read(subject.draw("samples", marks.COUNT))
    return Finding(
        _figures(subject.bench.mark(pictures)), contact.square(pictures), [subject.walk()]
    )


def coming_closer(subject: Subject) -> Finding:
    """C, H, P and FD; and how FD and the critic's estimate went together, over checkpoints."""
    at, log = [step for step in subject.checkpoints() if step > 0], subject.log()
    distances, estimates = [], []
    for before, step in zip([0, *at], at, strict=False):
        folder = subject.draw(f"step-{step}", marks.COUNT, "--checkpoint", step)
        distances.append(subject.bench.mark(marks.read(folder)).distance)
        judged = [line["losses"]["critic/gan"] for line in log if before < line["step"] <= step]
        estimates.append(-float(np.mean(judged)))
    turns = subject.options()["critic_steps"]
    settled = [d for d, step in zip(distances, at, strict=True) if step >= SETTLED * turns]
    last = drawn(subject)
    figures = {"rank correlation": rank_correlation(estimates, distances)}
    if settled:
        figures["worst FD from 2,500 on"] = max(settled)
    details = {"steps": at, "FD": distances, "estimate": estimates}
    return last._replace(figures={**last.figures, **figures}, details=details)


def asked_for(subject: Subject) -> Finding:
    """Whether the class that was asked for is drawn; FD; and what samples alone can teach."""
    bench, every = subject.bench, by_class(subject.draw("classes", ALONE, "--class", "all"))
    pictures = np.concatenate(list(every.values()))
    asked = np.concatenate([np.full(len(p), int(name)) for name, p in every.items()])
    some = np.concatenate([np.arange(len(asked))[asked == digit][:200] for digit in range(10)])
    verdict = bench.judge.look(pictures[some])
    pupil = trained(pictures, asked.astype(np.uint8), seed=0, passes=15)
    read = (pupil.look(bench.test[0]).digits == bench.test[1]).mean()
    figures = {
        "asked class": float((verdict.digits == asked[some]).mean()),
        **_figures(bench.of(verdict)),
        "real digits read": float(read),
    }
    return Finding(figures, [p[:10] for p in every.values()], [subject.walk()])


def coded(subject: Subject) -> Finding:
    """How well each categorical code keeps to one digit; C, H, P and FD."""
    every = by_class(subject.draw("codes", marks.COUNT, "--class", "all"))
    codes = np.concatenate([np.full(len(p), i) for i, p in enumerate(every.values())])
    verdict = subject.bench.judge.look(np.concatenate(list(every.values())))
    share, distinct = marks.purity(codes, verdict.digits)
    figures = {"purity": share, "digits": distinct, **_figures(subject.bench.of(verdict))}
    return Finding(figures, [p[:10] for p in every.values()], [subject.walk()])


def reconstructed(subject: Subject) -> Finding:
    """Mean squared error of the test digits, pixels in [0, 1]; originals above reconstructions."""
    test, _ = subject.bench.test
    source = subject.data / "test-digits"
    if not source.exists():
        mnist.write(test, source)
    made = marks.read(subject.reconstruct(source))
    error = np.square((made.astype(np.float32) - test) / 255).mean()
    pairs = [p[i : i + 12] for i in (0, 12) for p in (test, made)]
    return Finding({"MSE": float(error)}, pairs)


def decoded(subject: Subject) -> Finding:
    """MSE, and C, H, P and FD of what is decoded from noise."""
    codes, noise = reconstructed(subject), drawn(subject)
    return noise._replace(figures=codes.figures | noise.figures, rows=[*codes.rows, *noise.rows])


def bounded(subject: Subject) -> Finding:
    """Bound what the test digits are worth, in nats; and all that `decoded` finds."""
    model = Translator.load(subject.run).model
    whole = _as_trained(subject.bench.test[0], model.spec.size)
    torch.manual_seed(0)
    with torch.inference_mode():
        bounds = [model.recipe.elbo(batch).double() for batch in whole.split(500)]
    rest = decoded(subject)
    return rest._replace(
        figures={"negative ELBO": -float(torch.cat(bounds).mean()), **rest.figures}
    )


MEASURES: Mapping[str, Callable[[Subject], Finding]] = {
    "gan-mnist": drawn,
    "dcgan-mnist": drawn,
    "wgan-mnist": coming_closer,
    "wgan-gp-mnist": coming_closer,
    "cgan-mnist": asked_for,
    "infogan-mnist": coded,
    "autoencoder-mnist": reconstructed,
    "vae-mnist": bounded,
    "aae-mnist": decoded,
    "wae-mmd-mnist": decoded,
    "wae-gan-mnist": decoded,
}


def by_class(folder: Path) -> dict[str, Pictures]:
    """Return the digits of each class of `folder`, by the class's name."""
    return {path.name: marks.read(path) for path in subfolders(folder)}


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Spearman's correlation, 1 where both rise and fall together; no value is twice."""
    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


def _figures(found: marks.Marks) -> dict[str, float]:
    return dict(zip(("C", "H", "P", "FD"), found, strict=True))


def _as_trained(pictures: NDArray[np.uint8], size: tuple[int, int]) -> torch.Tensor:
    """Return (N, 28, 28) bytes as ``resize: fit`` pads them, (N, 1, H, W) in [-1, 1]."""
    height, width = (side - marks.SIDE for side in size)
    tensor = to_device(torch.from_numpy(pictures)[:, None], "cpu")
    return F.pad(tensor, (0, width, 0, height), mode="replicate")
