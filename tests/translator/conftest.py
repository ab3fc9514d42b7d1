"""Small models, loaded once."""

import pytest
import small_checkpoints

from translate.api import Translator


@pytest.fixture(scope="session")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """Return a CycleGAN of summer and winter, of 3 channels."""
    return Translator.load(
        small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "run"), device="cpu"
    )


@pytest.fixture(scope="session")
def gray_translator(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """Return a CycleGAN with a gray domain `winter`."""
    path = tmp_path_factory.mktemp("runs") / "gray"
    run = small_checkpoints.cyclegan(path, channels=(3, 1), identity_weight=0)
    return Translator.load(f"{run}@1", device="cpu")
