"""FID, KID, CMMD and the Inception score: figures that are comparable with those of papers."""

from typing import Annotated

from pydantic import Field

from translate.batches import UNNAMED, Domain
from translate.errors import require_package
from translate.metrics import Figure, Metric, MetricBatch
from translate_plugins.metrics.distances import (
    FrechetDistance,
    KernelDistance,
    features,
    keep_features,
)
from translate_plugins.metrics.features import lite0_logits
from translate_plugins.metrics.published import (
    CLIP,
    INCEPTION,
    clip,
    inception,
    inception_logits,
)


class FrechetInceptionDistance(FrechetDistance):
    """Unpaired: FID, Fréchet distance in features of Inception-v3, by torch-fidelity.

    Heusel et al. (2017). Images are resized without antialiasing, as in the code of the paper:
    torchmetrics' default differs. Biased for few images: papers use 10,000 or more.
    """

    figures = {"fid": Figure("min")}
    pretrained = (INCEPTION,)
    network = staticmethod(inception)


class KernelInceptionDistance(KernelDistance):
    """Unpaired: KID, kernel distance in features of Inception-v3, by torch-fidelity.

    Binkowski et al. (2018). Unbiased, and so preferable for few images. Not multiplied by
    100 or 1,000, as some papers do.
    """

    figures = {"kid": Figure("min")}
    pretrained = (INCEPTION,)
    network = staticmethod(inception)


class ClipMeanDiscrepancy(Metric):
    """Unpaired: CMMD, maximum mean discrepancy in CLIP's embeddings, times 1,000.

    Jayasumana et al. (2024): embeddings of unit length, Gaussian kernel with sigma 10, the biased
    estimate. Images are resized bilinearly, not bicubically as in the paper, so that figures
    differ slightly.
    """

    needs = frozenset({"fake", "real"})
    figures = {"cmmd": Figure("min")}
    pretrained = (CLIP,)

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        require_package("torch_fidelity", "metrics")
        self.domain = domain

    def update(self, batch: MetricBatch) -> None:
        keep_features(self, batch, clip(), self.domain)

    def compute(self) -> dict[str, float]:
        from torch_fidelity.metric_kid import kernel_rbf

        fake, real = (each.numpy() for each in features(self))
        pairs = ((fake, fake, 1), (real, real, 1), (fake, real, -2))
        return {"cmmd": 1000 * float(sum(k * kernel_rbf(x, y).mean() for x, y, k in pairs))}

    def protocol(self) -> dict[str, str]:
        return {**clip().protocol(), "kernel": "exp(-|x - y|² / 200), biased, times 1,000"}


class LiteScore(Metric):
    """Generators: Inception score with the class probabilities of EfficientNet-Lite0.

    Salimans et al. (2016): high if each image clearly has one of ImageNet's classes, and all
    together have many. Of little meaning for images other than photographs of objects, and not
    comparable with the Inception score.
    """

    needs = frozenset({"fake"})
    of_samples = True
    figures = {"is-lite0": Figure("max")}
    network = staticmethod(lite0_logits)

    def __init__(
        self,
        *,
        domain: Domain = UNNAMED,
        splits: Annotated[
            int, Field(ge=1), "parts of the images; the score is the mean over the parts"
        ] = 1,
    ) -> None:
        require_package("torch_fidelity", "metrics")
        self.domain, self.splits = domain, splits

    def update(self, batch: MetricBatch) -> None:
        self.add("fake", logits=self.network()(batch["fake"], self.domain))

    def compute(self) -> dict[str, float]:
        from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, isc_features_to_metric

        logits = self.rows("fake", "logits")
        if len(logits) < 2 * self.splits:
            return dict.fromkeys(self.figures, float("nan"))
        values = isc_features_to_metric(logits, splits=self.splits, shuffle=self.splits > 1)
        return dict.fromkeys(self.figures, values[KEY_METRIC_ISC_MEAN])

    def protocol(self) -> dict[str, str]:
        return {**self.network().protocol(), "splits": str(self.splits)}


class InceptionScore(LiteScore):
    """Generators: Inception score, by torch-fidelity.

    Salimans et al. (2016). Of all images at once; papers take the mean over ten parts of 50,000
    images: ``splits=10``.
    """

    figures = {"inception-score": Figure("max")}
    pretrained = (INCEPTION,)
    network = staticmethod(inception_logits)
