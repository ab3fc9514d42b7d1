"""`translate show`: a full configuration as YAML, to be saved, edited and used."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs

from translate import registry
from translate.cli.show import KINDS
from translate.contract import verdicts
from translate.contract.subject import subject
from translate.engine.config import layers, yaml
from translate.engine.config.layers import KEYS, SECTIONS
from translate.engine.config.parts import part_kind, part_name
from translate.engine.system import signatures
from translate.registry import create_generator

Run = Callable[..., Any]


def test_every_setting_has_its_meaning_as_a_comment(run_command: Run) -> None:
    text = run_command("show", "cyclegan").out
    assert text.splitlines()[0] == "recipe: cyclegan"
    for section in SECTIONS:
        for key in KEYS[section]:
            line = next(ln for ln in text.splitlines() if ln.startswith(f"  {key}: "))
            meaning = SECTIONS[section].model_fields[key].description
            assert meaning and f"# {meaning}" in line
    assert re.search(
        r"^  cycle_weight: 10\.0 +# weight of the cycle-consistency loss \(L1\)$", text, re.M
    )
    assert re.search(r"^  epochs: 200 +# times to see", text, re.M)
    assert re.search(r"^  steps: null +# ", text, re.M)


def test_options_of_parts_are_shown_with_their_purpose(run_command: Run) -> None:
    text = run_command("show", "pix2pix").out
    assert re.search(r"^  # Options of adversarial: \{name: vanilla\}$", text, re.M)
    assert re.search(
        r"^  #   label_smoothing: 0\.0 +# .*against an overconfident discriminator$", text, re.M
    )
    assert re.search(r"^  # \{name: noisy, of: patch\} +# Instance noise .*: against ", text, re.M)
    assert re.search(r"^  #   until: 0\.5 +# share of training", text, re.M)
    assert "size_average" not in text  # torch's own option of l1 has no meaning to show


def test_settings_can_be_saved_edited_and_used(run_command: Run, tmp_path: Path) -> None:
    text = run_command("show", "pix2pix").out
    (tmp_path / "mine.yaml").write_text(text.replace("pixel_weight: 100.0", "pixel_weight: 3"))
    edited = layers.resolve(config=str(tmp_path / "mine.yaml"))
    plain = layers.resolve("pix2pix", flags={"data.domains": ["A", "B"]})
    assert edited.options == {**plain.options, "pixel_weight": 3.0}
    assert edited.train == plain.train
    (tmp_path / "again.yaml").write_text(run_command("show", "mine.yaml").out)
    assert layers.resolve(config=str(tmp_path / "again.yaml")) == edited


def test_a_config_and_a_run_are_shown_complete(
    run_command: Run, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    assert "batch_size: 1" in run_command("show", "cyclegan-small").out
    image_folder("a", 2), image_folder("b", 2)
    small_runs.train(small_runs.config(tmp_path, train__steps=1), tmp_path / "runs/mine")
    text = run_command("show", "runs/mine").out
    assert "pool_size: 3" in text
    assert "steps: 1 " in text
    step = "runs/mine/checkpoints/step-00000001"
    assert run_command("show", step).out.replace(step, "runs/mine") == text
    assert text.startswith(
        "# step-00000001 of cyclegan: step 1\n"
        "# Translates images to a:\n#   translate infer runs/mine SOURCE OUT --to a\n"
    )
    (tmp_path / "again.yaml").write_text(text)
    assert layers.resolve(config="again.yaml").options["pool_size"] == 3


def test_show_without_a_name_lists_all_names_by_kind(run_command: Run) -> None:
    lines = run_command("show").out.splitlines()
    for name in ("cyclegan", "cyclegan-small", "paired", "resnet", "patch", "lsgan", "summer"):
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert len(line.split()) > 3, line
    everything = json.loads(run_command("show", "--json").out)
    assert {entry["kind"] for entry in everything} == set(KINDS)
    assert not [entry for entry in everything if not entry["summary"]]
    quiet = run_command("show", "--kind", "layout", "--quiet").out.split()
    assert quiet == [entry["name"] for entry in everything if entry["kind"] == "layout"]


def test_every_name_of_the_list_can_be_shown(run_command: Run) -> None:
    for entry in json.loads(run_command("show", "--json").out):
        if entry["kind"] not in ("configuration", "recipe"):
            found = run_command("show", entry["name"], "--kind", entry["kind"])
            assert (found.code, found.err) == (0, "")
            assert f"\nname: {entry['name']}\n" in found.out
            assert entry["summary"] in found.out


@pytest.mark.parametrize(
    ("name", "selected", "line"),
    [
        (
            "resnet",
            '--set "options.generator={name: resnet, width: 64}"',
            r"blocks: null +# number of resid",
        ),
        (
            "lsgan",
            '--set "options.adversarial={name: lsgan, label_smoothing: 0.0}"',
            r"label_flipping: 0\.0 +# fraction",
        ),
        ("paired", '--set "data.layout={name: paired', r"drop_unpaired: false"),
        ("vgg", "options.discriminator of ", r"width: 64 +# .* \(more than 0\)"),
        ("summer", "translate datasets draw summer", "name: summer"),
    ],
)
def test_a_part_is_shown_with_its_options_and_how_to_select_it(
    run_command: Run, name: str, selected: str, line: str
) -> None:
    text = run_command("show", name).out
    assert selected in text
    assert re.search(f"^{line}", text, re.M), text
    (document,) = [yaml.parse(part, name) for part in text.split("---")]
    assert document["name"] == name


def test_a_shown_part_can_be_set_as_an_option(run_command: Run) -> None:
    shown = yaml.parse(run_command("show", "resnet").out, "resnet")
    data = {"domains": ["a", "b"]}
    resolved = layers.resolve("pix2pix", config={"options": {"generator": shown}, "data": data})
    create_generator(resolved.options["generator"], in_channels=3, out_channels=3)


def test_one_name_of_several_kinds_is_shown_with_the_others(run_command: Run) -> None:
    text = run_command("show", "dcgan").out
    assert text.startswith("recipe: dcgan")
    assert "# dcgan is also a discriminator: translate show dcgan --kind discriminator" in text
    assert run_command("show", "mlp").out.count("\nname: mlp\n") == 2
    (one,) = json.loads(run_command("show", "mlp", "--kind", "generator", "--json").out)["parts"]
    widths = [option for option in one["options"] if option["name"] == "width"]
    assert widths == [
        {
            "name": "width",
            "meaning": "units of each hidden layer",
            "default": 512,
            "required": False,
            "choices": "more than 0",
        }
    ]


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("cyclegan", r"adversarial: lsgan +# adversarial loss \(.*vanilla, lsgan, hinge"),
        ("pix2pix", r"pixel: l1 +# pixel loss to the target image \(l1, l2, ssim, "),
        ("gan", r"prior: uniform +# .*\(normal, uniform, sphere\)"),
        ("cyclegan", r"generator: resnet +# .*\(resnet, unet, "),
        ("cyclegan", r"lr: 0\.0002 +# .*\(0 or more\)"),
        ("cyclegan", r"precision: fp32 +# .*\(fp32, bf16\)"),
        ("cyclegan", r"max_bad: 0\.05 +# .*\(0 to 1\)"),
    ],
)
def test_an_option_has_its_choices_as_a_comment(run_command: Run, recipe: str, expected: str) -> None:
    assert re.search(f"^  {expected}", run_command("show", recipe).out, re.M)


def test_a_network_is_a_choice_only_where_its_output_fits(run_command: Run) -> None:
    translating = run_command("show", "cyclegan").out.partition("generator: ")[2].partition("\n")[0]
    drawing = run_command("show", "gan").out.partition("generator: ")[2].partition("\n")[0]
    assert "unet" in translating and "mlp" not in translating and "encoder" not in translating
    assert "mlp" in drawing and "unet" not in drawing


def test_the_kind_of_an_option_is_the_kind_of_part_that_the_recipe_creates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[str, str]] = []
    create = registry.create

    def watched(kind: registry.Kind, part: registry.Part, **given: Any) -> Any:
        made.append((kind, registry.split_part(kind, part)[0]))
        return create(kind, part, **given)

    for name in registry.names("recipe"):
        small = verdicts.small_options("recipe", name)
        tested = subject(name, small, None, None)
        monkeypatch.setattr(registry, "create", watched)
        made.clear()
        tested.make()
        monkeypatch.undo()
        for option in signatures.read(registry.find("recipe", name), ["spec"]).values():
            if kind := part_kind(option):
                chosen = option.name not in ("content", "adversarial", "discriminator", "pixel")
                assert (kind, part_name(option.default)) in made or not chosen, (name, option.name)
            assert kind or "Part" not in str(option.annotation) or option.name == "damage"


def test_a_run_is_shown_with_the_commands_that_use_its_model(
    run_command: Run, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("digits/one", 2), image_folder("digits/two", 2)
    small_runs.train(
        small_runs.config(tmp_path, "cgan", data__domains=["digits"], train__steps=1),
        tmp_path / "runs/digits",
    )
    text = run_command("show", "runs/digits").out
    assert "# Draws images of 16x16 pixels from noise:\n" in text
    assert "#   translate sample runs/digits OUT --class one\n" in text
    assert "#   classes: one, two, or all\n" in text
    assert "translate infer" not in text
    shutil.rmtree(tmp_path / "runs/digits/checkpoints")
    assert run_command("show", "runs/digits").out.startswith(
        "# Nothing can be translated or drawn yet: "
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "cyclgan",
            "no recipe, part, configuration or run is called 'cyclgan'. Did you mean 'cyclegan'? "
            "`translate show` lists all names.",
        ),
        (
            "cyclegan-smal",
            "no recipe, part, configuration or run is called 'cyclegan-smal'. "
            "Did you mean 'cyclegan-small'? `translate show` lists all names.",
        ),
        ("none.yaml", "there is no file none.yaml."),
        ("empty.yaml", "empty.yaml: expected recipe, options, data and train, got None."),
        (
            "nameless.yaml",
            "which recipe? Name one with --plugin, or a configuration with --config: "
            "`translate show` lists them.",
        ),
        ("odd.yaml", "data: expected a mapping, got None."),
        ("wrong.yaml", "train.stepz: unknown key. Did you mean 'steps'?"),
        ("net_G.pth", "net_G.pth is a file: expected a run folder, or one of its checkpoints."),
        (".", ". holds no whole checkpoint."),
    ],
)
def test_an_unknown_name_is_an_error_of_one_line(
    name: str, said: str, run_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "nameless.yaml").write_text("train: {steps: 3}\n")
    (tmp_path / "odd.yaml").write_text("recipe: cyclegan\ndata:\n")
    (tmp_path / "net_G.pth").write_bytes(b"")
    (tmp_path / "wrong.yaml").write_text("recipe: cyclegan\ntrain: {stepz: 3}\n")
    found = run_command("show", name)
    assert (found.code, found.out, found.err) == (2, "", f"Error: {said}\n")
