"""`translate import`: weight files become runs that translate."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from authors_networks import AuthorsResnet

Run = Callable[..., Any]


def test_an_imported_file_translates_a_folder(
    run_command: Run, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    torch.save(AuthorsResnet(4, 2).state_dict(), tmp_path / "G.pth")
    imported = run_command("import", "G.pth", "--out", "run", "--domains", "photo", "monet")
    assert (imported.code, imported.err) == (0, "")
    assert "recognized by the importer junyanz, recipe cut" in imported.out
    assert "translate infer run SOURCE OUT" in imported.out
    result = run_command("infer", "run", image_folder("photos", 2), "out")
    assert result.code == 0, result.err
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
    assert "Translates images to monet" in run_command("show", "run").out


def test_quiet_prints_nothing_and_an_error_is_one_line(run_command: Run, tmp_path: Path) -> None:
    torch.save(AuthorsResnet(4, 2).state_dict(), tmp_path / "G.pth")
    assert run_command("import", "G.pth", "--out", "run", "--quiet").out == ""
    again = run_command("import", "G.pth", "--out", "run")
    assert again.code == 2
    assert again.err == "Error: run already exists: choose another folder with --out.\n"


def test_networks_and_options_are_given_by_flags(run_command: Run, tmp_path: Path) -> None:
    both = {name: AuthorsResnet(4, 1).state_dict() for name in ("a", "b")}
    torch.save(both, tmp_path / "G.pt")
    flags = ["--network", "b", "a", "--set", "crop_size=64", "--out", "run"]
    assert run_command("import", "G.pt", *flags).code == 0
    assert "size: [64, 64]" in run_command("show", "run").out
    wrong = run_command("import", "G.pt", "--network", "b", "--set", "crop=64", "--out", "new")
    assert wrong.code == 2
    assert wrong.err == (
        "Error: importer 'junyanz' has no option 'crop'. Did you mean 'crop_size'?\n"
    )
    shown = run_command("show", "junyanz", "--kind", "importer").out
    assert "dropout: 0.5" in shown
