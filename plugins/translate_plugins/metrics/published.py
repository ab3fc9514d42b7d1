"""Published networks for metrics: files of weights, and feature networks of torch-fidelity."""

import warnings
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from translate.images.domains.levels import from_network_range
from translate.weights import PretrainedFile
from translate_plugins.metrics.features import FeatureNetwork

INCEPTION = PretrainedFile(
    name="weights-inception-2015-12-05-6726825d.pth",
    network="Inception-v3 (Szegedy et al., 2016), TensorFlow's of 2015, trained on ImageNet",
    url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    megabytes=91,
    licence="Apache-2.0",
)
CLIP_NAME = "clip-vit-l-14-336px"
CLIP_HASH = "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"
CLIP = PretrainedFile(
    name=f"{CLIP_NAME}-{CLIP_HASH}.pt",
    network="CLIP ViT-L/14 at 336 px (Radford et al., 2021), OpenAI's",
    url=f"https://openaipublic.azureedge.net/clip/models/{CLIP_HASH}/ViT-L-14-336px.pt",
    sha256=CLIP_HASH,
    megabytes=891,
    licence="MIT",
    torchscript=True,
)
ALEXNET = PretrainedFile(
    name="alexnet-owt-7be5be79.pth",
    network="AlexNet (Krizhevsky, 2014), torchvision's, trained on ImageNet",
    url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    megabytes=233,
    licence="BSD-3-Clause",
)
SQUEEZENET = PretrainedFile(
    name="squeezenet1_1-b8a52dc0.pth",
    network="SqueezeNet 1.1 (Iandola et al., 2016), torchvision's, trained on ImageNet",
    url="https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
    megabytes=5,
    licence="BSD-3-Clause",
)
VGG16 = PretrainedFile(
    name="vgg16-397923af.pth",
    network="VGG-16 (Simonyan and Zisserman, 2015), torchvision's, trained on ImageNet",
    url="https://download.pytorch.org/models/vgg16-397923af.pth",
    megabytes=528,
    licence="BSD-3-Clause",
)


class _Extractor(nn.Module):
    """A feature extractor of torch-fidelity, which takes 8-bit images, for images in [-1, 1]."""

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        self.extractor = extractor

    def forward(self, images: Tensor) -> Tensor:
        levels = from_network_range(images, "uint8").round().to(torch.uint8)
        (features,) = self.extractor(levels)
        return features


@cache
def inception() -> FeatureNetwork:
    """Return Inception-v3 with the 2,048 features that FID and KID use."""
    return _inception("2048")


@cache
def inception_logits() -> FeatureNetwork:
    """Return Inception-v3 with its 1,008 logits, without the bias, as features."""
    return _inception("logits_unbiased")


def _inception(layer: str) -> FeatureNetwork:
    def load() -> nn.Module:
        file = INCEPTION.require()
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        return _Extractor(
            FeatureExtractorInceptionV3(
                "inception-v3-compat", [layer], feature_extractor_weights_path=str(file)
            )
        )

    return FeatureNetwork(
        f"Inception-v3 of 2015 (ImageNet), by torch-fidelity, layer {layer}",
        load,
        lambda: INCEPTION.path,
        resize="299x299, bilinear as TensorFlow 1, without antialiasing",
    )


@cache
def clip() -> FeatureNetwork:
    """Return CLIP ViT-L/14 at 336 px: 768 features of unit length."""

    def load() -> nn.Module:
        file = CLIP.require()
        from torch_fidelity.feature_extractor_clip import FeatureExtractorCLIP

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the file is TorchScript, which is deprecated
            extractor = FeatureExtractorCLIP(
                CLIP_NAME, ["clip"], feature_extractor_weights_path=str(file)
            )
        return nn.Sequential(_Extractor(extractor), _UnitLength())

    return FeatureNetwork(
        "CLIP ViT-L/14 at 336 px, by torch-fidelity, unit length",
        load,
        lambda: CLIP.path,
        resize="336x336, bilinear as TensorFlow 1, without antialiasing",
    )


class _UnitLength(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.normalize(features, dim=1)
