"""Fidelity of an image to its ground truth: PSNR, SSIM and L1, in 8-bit levels.

PSNR and L1 are one line of NumPy each: unlike metrics of `translate evaluate`, they take parts of
images and arrays of floats.
"""

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.images.tensors import as_tensor
from translate.registry import create

LEVELS = 255
"""The data range."""
SMALLEST_ERROR = 1e-10
"""Mean squared error below which PSNR no longer grows: 148 dB for equal images."""


def psnr(image: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the peak signal-to-noise ratio of two arrays of one shape.

    Args:
        image: Levels from 0 to 255, of any shape.
        truth: The same shape and range.

    Returns:
        Decibels; 148 where both are equal.
    """
    error = np.square(image.astype(np.float64) - truth).mean()
    return float(10 * np.log10(LEVELS**2 / max(float(error), SMALLEST_ERROR)))


def l1(image: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the mean absolute error of two arrays of one shape, in levels of 255."""
    return float(np.abs(image.astype(np.float64) - truth).mean())


def ssim(image: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Return the structural similarity of two images (H, W, C), as `translate evaluate` does."""
    metric = create("metric", "ssim")
    fake, target = (as_tensor(pixels)[None].float() for pixels in (image, truth))
    metric.update({"fake": fake, "target": target})
    return metric.compute()["ssim"]


def psnr_without_tint(image: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the PSNR after the mean error of each channel is subtracted.

    A method that only shifts colours gains nothing here.

    Args:
        image: (H, W, C), levels from 0 to 255.
        truth: The same shape.
    """
    difference = image.astype(np.float64) - truth
    return psnr(difference - difference.mean((0, 1)), np.zeros(1))


def aligned_psnr(image: NDArray[Any], truth: NDArray[Any], shift: int) -> float:
    """Return the best PSNR over translations of up to `shift` pixels in each direction.

    Only the part of `truth` without a margin of `shift` pixels is compared.

    Args:
        image: (H, W) or (H, W, C), levels from 0 to 255.
        truth: The same shape.
        shift: The largest translation in pixels.
    """
    height, width = truth.shape[:2]
    inner = truth[shift : height - shift, shift : width - shift]
    rows, columns = inner.shape[:2]
    return max(
        psnr(image[top : top + rows, left : left + columns], inner)
        for top, left in product(range(2 * shift + 1), repeat=2)
    )
