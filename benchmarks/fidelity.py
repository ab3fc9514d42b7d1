"""Fidelity of an image to its ground truth: PSNR, SSIM and L1, in 8-bit levels.

SSIM is kornia's. PSNR and L1 are one line of NumPy each, and torchmetrics and scikit-image, which
have all three, are no dependencies of an installation; the tests compare with both.
"""

from itertools import product
from typing import Any

import numpy as np
import torch
from kornia.metrics import ssim as kornia_ssim
from numpy.typing import NDArray

LEVELS = 255
"""The data range."""
SSIM_WINDOW = 11
"""Side of the Gaussian window in pixels; its standard deviation is 1.5."""
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
    """Return the structural similarity of two images (Wang et al., 2004).

    The window is Gaussian with a standard deviation of 1.5 pixels; the index is computed for each
    channel and averaged over all windows that lie within the image.

    Args:
        image: (H, W, C), at least 11 pixels a side.
        truth: The same shape.

    Raises:
        ValueError: The images are smaller than the window.
    """
    if min(truth.shape[:2]) < SSIM_WINDOW:
        height, width = truth.shape[:2]
        raise ValueError(
            f"SSIM of images of {width}x{height} pixels: expected at least {SSIM_WINDOW} a side."
        )
    pair = (torch.from_numpy(p.astype(np.float64)).movedim(2, 0)[None] for p in (image, truth))
    return float(kornia_ssim(*pair, SSIM_WINDOW, float(LEVELS), padding="valid").mean())


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
