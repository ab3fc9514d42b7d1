"""Example plugins that are installed by pip: they are checked, trained and used."""

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import torch
from command_result import ROOT
from nibabel.nifti1 import Nifti1Image
from PIL import Image
from sandbox import EXAMPLES, MEDICAL, Sandbox

from translate.images.encode import write_image
from translate.images.source import read_image
from translate.registry import find


def test_a_third_party_plugin_is_listed_with_the_built_ins(sandbox: Sandbox) -> None:
    listed = sandbox.output("plugins")
    assert "translate-kit" in listed
    assert (
        "translate-sharpen 0.3.0\n"
        "  generators      shallow\n"
        "  losses          sobel-edge\n"
        "  recipes         sharpen\n"
    ) in listed


def test_a_third_party_recipe_trains_and_translates_and_a_missing_plugin_is_named(
    sandbox: Sandbox, domains: list[Any], run_command: Callable[..., Any], tmp_path: Path
) -> None:
    source, run = tmp_path / "data/soft/train", tmp_path / "run"
    flags = ["--plugin", "sharpen", *domains, "--out", run]
    sandbox.output("train", *flags, "--steps", 4, "--size", 32)
    assert (run / "checkpoints/step-00000004/weights.safetensors").is_file()
    sandbox.output("infer", run, source, tmp_path / "out")
    outputs = sorted((tmp_path / "out").glob("*.png"))
    assert [path.name for path in outputs] == [path.name for path in sorted(source.iterdir())]
    with Image.open(outputs[0]) as image:
        assert image.size == (32, 32)
    absent = run_command("infer", run, source, tmp_path / "out")  # not installed in this process
    assert absent.code == 2
    assert "no recipe is called 'sharpen'" in absent.err
    assert "not installed: pip install translate-sharpen==0.3.0" in absent.err


def test_a_third_party_tracker_records_a_run_and_its_resume(
    sandbox: Sandbox, domains: list[Any], tmp_path: Path
) -> None:
    table = tmp_path / "all/losses.csv"
    trackers = ["--set", f"train.trackers=[{{name: csvlog, file: {table}}}]"]
    small = ["--set", "train.log_every=1", "--size", 32, "--steps", 2]
    run = tmp_path / "run"
    sandbox.output("train", "--plugin", "sharpen", *domains, "--out", run, *small, *trackers)
    sandbox.output("train", "--resume", run, "--steps", 3)
    rows = [line.split(",") for line in table.read_text().splitlines()]
    assert [row[:3] for row in rows if row[2] == "generator/pixel"] == [
        ["run", str(step), "generator/pixel"] for step in (1, 2, 3)
    ]
    assert rows[-1] == ["run", "0", "outcome", "finished"]
    assert not (run / "problems.jsonl").exists()


def test_third_party_parts_work_in_every_recipe(
    sandbox: Sandbox, domains: list[Any], tmp_path: Path
) -> None:
    flags = ["--plugin", "pix2pix", *domains, "--out", tmp_path / "run"]
    parts = ["options.generator=shallow", "options.pixel=translate-sharpen/sobel-edge"]
    small = ["options.discriminator={name: patch, width: 4, layers: 2}"]
    settings = [word for key in (*parts, *small) for word in ("--set", key)]
    sandbox.output("train", *flags, "--steps", 2, "--size", 32, *settings)
    assert (tmp_path / "run/checkpoints/step-00000002").is_dir()


def test_flow_matching_trains_and_translates_with_its_options_of_inference(
    sandbox: Sandbox, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source, _ = image_folder("data/labels/train", 4), image_folder("data/summer/train", 4)
    run, flags = tmp_path / "run", ["--plugin", "flow", "--domains", "labels", "summer"]
    small = ["--set", "options.width=4", "--set", "train.ema=0.5", "--set", "train.batch_size=2"]
    sandbox.output("train", *flags, "--data", tmp_path / "data", "--out", run,
              "--steps", 4, "--size", 16, *small)  # fmt: skip
    shown = sandbox.output("show", run)
    assert "--set steps=20" in shown and "Euler steps; more are more exact" in shown
    for size in (1, 3):
        options = ["--set", "steps=3", "--batch-size", size, "--seed", 5]
        sandbox.output("infer", run, source, tmp_path / f"out{size}", *options)
    for path in sorted((tmp_path / "out1").glob("*.png")):
        assert path.read_bytes() == (tmp_path / "out3" / path.name).read_bytes()


def test_a_third_party_metric_measures_folders(
    sandbox: Sandbox, image_folder: Callable[..., Path]
) -> None:
    real, fake = image_folder("real", 3), image_folder("fake", 4)
    arguments = ["--real", real, "--fake", fake, "--metric", "snow", "--device", "cpu"]
    assert "snow ↓" in sandbox.output("evaluate", *arguments)


def test_one_generator_translates_between_three_seasons_of_the_sample_scenes(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    for path, pixels in islice(find("domain", "summer")(), 3):
        write_image(tmp_path / "data/summer" / path, pixels)
        write_image(tmp_path / "data/autumn" / path, pixels[..., [1, 0, 2]])  # leaves are red
    for path, pixels in islice(find("domain", "winter")(), 3):
        write_image(tmp_path / "data/winter" / path, pixels)
    seasons = ("summer", "autumn", "winter")
    run, flags = tmp_path / "run", ["--plugin", "stargan", "--domains", *seasons]
    small = ["options.width=4", "options.layers=2", "options.critic_steps=1",
             "options.generator.width=4", "options.generator.blocks=1", "train.preview_every=4",
             "train.batch_size=2"]  # fmt: skip
    settings = [word for setting in small for word in ("--set", setting)]
    sandbox.output("train", *flags, "--data", tmp_path / "data", "--out", run,
              "--steps", 4, "--size", 32, *settings)  # fmt: skip
    assert (run / "previews/step-00000004.png").is_file()
    record = json.loads((run / "log.jsonl").read_text().splitlines()[-1])
    assert 0 <= record["metrics"]["critic/auc"] <= 1
    source, results = tmp_path / "data/summer/train/0001.png", {}
    for season in seasons:
        sandbox.output("infer", run, source, tmp_path / season, "--to", season)
        results[season] = (tmp_path / season / "0001.png").read_bytes()
    assert len(set(results.values())) == 3
    refused = sandbox.translate("infer", run, source, tmp_path / "no", "--to", "spring")
    assert refused.returncode == 2
    assert "summer and autumn and winter, and does not translate to 'spring'" in refused.stderr


def test_pairs_of_a_third_party_layout_are_trained_on(
    sandbox: Sandbox, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    named, listed = image_folder("named", 4), image_folder("listed", 4)
    for number in range(4):
        name = f"{number // 2}_{('source', 'target')[number % 2]}.png"
        (named / f"{number:04}.png").rename(named / name)
    (listed / "pairs.csv").write_text("0000.png,0001.png\n0002.png,0003.png\n")
    for domain in ("named", "listed"):
        run = tmp_path / f"run-{domain}"
        sandbox.output("train", "--plugin", "sharpen", "--domains", domain, "--out", run,
                  "--data", tmp_path, "--set", "data.layout=pairs-csv", "--steps", 2,
                  "--size", 16, "--batch-size", 1)  # fmt: skip
        assert (run / "checkpoints/step-00000002").is_dir()


def test_the_plugin_guide_shows_the_example_verbatim() -> None:
    guide = (ROOT / "plugins/README.md").read_text()
    for name in ("translate_sharpen.py", "pyproject.toml", "test_sharpen.py"):
        assert f"\n{(EXAMPLES / 'translate_sharpen' / name).read_text()}```\n" in guide, name


def test_images_of_a_third_party_format_are_checked_trained_on_and_written(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRANSLATE_PLUGINS", ",".join((*MEDICAL, "translate_sharpen")))
    random = np.random.default_rng(0)
    for domain, ends in (("mr", (0, 4000)), ("ct", (-1024, 3071))):
        folder = tmp_path / "data" / domain / "train"
        folder.mkdir(parents=True)
        for number in range(4):
            numbers = random.integers(*ends, (32, 32, 1)).astype(np.int16)
            (folder / f"{number}.nii").write_bytes(Nifti1Image(numbers, np.eye(4)).to_bytes())
    flags, run = ["--domains", "mr", "ct", "--data", tmp_path / "data"], tmp_path / "run"
    assert "8 int16" in sandbox.output("datasets", "check", *flags[1:])
    sandbox.output("train", "--plugin", "sharpen", *flags, "--out", run, "--steps", 2, "--size", 16)
    sandbox.output("infer", run, tmp_path / "data/mr", tmp_path / "out")
    written = Nifti1Image.from_filename(tmp_path / "out/train/0.nii")
    assert (written.shape, written.get_data_dtype()) == ((32, 32, 1), np.int16)


def test_a_third_party_command_is_listed_and_run(sandbox: Sandbox, tmp_path: Path) -> None:
    help_text = sandbox.output("--help")
    assert "Commands of translate-hello:" in help_text
    assert "Print the mean absolute difference" in help_text
    run = small_checkpoints.cyclegan(tmp_path / "run")
    Image.new("RGB", (32, 32), "red").save(tmp_path / "red.png")
    output = sandbox.output("hello", run, tmp_path / "red.png")
    assert output.startswith(f"hello from {run}: ")
    refused = sandbox.translate("hello", tmp_path / "nowhere", tmp_path / "red.png")
    assert refused.returncode == 2
    assert refused.stderr == f"Error: there is no run {tmp_path / 'nowhere'}.\n"


def test_a_third_party_importer_makes_a_run_that_translates(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    swap = torch.eye(3).flip(0)  # red and blue
    torch.save({"matrix": swap, "offset": torch.tensor([0.0, 0.2, 0.0])}, tmp_path / "swap.pth")
    run, source = tmp_path / "run", tmp_path / "red.png"
    imported = sandbox.output("import", tmp_path / "swap.pth", "--out", run)
    assert "recognized by the importer matrix, recipe colour-matrix" in imported
    Image.new("RGB", (32, 32), (200, 0, 10)).save(source)
    sandbox.output("infer", run, source, tmp_path / "out")
    with Image.open(tmp_path / "out/red.png") as image:
        assert image.getpixel((5, 5)) == (10, 51, 200)


def test_a_third_party_exporter_writes_a_model(sandbox: Sandbox, tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    written = sandbox.output("export", run, tmp_path / "model.ts")
    assert "largest difference from PyTorch at 64x64: 0 (outputs are in [-1, 1])" in written


def test_the_recipe_network_importer_and_configuration_of_one_distribution_work_together(
    sandbox: Sandbox, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source, _ = image_folder("data/labels/train", 2), image_folder("data/summer/train", 2)
    small = ["options.generator.width=2", "options.generator.coarse_blocks=1",
             "options.discriminator.of.width=2", "options.content_weight=0"]  # fmt: skip
    settings = [word for setting in small for word in ("--set", setting)]
    flags = ["--data", tmp_path / "data", "--out", tmp_path / "run", "--size", 32, "--steps", 2]
    sandbox.output("train", "--config", "pix2pixhd-small", *flags, *settings)
    sandbox.output("export", tmp_path / "run", tmp_path / "G.pth")
    imported = sandbox.output("import", tmp_path / "G.pth", "--out", tmp_path / "again")
    assert "recognized by the importer pix2pixhd, recipe pix2pixhd" in imported
    for run, out in (("run", "out"), ("again", "same")):
        sandbox.output("infer", tmp_path / run, source, tmp_path / out)
    images = [read_image(tmp_path / out / "0000.png") for out in ("out", "same")]
    assert np.array_equal(*images)
