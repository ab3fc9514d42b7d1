"""FID, KID, CMMD and the Inception score, with values comparable with those in papers."""

from typing import Annotated

from pydantic import Field

from translate.batches import UNNAMED, Domain
from translate.errors import require_package
from translate.metrics import Metric, MetricBatch, MetricValue
from translate_plugins.metrics.distances import (
    FrechetDistance,
    KernelDistance,
    add_features,
    fake_and_real_features,
)
from translate_plugins.metrics.features import lite0_logits
from translate_plugins.metrics.published import CLIP, INCEPTION, clip, inception, inception_logits


class FrechetInceptionDistance(FrechetDistance):
    """Unpaired: FID, Fréchet distance in features of Inception-v3, by torch-fidelity.

    Heusel et al. (2017). Images are resized without antialiasing, as in the code of the paper:
    torchmetrics' default differs. Biased for few images: papers use 10,000 or more.
    """

    values = {"fid": MetricValue("min")}
    pretrained = (INCEPTION,)
    network = staticmethod(inception)


class KernelInceptionDistance(KernelDistance):
    """Unpaired: KID, kernel distance in features of Inception-v3, by torch-fidelity.

    Binkowski et al. (2018). Unbiased, so preferable to FID for few images. Not
    multiplied by 100 or 1,000 as in some papers.
    """

    values = {"kid": MetricValue("min")}
    pretrained = (INCEPTION,)
    network = staticmethod(inception)


class ClipMeanDiscrepancy(Metric):
    """Unpaired: CMMD, maximum mean discrepancy in CLIP's embeddings, times 1,000.

    Jayasumana et al. (2024): embeddings of unit length, Gaussian kernel with sigma 10, the biased
    estimate. Images are resized bilinearly, not bicubically as in the paper, so that values
    differ slightly.
    """

    needs = frozenset({"fake", "real"})
    values = {"cmmd": MetricValue("min")}
    pretrained = (CLIP,)

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        require_package("torch_fidelity", "metrics")
        self.domain = domain

    def update(self, batch: MetricBatch) -> None:
        add_features(self, batch, clip(), self.domain)

    def compute(self) -> dict[str, float]:
        from torch_fidelity.metric_kid import kernel_rbf

        fake, real = (embeddings.numpy() for embeddings in fake_and_real_features(self))
        within = kernel_rbf(fake, fake).mean() + kernel_rbf(real, real).mean()
        return {"cmmd": 1000 * float(within - 2 * kernel_rbf(fake, real).mean())}

    def protocol(self) -> dict[str, str]:
        return {**clip().protocol(), "kernel": "exp(-|x - y|² / 200), biased, times 1,000"}


class Lite0InceptionScore(Metric):
    """Generators: Inception score with the class probabilities of EfficientNet-Lite0.

    Salimans et al. (2016): the score is high if each image clearly belongs to one of ImageNet's
    classes, and all images together to many classes. The score means little for images
    other than photographs of objects, and is not comparable with the Inception score.
    """

    needs = frozenset({"fake"})
    of_samples = True
    values = {"is-lite0": MetricValue("max")}
    network = staticmethod(lite0_logits)

    def __init__(
        self,
        *,
        domain: Domain = UNNAMED,
        splits: Annotated[
            int,
            Field(ge=1),
            "number of parts of the set of images; the score is the mean over parts",
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
            return dict.fromkeys(self.values, float("nan"))
        scores = isc_features_to_metric(logits, splits=self.splits, shuffle=self.splits > 1)
        return dict.fromkeys(self.values, scores[KEY_METRIC_ISC_MEAN])

    def protocol(self) -> dict[str, str]:
        return {**self.network().protocol(), "splits": str(self.splits)}


class InceptionScore(Lite0InceptionScore):
    """Generators: Inception score, by torch-fidelity.

    Salimans et al. (2016). By default the score of all images at once. Papers take the mean over
    ten parts of 50,000 images: ``splits=10``.
    """

    values = {"inception-score": MetricValue("max")}
    pretrained = (INCEPTION,)
    network = staticmethod(inception_logits)
