"""The processes of two models, which the tests of a file share."""

from collections.abc import Iterator

import pytest
import small_checkpoints
from served import running_server
from served_images import Workers

from translate.serve.models.worker import Worker
from translate.serve.requests.limits import Limits
from translate.serve.server import running_workers
from translate.translator import Translator


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Worker]]:
    """Start ``cycle``, which translates, and ``cgan``, which samples."""
    folder = tmp_path_factory.mktemp("runs")
    runs = [small_checkpoints.cyclegan(folder / "cycle"), small_checkpoints.cgan(folder / "cgan")]
    references = [str(run) for run in runs]
    with running_workers(references, device="cpu", limits=Limits(), should_stop=bool) as started:
        yield started


@pytest.fixture(scope="module")
def server(workers: Workers) -> Iterator[str]:
    """Return the address of a server of the two models."""
    with running_server(workers) as address:
        yield address


@pytest.fixture(scope="module")
def model(workers: Workers) -> Translator:
    """Return the model called ``cycle``, in this process."""
    return Translator.load(workers["cycle"].reference, device="cpu")
