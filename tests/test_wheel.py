"""The wheel: its files, and training in a clean environment outside the checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch
from command_result import ROOT

SMALL = [
    *("--steps", 4, "--size", 32, "--device", "cpu", "--set", "data.cache=0"),
    *("--set", "options.generator={name: resnet, width: 4, blocks: 1, downsamplings: 1}"),
    *("--set", "options.discriminator={name: patch, width: 4}"),
]


def run_program(*command: object, cwd: Path) -> str:
    """Run `command` in `cwd` and return its standard output; fail with all of its output."""
    words = [str(word) for word in command]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the checkout, without a network."""
    out = tmp_path_factory.mktemp("dist")
    run_program(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out), cwd=ROOT
    )
    [path] = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel and our dependencies, not the checkout."""
    environment = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin/python"
    dependencies = Path(torch.__file__).parent.parent  # all dependencies are next to torch
    site_packages = sysconfig.get_path("purelib", vars={"base": str(environment)})
    Path(site_packages, "dependencies.pth").write_text(f"{dependencies}\n")
    run_program(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel),
        cwd=environment,
    )
    return python


def test_the_wheel_holds_two_packages_configs_and_cards(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert packages == {"translate", "translate_plugins"}
    for source, inside in [("configs", "configs"), ("datasets/cards", "datasets")]:
        expected = {
            f"translate/{inside}/{path.relative_to(ROOT / source)}"
            for path in (ROOT / source).rglob("*")
            if path.is_file()
        }
        assert expected and expected == {n for n in names if n.startswith(f"translate/{inside}/")}
    assert {"translate/py.typed", "translate_plugins/py.typed"} <= set(names)
    data_files = {n for n in names if n.endswith((".png", ".jpg", ".safetensors", ".pyc"))}
    assert not data_files
    assert sum(info.file_size for info in ZipFile(wheel).infolist()) < 3_000_000


def test_the_environment_imports_the_packages_of_the_wheel(python: Path, tmp_path: Path) -> None:
    code = "import translate, translate_plugins as p; print(translate.__file__, p.__file__)"
    for path in run_program(python, "-c", code, cwd=tmp_path).split():
        assert Path(path).is_relative_to(python.parent.parent)


@pytest.mark.slow
def test_the_wheel_trains_and_translates(
    python: Path, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    for domain in ("summer", "winter"):
        image_folder(f"data/{domain}/train")
    test = image_folder("data/summer/test", 2)
    command = [python, "-m", "translate"]
    flags = ["--data", "data", "--domains", "summer", "winter", "--out", "run"]
    run_program(*command, "train", "--plugin", "cyclegan", *flags, *SMALL, cwd=tmp_path)
    assert (tmp_path / "run/checkpoints/step-00000004/MANIFEST.json").is_file()
    run_program(*command, "infer", "run", test, "out", cwd=tmp_path)
    assert [path.name for path in sorted((tmp_path / "out").glob("*.png"))] == [
        path.name for path in sorted(test.iterdir())
    ]


@pytest.mark.slow
def test_the_wheel_contains_every_configuration(python: Path, tmp_path: Path) -> None:
    names = [config.stem for config in sorted((ROOT / "configs").glob("*.yaml"))]
    code = (
        "import sys; from translate.engine.config.yaml_text import read; [*map(read, sys.argv[1:])]"
    )
    run_program(python, "-c", code, *names, cwd=tmp_path)
    assert "recipe: cut\n" in run_program(
        python, "-m", "translate", "show", "cut-small", cwd=tmp_path
    )
