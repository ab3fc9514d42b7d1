"""An S3 server on this machine, and folders that are copied to and from stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from translate.engine.objects.files import open_files, open_in_process
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.objects import open_store
from translate.engine.system.locations import parse_location
from translate.folders.walk import walk

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def running_s3_server() -> Iterator[dict[str, str]]:
    """Start a server, and yield the environment variables for its clients."""
    from moto.server import ThreadedMotoServer

    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    try:
        yield {"AWS_ENDPOINT_URL": f"http://{host}:{port}", **CREDENTIALS}
    finally:
        moto.stop()


def connect_clients(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect the clients of this process to the server with these environment variables."""
    import s3fs

    for name, value in server.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    open_store.cache_clear()
    open_in_process.cache_clear()


def new_bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the URL of an empty bucket; its scheme is the parameter of a fixture."""
    name = f"bucket-{uuid4()}"
    if request.param == "s3":
        connect_clients(request.getfixturevalue("server"), monkeypatch)
        open_files("s3", name).system.mkdir(name)
    return parse_location(f"{request.param}://{name}")


def upload(folder: Path, url: Path) -> None:
    """Copy a folder into a store."""
    for path in folder.rglob("*.*"):
        storage_of(url).replace(url / path.relative_to(folder).as_posix(), path.read_bytes())


def download(url: Path, folder: Path) -> Path:
    """Copy the images of a store into a folder, and return it."""
    storage = storage_of(url)
    for siblings in walk(url):
        for name in siblings.images:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(storage.open_image(url / name, max_pixels=9).data)
    return folder
