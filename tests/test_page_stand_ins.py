"""Blocks of pages that need a bucket, the Hub, Slurm or several processes run with stand-ins.

They run as printed, but that each training ends after two steps.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import fake_hub
import pytest
from command_result import ROOT
from page_blocks import STAND_IN, Block, with_stand_ins
from page_images import CROP, train_run, write_images, write_shards
from s3_server import running_s3_server

Environment = dict[str, str]
RUNS = ("first", "cyclegan-summer-winter")
SHORT = f"--steps 2 --size {CROP} --set data.workers=0"
TRANSLATE = f"""#!/bin/bash
[[ $1 == train ]] && set -- "$@" {SHORT}
exec {sys.executable} -m translate "$@"
"""
"""Trains for two steps."""
SBATCH = """#!/bin/bash
while [[ $1 == --* ]]; do
  [[ $1 == --array=* ]] && array=${1#--array=}
  shift
done
export SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=${array%%[-,%]*}
exec bash "$@"
"""
"""Runs the script at once, of an array the first task."""
TORCHRUN = f"""#!/bin/bash
set -- "${{@/node1:29400/localhost:0}}" {SHORT}
exec {sys.executable} -m torch.distributed.run "$@"
"""
"""Trains for two steps, on this machine alone."""
PROGRAMS = {
    "pip": "#!/bin/bash\n", "sbatch": SBATCH, "torchrun": TORCHRUN, "translate": TRANSLATE
}  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with images and two runs."""
    root = tmp_path_factory.mktemp("pages")
    write_shards(write_images(root))
    (root / "mixed").symlink_to(root / "datasets/summer/test")
    run = train_run(root, root / "run")
    for name in RUNS:
        shutil.copytree(run, root / "runs" / name)
    return root


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """Return the test's folder, with programs that stand in for others first on the path."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True, symlinks=True)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "horse2zebra").mkdir()
    for name, domain in (("trainA", "horses"), ("trainB", "zebras")):
        (tmp_path / "horse2zebra" / name).symlink_to(tmp_path / "datasets" / domain / "train")
    for name, text in PROGRAMS.items():
        path = tmp_path / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return tmp_path


@contextmanager
def s3_server(folder: Path, *, expected: str) -> Iterator[Environment]:
    """Run an S3 server with the bucket ``photos``; at the end it has the object `expected`."""
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
        yield environment
        assert files.exists(expected), files.find("photos")


@contextmanager
def hub(folder: Path) -> Iterator[Environment]:
    """Run a Hub."""
    with fake_hub.running() as server:
        yield {
            "HF_ENDPOINT": server.address,
            "HF_TOKEN": fake_hub.TOKEN,
            "HF_HUB_CACHE": str(folder / "hub"),
            "HF_HUB_DISABLE_XET": "1",
        }


@contextmanager
def nothing(_: Path) -> Iterator[Environment]:
    """Provide nothing but the programs of the folder."""
    yield {}


STAND_INS: dict[str, Callable[[Path], AbstractContextManager[Environment]]] = {
    "a local S3 server": partial(s3_server, expected="photos/winter/0007.png"),
    "a local S3 server and a stand-in for sbatch": partial(
        s3_server, expected="photos/out/.shards/1-of-200.json"
    ),
    "a local Hub": hub,
    "small images": nothing,
    "processes of one machine": nothing,
}


def test_every_mark_names_a_stand_in() -> None:
    marks = {block.mark.removeprefix(STAND_IN) for _, block in with_stand_ins()}
    assert marks == set(STAND_INS)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("page", "block"),
    with_stand_ins(),
    ids=lambda value: value.stem if isinstance(value, Path) else value.mark,
)
def test_a_block_runs_with_its_stand_in(page: Path, block: Block, folder: Path) -> None:
    programs = [str(folder / "programs"), str(Path(sys.executable).parent), os.environ["PATH"]]
    with STAND_INS[block.mark.removeprefix(STAND_IN)](folder) as environment:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=folder,
            env={**os.environ, **environment, "PATH": os.pathsep.join(programs)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{page}\n{block.text}\n{done.stdout}\n{done.stderr}"
