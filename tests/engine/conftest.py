"""A recipe with controlled losses, its configurations, two domains, reads, models, buckets."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import small_checkpoints
import small_runs
from opened_files import counting_opens
from PIL import Image
from s3_server import connect_clients, new_bucket, running_s3_server
from two_player_recipe import TwoPlayers

from translate import hookimpl
from translate.engine.config.schema import Data
from translate.engine.models import model
from translate.engine.models.model import Model
from translate.engine.storage.objects import ObjectStore, open_store
from translate.recipe import Recipe

Plugin = Callable[..., object]
ImageFolder = Callable[..., Path]


@pytest.fixture
def two_players(register_plugin: Plugin) -> Iterator[type[TwoPlayers]]:
    """Register the recipe ``toy`` of two players, and return its class."""

    class Offer:
        @hookimpl
        def register_recipes(self) -> dict[str, type[Recipe]]:
            return {"toy": TwoPlayers}

    register_plugin(Offer(), "other:toy")
    TwoPlayers.nan_losses, TwoPlayers.taken_steps = {}, []
    yield TwoPlayers
    TwoPlayers.nan_losses, TwoPlayers.taken_steps = {}, []


@pytest.fixture
def configure(
    two_players: type[TwoPlayers], image_folder: ImageFolder, tmp_path: Path
) -> Callable[..., Any]:
    image_folder("a", 4)
    two_players.taken_steps.clear()
    return lambda recipe="toy", **flags: small_runs.config(
        tmp_path, recipe, **{"data__domains": ["a"], **flags}
    )


@pytest.fixture
def open_counts(tmp_path: Path) -> Iterator[Counter[str]]:
    """Count how often each file below `tmp_path` is opened for reading, by its relative path."""
    with counting_opens(tmp_path) as counts:
        yield counts


@pytest.fixture(scope="module")
def gan_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a GAN."""
    return model.load(small_checkpoints.gan(tmp_path_factory.mktemp("gan")), device="cpu")[0]


@pytest.fixture(scope="module")
def cgan_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a conditional GAN of two classes."""
    return model.load(small_checkpoints.cgan(tmp_path_factory.mktemp("cgan")), device="cpu")[0]


@pytest.fixture
def data_config(image_folder: Callable[..., Path], tmp_path: Path) -> Callable[..., Data]:
    """Return a function that configures the domains a (5 images) and b (3), at 16x16."""
    image_folder("a/train", 5)
    image_folder("b/train", 3)

    def configure(**changes: Any) -> Data:
        defaults = {"root": tmp_path, "domains": ("a", "b"), "size": 16, "max_bad": 0.5}
        return Data(**{**defaults, **changes})

    return configure


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, str]]:
    """Start an S3 server; return the environment variables for its clients."""
    with running_s3_server() as environment:
        yield environment


@pytest.fixture(params=["s3", "memory"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty bucket."""
    return new_bucket(request, monkeypatch)


@pytest.fixture
def s3(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """Return a store on the S3 server, with a bucket that does not exist."""
    connect_clients(server, monkeypatch)
    return open_store("s3", f"bucket-{uuid4()}")


@pytest.fixture
def read_images(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the images that are read from stores from now on."""
    names, real_read = list[str](), ObjectStore._read

    def read(storage: ObjectStore, path: Path) -> bytes:
        if path.suffix != ".jsonl":
            names.append(path.name)
        return real_read(storage, path)

    monkeypatch.setattr(ObjectStore, "_read", read)
    return names


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a folder of five images, and one file that is none."""
    for number, name in enumerate(("a.png", "b.gif", "deep/c.jpg", "deep/d.png", "deep/er/e.tif")):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6 + number, 7), (40 * number, 10, 90)).save(path)
    (tmp_path / "in/bad.png").write_bytes(b"no image")
    return tmp_path / "in"
