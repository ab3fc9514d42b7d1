"""FID, KID, Inception score and CMMD with random weights equal torch-fidelity, or those by hand."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from metric_values import cache_weights, random_images, value_of
from pretrained_files import saved_bytes
from torch import Tensor, nn

from translate.batches import Domain
from translate.errors import ConfigError
from translate.registry import create
from translate_plugins.metrics import published
from translate_plugins.metrics.features import lite0_logits

LOADERS = (published.inception, published.inception_logits, published.clip)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for load in LOADERS:
        load.cache_clear()


def images(count: int, *, seed: int, levels: int = 256) -> Tensor:
    return random_images(count, 32, 32, seed=seed, levels=levels)


class ByteImages(torch.utils.data.Dataset):
    """A data set of uint8 images, as torch-fidelity expects them."""

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
    file = cache_weights(published.INCEPTION, saved_bytes(nn.Module.state_dict(network)))
    monkeypatch.setattr(published, "INCEPTION", file)

    fake, real = images(5, seed=1), images(5, seed=2, levels=128)
    expected = torch_fidelity.calculate_metrics(
        input1=ByteImages(fake),
        input2=ByteImages(real),
        feature_extractor_weights_path=str(file.path),
        cuda=False, verbose=False, cache=False, fid=True, kid=True, isc=True, isc_splits=1,
        kid_subsets=1, kid_subset_size=5,
    )  # fmt: skip
    names = {
        "fid": "frechet_inception_distance",
        "kid": "kernel_inception_distance_mean",
        "inception-score": "inception_score_mean",
    }
    for name, their_name in names.items():
        value = value_of(name, fake=fake, real=real)
        assert value == pytest.approx(expected[their_name], rel=1e-4), name


class SmallClip(nn.Module):
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
        torch.jit.save(torch.jit.trace(SmallClip(), torch.zeros(1)), buffer)
    monkeypatch.setattr(published, "CLIP", cache_weights(published.CLIP, buffer.getvalue()))
    fake, real = images(5, seed=1), images(4, seed=2, levels=128)
    features = [published.clip()(each, Domain("")).double().numpy() for each in (fake, real)]
    assert [each.shape for each in features] == [(5, 8), (4, 8)]
    np.testing.assert_allclose(np.linalg.norm(features[0], axis=1), 1, rtol=1e-5)

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        squares = np.square(x[:, None] - y[None]).sum(2)
        return float(np.exp(-squares / (2 * 10**2)).mean())

    x, y = features
    expected = 1000 * (kernel(x, x) + kernel(y, y) - 2 * kernel(x, y))
    assert value_of("cmmd", fake=fake, real=real) == pytest.approx(expected, rel=1e-4)
    assert value_of("cmmd", fake=fake, real=fake) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", ["fid", "kid", "inception-score", "cmmd"])
def test_missing_weights_are_named_with_what_to_do(name: str) -> None:
    metric = create("metric", name)
    (file,) = metric.pretrained
    with pytest.raises(ConfigError, match=f"{file.name} is missing .*translate weights add"):
        metric.update({"fake": images(2, seed=1)})


def test_the_score_of_lite0_is_that_of_class_probabilities_by_hand() -> None:
    fake = images(6, seed=1)
    p = lite0_logits()(fake, Domain("")).double().softmax(1).numpy()
    assert p.shape == (6, 1000)
    expected = np.exp((p * np.log(p / p.mean(0))).sum(1).mean())
    assert value_of("is-lite0", fake=fake) == pytest.approx(expected, rel=1e-4)
    assert value_of("is-lite0", fake=fake[:1].expand(4, -1, -1, -1)) == pytest.approx(1)
    assert np.isnan(value_of("is-lite0", fake=fake[:1]))
