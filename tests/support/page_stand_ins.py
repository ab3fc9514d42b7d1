"""Stand-ins for a bucket, the Hub, an index of packages and data sets, to run blocks of pages."""

import fnmatch
import gzip
import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import fake_hub
import numpy as np
import torch
from authors_networks import AuthorsResnet
from command_result import ROOT
from package_index import running_package_index
from page_programs import program_environment
from PIL import Image
from s3_server import running_s3_server
from sandbox import create_environment

Environment = dict[str, str]
SHORT_RUNS = """
translate train --config cgan-mnist --domains classes --set data.layout=labelled \\
  --out runs/cgan-mnist
translate train --config text2img-small --out runs/text2img-summer-winter
translate train --config inpaint-small --domains summer --out runs/inpaint-trainB
"""
"""commands that train the runs that a block of docs/methods.md names"""


@contextmanager
def s3_server(folder: Path, *, expected: str) -> Iterator[Environment]:
    """Run an S3 server with a bucket ``photos``; in the end it must have an object `expected`."""
    import s3fs

    with running_s3_server() as environment:
        files = s3fs.S3FileSystem(
            key=environment["AWS_ACCESS_KEY_ID"],
            secret=environment["AWS_SECRET_ACCESS_KEY"],
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            use_listings_cache=False,
        )
        files.makedirs("photos", exist_ok=True)
        for name in ("summer", "in"):
            for path in (folder / "datasets/summer/test").iterdir():
                files.pipe_file(f"photos/{name}/{path.name}", path.read_bytes())
        for path in (folder / "shards").glob("*.tar"):
            files.pipe_file(f"photos/shards/{path.name}", path.read_bytes())
        yield environment
        assert fnmatch.filter(files.find("photos"), expected), files.find("photos")


@contextmanager
def hub(folder: Path) -> Iterator[Environment]:
    """Run a server with the protocol of the Hugging Face Hub."""
    with fake_hub.running_hub() as server:
        yield {
            "HF_ENDPOINT": server.address,
            "HF_TOKEN": fake_hub.TOKEN,
            "HF_HUB_CACHE": str(folder / "hub"),
            "HF_HUB_DISABLE_XET": "1",
        }


@contextmanager
def own_environment(folder: Path) -> Iterator[Environment]:
    """Create an environment for plugins, and run an index of packages.

    In the end, the index must have every package that was built below the folder.
    """
    shutil.copytree(ROOT / "tests/examples", folder / "tests/examples")
    for name, domain in (("blurred", "summer"), ("sharp", "winter")):
        (folder / "datasets" / name).symlink_to(folder / "datasets" / domain)
    with running_package_index() as index:
        yield {
            "PYTHON": create_environment(folder / "environment"),
            "PYTHONWARNINGS": "",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"),
            "TWINE_REPOSITORY_URL": index.address,
            "TWINE_USERNAME": "__token__",
            "TWINE_PASSWORD": "pypi-secret",
        }
        built = {path.name for path in folder.glob("*/dist/*")}
        assert {upload.file for upload in index.uploads} == built


@contextmanager
def authors_files(folder: Path) -> Iterator[Environment]:
    """Write weight files in the formats of the authors' programs."""
    weights = AuthorsResnet(4, 2).state_dict()
    for file in ("latest_net_G", "latest_net_G_A", "latest_net_G_B"):
        torch.save(weights, folder / f"{file}.pth")
    torch.save({"netG_A": weights, "netG_B": weights, "epoch": 3}, folder / "checkpoint.ckpt")
    yield {}


@contextmanager
def mnist(folder: Path) -> Iterator[Environment]:
    """Write a hundred random digits in the format of MNIST; training keeps their size."""
    digits = np.random.default_rng(0).integers(0, 256, (100, 28, 28), np.uint8)
    header = struct.pack(">4B3I", 0, 0, 8, 3, *digits.shape)
    path = folder / "datasets/mnist/train-images-idx3-ubyte.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(header + digits.tobytes()))
    yield {"SHORT": "--steps 2 --set data.workers=0"}


@contextmanager
def short_runs(folder: Path) -> Iterator[Environment]:
    """Train the runs of `SHORT_RUNS` for two steps."""
    for domain in ("summer", "winter"):
        images = folder / "datasets" / domain / "train"
        lines = [
            json.dumps({"file": image.name, "text": f"two red houses by a lake, in {domain}"})
            for image in images.iterdir()
        ]
        (images / "captions.jsonl").write_text("\n".join(lines))
        classes = folder / "datasets/classes/train"
        classes.mkdir(parents=True, exist_ok=True)
        (classes / domain).symlink_to(images)
    environment = program_environment(folder / "programs")
    subprocess.run(["bash", "-ec", SHORT_RUNS], cwd=folder, env=environment, check=True)
    (folder / "masks").mkdir()
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:40] = 255
    Image.fromarray(mask).save(folder / "masks/photo.png")
    yield {}


@contextmanager
def nothing(_: Path) -> Iterator[Environment]:
    """Need no stand-in but the programs of page_programs."""
    yield {}


STAND_INS: dict[str, Callable[[Path], AbstractContextManager[Environment]]] = {
    "a local S3 server": partial(s3_server, expected="photos/winter/*.png"),
    "a local S3 server and a stand-in for sbatch": partial(
        s3_server, expected="photos/out/.shards/1-of-200.json"
    ),
    "a local Hub": hub,
    "an environment and an index of packages of its own": own_environment,
    "files of the authors' networks": authors_files,
    "random digits": mnist,
    "runs of two steps": short_runs,
    "small images": nothing,
    "processes of one machine": nothing,
    "a CPU": nothing,
}
