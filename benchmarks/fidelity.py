"""Fidelity of an image to its ground truth: PSNR, SSIM and L1, in 8-bit levels.

The values are those of `translate evaluate`; PSNR and L1 are also of parts of images, and of arrays
of floats.
"""

from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.images.tensors import as_tensor
from translate.registry import create


def psnr(image: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the peak signal-to-noise ratio of two arrays of one shape.

    Args:
        image: Levels from 0 to 255, of any shape.
        truth: The same shape and range.

    Returns:
        Decibels; 148 where both are equal.
    """
    return _value("psnr", _as_row(image), _as_row(truth))


def l1(image: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the mean absolute error of two arrays of one shape, in levels of 255."""
    return _value("mae", _as_row(image), _as_row(truth))


def ssim(image: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Return the structural similarity of two images (H, W, C)."""
    return _value("ssim", *(as_tensor(pixels)[None].float() for pixels in (image, truth)))


def _value(name: str, fake: Tensor, target: Tensor) -> float:
    """Return the value of a metric of one image."""
    metric = create("metric", name)
    metric.update({"fake": fake, "target": target})
    value: float = metric.compute()[name]
    return value


def _as_row(levels: NDArray[Any]) -> Tensor:
    """Return an array as a gray image of one row, in double precision."""
    return torch.from_numpy(levels.astype(np.float64)).reshape(1, 1, 1, -1)


def psnr_without_tint(image: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the PSNR after the mean error of each channel is subtracted.

    A method that only shifts colours gains nothing here.

    Args:
        image: (H, W, C), levels from 0 to 255.
        truth: The same shape.
    """
    difference = image.astype(np.float64) - truth
    return psnr(difference - difference.mean((0, 1)), np.zeros_like(difference))


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
