"""FID, KID, Inception score and CMMD with random weights: torch-fidelity's values, by hand."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from translate.batches import Domain
from translate.errors import ConfigError
from translate.metrics import Metric
from translate.registry import create
from translate.weights import PretrainedFile
from translate_plugins.metrics import published
from translate_plugins.metrics.features import lite0_logits

LOADERS = (published.inception, published.inception_logits, published.clip)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for load in LOADERS:
        load.cache_clear()


def cached(file: PretrainedFile, data: bytes) -> PretrainedFile:
    """Put `data` into the cache as `file`, and return it with the hash of these bytes."""
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_bytes(data)
    return replace(file, sha256=hashlib.sha256(data).hexdigest())


def images(count: int, *, seed: int, level: int = 256) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, level, (count, 3, 32, 32), generator=generator).float()


def measured(name: str, fake: Tensor, real: Tensor) -> float:
    metric: Metric = create("metric", name)
    metric.update({"fake": fake})
    if "real" in metric.needs:
        metric.update({"real": real})
    return metric.compute()[name]


class Levels(torch.utils.data.Dataset):
    """Images as torch-fidelity takes them."""

    def __init__(self, images: Tensor) -> None:
        self.images = images.byte()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
def test_values_of_inception_are_those_of_torch_fidelity(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch_fidelity
    from torch_fidelity import feature_extractor_inceptionv3 as inception_module

    class Untrained(inception_module.FeatureExtractorInceptionV3):
        def load_state_dict(self, *_: object) -> None:  # type: ignore[override]
            """Keep the weights that were drawn."""

    monkeypatch.setattr(inception_module, "load_state_dict_from_url", lambda *_, **__: None)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Untrained("inception-v3-compat", ["2048"], verbose=False)
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
    buffer = io.BytesIO()
    torch.save(nn.Module.state_dict(network), buffer)
    file = cached(published.INCEPTION, buffer.getvalue())
    monkeypatch.setattr(published, "INCEPTION", file)

    fake, real = images(5, seed=1), images(5, seed=2, level=128)
    expected = torch_fidelity.calculate_metrics(
        input1=Levels(fake),
        input2=Levels(real),
        feature_extractor_weights_path=str(file.path),
        cuda=False, verbose=False, cache=False, fid=True, kid=True, isc=True, isc_splits=1,
        kid_subsets=1, kid_subset_size=5,
    )  # fmt: skip
    names = {
        "fid": "frechet_inception_distance",
        "kid": "kernel_inception_distance_mean",
        "inception-score": "inception_score_mean",
    }
    for name, theirs in names.items():
        assert measured(name, fake, real) == pytest.approx(expected[theirs], rel=1e-4), name


class Tower(nn.Module):
    """A vision transformer with the names and shapes of OpenAI's, much smaller."""

    def __init__(self) -> None:
        from torch_fidelity.feature_extractor_clip import CLIPVisual

        super().__init__()
        self.visual = CLIPVisual(8, 28, 1, 64, 14).visual
        self.text_projection = nn.Parameter(torch.zeros(4, 8))

    def forward(self, images: Tensor) -> Tensor:
        return images


@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
def test_cmmd_is_the_biased_discrepancy_of_embeddings_of_unit_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buffer = io.BytesIO()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.jit.save(torch.jit.trace(Tower(), torch.zeros(1)), buffer)
    monkeypatch.setattr(published, "CLIP", cached(published.CLIP, buffer.getvalue()))
    fake, real = images(5, seed=1), images(4, seed=2, level=128)
    features = [published.clip()(each, Domain("")).double().numpy() for each in (fake, real)]
    assert [each.shape for each in features] == [(5, 8), (4, 8)]
    np.testing.assert_allclose(np.linalg.norm(features[0], axis=1), 1, rtol=1e-5)

    def kernel(one: np.ndarray, other: np.ndarray) -> float:
        squares = np.square(one[:, None] - other[None]).sum(2)
        return float(np.exp(-squares / (2 * 10**2)).mean())

    one, other = features
    expected = 1000 * (kernel(one, one) + kernel(other, other) - 2 * kernel(one, other))
    assert measured("cmmd", fake, real) == pytest.approx(expected, rel=1e-4)
    assert measured("cmmd", fake, fake) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", ["fid", "kid", "inception-score", "cmmd"])
def test_missing_weights_are_named_with_what_to_do(name: str) -> None:
    metric = create("metric", name)
    (file,) = metric.pretrained
    with pytest.raises(ConfigError, match=f"{file.name} is missing .*translate weights add"):
        metric.update({"fake": images(2, seed=1)})


def test_the_score_of_lite0_is_the_entropy_of_classes_by_hand() -> None:
    fake = images(6, seed=1)
    p = lite0_logits()(fake, Domain("")).double().softmax(1).numpy()
    assert p.shape == (6, 1000)
    expected = np.exp((p * np.log(p / p.mean(0))).sum(1).mean())
    assert measured("is-lite0", fake, fake) == pytest.approx(expected, rel=1e-4)
    same = fake[:1].expand(4, -1, -1, -1)
    assert measured("is-lite0", same, same) == pytest.approx(1)
    assert np.isnan(measured("is-lite0", fake[:1], fake))
