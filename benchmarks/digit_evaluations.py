"""The evaluation of each method that generates digits: its metric values and rows of images."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import digit_classifier
import digit_metrics
import mnist
import numpy as np
import sample_sheet
import torch
import torch.nn.functional as F
from class_statistics import purity
from digit_metrics import Images
from numpy.typing import NDArray
from trained_run import Evaluation, TrainedRun

from translate.engine.models import model as infer
from translate.folders.listing import subfolders
from translate.images.tensors import to_device

CONVERGED_AFTER = 2500
"""generator steps after which a WGAN is expected to generate digits"""
CLASSIFIER_SAMPLES = 10_000
"""Generated samples that a classifier is trained on."""


def evaluate_samples(run: TrainedRun) -> Evaluation:
    """Return C, H, P and FD of 2,000 samples."""
    images = digit_metrics.read_digits(run.sample("samples", digit_metrics.COUNT))
    values = run.evaluator.evaluate(images).by_name()
    return Evaluation(values, sample_sheet.square(images), [run.walk()])


def evaluate_convergence(run: TrainedRun) -> Evaluation:
    """Return C, H, P and FD, and the correlation of FD with the critic's estimate."""
    steps, log = [step for step in run.checkpoints() if step > 0], run.log()
    distances, estimates = [], []
    for before, step in zip([0, *steps], steps, strict=False):
        folder = run.sample(f"step-{step}", digit_metrics.COUNT, step=step)
        distances.append(run.evaluator.evaluate(digit_metrics.read_digits(folder)).distance)
        losses = [line["losses"]["critic/gan"] for line in log if before < line["step"] <= step]
        estimates.append(-float(np.mean(losses)))
    critic_steps = run.options()["critic_steps"]
    pairs = zip(distances, steps, strict=True)
    late = [distance for distance, step in pairs if step >= CONVERGED_AFTER * critic_steps]
    samples = evaluate_samples(run)
    values = {"rank correlation": rank_correlation(estimates, distances)}
    if late:
        values["worst FD from 2,500 on"] = max(late)
    details = {"steps": steps, "FD": distances, "estimate": estimates}
    return samples._replace(values={**samples.values, **values}, details=details)


def evaluate_classes(run: TrainedRun) -> Evaluation:
    """Return the accuracy of requested classes, C, H, P, FD, and TSTR.

    TSTR: the accuracy on real test digits of a classifier trained on generated digits only.
    """
    evaluator = run.evaluator
    by_class = read_classes(run.sample("classes", CLASSIFIER_SAMPLES, "--class", "all"))
    images = np.concatenate(list(by_class.values()))
    requested = np.concatenate([np.full(len(p), int(name)) for name, p in by_class.items()])
    indices = np.arange(len(requested))
    subset = np.concatenate([indices[requested == digit][:200] for digit in range(10)])
    predictions = evaluator.classifier.predict(images[subset])
    student = digit_classifier.train(images, requested.astype(np.uint8), seed=0, epochs=15)
    test_images, test_digits = evaluator.test
    values = {
        "class accuracy": float((predictions.digits == requested[subset]).mean()),
        **evaluator.summarize(predictions).by_name(),
        "TSTR": float((student.predict(test_images).digits == test_digits).mean()),
    }
    return Evaluation(values, [images[:10] for images in by_class.values()], [run.walk()])


def evaluate_codes(run: TrainedRun) -> Evaluation:
    """Return how well each categorical code keeps to one digit; and C, H, P and FD."""
    by_code = read_classes(run.sample("codes", digit_metrics.COUNT, "--class", "all"))
    codes = np.concatenate([np.full(len(p), i) for i, p in enumerate(by_code.values())])
    predictions = run.evaluator.classifier.predict(np.concatenate(list(by_code.values())))
    fraction, digits = purity(codes, predictions.digits)
    metrics = run.evaluator.summarize(predictions).by_name()
    values = {"purity": fraction, "digits": digits, **metrics}
    return Evaluation(values, [images[:10] for images in by_code.values()], [run.walk()])


def evaluate_reconstructions(run: TrainedRun) -> Evaluation:
    """Return the mean squared error of the test digits, pixels in [0, 1]."""
    test, _ = run.evaluator.test
    source = run.data / "test-digits"
    if not source.exists():
        mnist.write(test, source)
    reconstructed = digit_metrics.read_digits(run.reconstruct(source))
    error = np.square((reconstructed.astype(np.float32) - test) / 255).mean()
    rows = [images[i : i + 12] for i in (0, 12) for images in (test, reconstructed)]
    return Evaluation({"MSE": float(error)}, rows)


def evaluate_autoencoder(run: TrainedRun) -> Evaluation:
    """Return the MSE of reconstructions, and C, H, P and FD of samples."""
    reconstructions, samples = evaluate_reconstructions(run), evaluate_samples(run)
    return samples._replace(
        values=reconstructions.values | samples.values,
        rows=[*reconstructions.rows, *samples.rows],
    )


def evaluate_vae(run: TrainedRun) -> Evaluation:
    """Return the negative ELBO of the test digits in nats, and all of `evaluate_autoencoder`."""
    model, _ = infer.load(run.run)
    images = _pad(run.evaluator.test[0], model.spec.size)
    torch.manual_seed(0)
    with torch.inference_mode():
        bounds = [model.recipe.elbo(batch).double() for batch in images.split(500)]
    evaluation = evaluate_autoencoder(run)
    bound = {"negative ELBO": -float(torch.cat(bounds).mean())}
    return evaluation._replace(values={**bound, **evaluation.values})


EVALUATIONS: Mapping[str, Callable[[TrainedRun], Evaluation]] = {
    "gan-mnist": evaluate_samples,
    "dcgan-mnist": evaluate_samples,
    "wgan-mnist": evaluate_convergence,
    "wgan-gp-mnist": evaluate_convergence,
    "cgan-mnist": evaluate_classes,
    "infogan-mnist": evaluate_codes,
    "autoencoder-mnist": evaluate_reconstructions,
    "vae-mnist": evaluate_vae,
    "aae-mnist": evaluate_autoencoder,
    "wae-mmd-mnist": evaluate_autoencoder,
    "wae-gan-mnist": evaluate_autoencoder,
}


def read_classes(folder: Path) -> dict[str, Images]:
    """Return the digits of each subfolder of `folder`, by its name."""
    return {path.name: digit_metrics.read_digits(path) for path in subfolders(folder)}


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Spearman's rank correlation of distinct values."""
    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


def _pad(images: NDArray[np.uint8], size: tuple[int, int]) -> torch.Tensor:
    """Return (N, 28, 28) uint8 as ``resize: fit`` pads them, (N, 1, H, W) in [-1, 1]."""
    height, width = (side - digit_metrics.SIDE for side in size)
    tensor = to_device(torch.from_numpy(images)[:, None], "cpu")
    return F.pad(tensor, (0, width, 0, height), mode="replicate")
