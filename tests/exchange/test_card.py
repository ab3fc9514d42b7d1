"""The README of an imported run states the origin of its weights and what was assumed."""

from pathlib import Path

from translate.exchange.card import Origin, format_card
from translate.importers import ImportedModel
from translate.weights import hash_file


def test_a_card_names_the_files_the_settings_and_the_assumptions(tmp_path: Path) -> None:
    file = tmp_path / "a|b.pth"
    file.write_bytes(bytes(1234))
    imported = ImportedModel(
        recipe="cut",
        options={"generator": {"name": "resnet", "width": 4}},
        tensors={},
        channels=(1, 3),
        notes=("crops had 256 pixels",),
    )
    origins = [Origin(file, "netG", ("photo", "monet"))]
    options, untrained = {"dropout": 0.5}, ["discriminator"]
    card = format_card(tmp_path / "run", "junyanz", options, imported, origins, untrained)
    assert card.splitlines() == [
        "# run: imported weights",
        "",
        "Made by `translate import`, importer `junyanz` with `dropout=0.5`, recipe `cut`.",
        "",
        "| file | network | translates | bytes | sha256 |",
        "|---|---|---|---|---|",
        f"| `a/b.pth` | `netG` | photo → monet | 1,234 | `{hash_file(file)}` |",
        "",
        "Licence: unknown; the file does not say. Ask whoever trained the weights.",
        "",
        "## Recognized",
        "",
        "- `generator: {name: resnet, width: 4}`",
        "- channels: 1 to 3",
        "",
        "## Assumed",
        "",
        "- crops had 256 pixels",
        "- untrained, because not in the file: `discriminator`",
        "",
        "## Use",
        "",
        "```",
        "translate infer run SOURCE OUT",
        "```",
    ]
