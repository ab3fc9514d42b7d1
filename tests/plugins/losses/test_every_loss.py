"""What losses import; `plugins/test_recipes.py` tests the contract for each loss."""

import pytest
from subprocesses import run_python


@pytest.mark.slow
def test_creating_losses_loads_neither_torchvision_nor_other_large_packages():
    code = (
        "import sys, translate_plugins.losses;"
        "from translate_plugins.losses.perceptual import Perceptual;"
        "Perceptual(network='vgg19'); Perceptual();"
        "large = 'torchvision efficientnet_lite_pytorch albumentations cv2 scipy matplotlib';"
        "print(*{*large.split()} & {*sys.modules})"
    )
    assert run_python(code).stdout.strip() == ""
