"""What the losses are for the engine, and what they import."""

import subprocess
import sys

import pytest
import torch

from translate.losses import AdversarialLoss, ImageLoss
from translate_plugins.losses.adversarial import Vanilla
from translate_plugins.losses.images import (
    Charbonnier,
    EdgeLoss,
    MeanAbsolute,
    MeanSquared,
    Ssim,
    TotalVariation,
)


def test_losses_have_the_shapes_that_translate_names():
    adversarial_loss: AdversarialLoss = Vanilla()
    assert adversarial_loss.for_generator(torch.zeros(1)).shape == ()
    for factory in (MeanAbsolute, MeanSquared, Ssim, EdgeLoss, Charbonnier, TotalVariation):
        loss: ImageLoss = factory()
        assert loss(torch.zeros(2, 3, 16, 16), torch.ones(2, 3, 16, 16)).shape == ()


@pytest.mark.slow
def test_importing_the_losses_loads_neither_torchvision_nor_albumentations():
    code = (
        "import sys, translate_plugins.losses;"
        "print(*{'torchvision', 'albumentations', 'cv2', 'scipy', 'matplotlib'} & {*sys.modules})"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == ""
