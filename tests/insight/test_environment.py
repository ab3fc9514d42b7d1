"""`translate doctor` finds faults of the environment and shows the fix."""

import shutil
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import features

from translate.engine.plugins import discovery
from translate.insight.environment import Finding, check_environment


def findings_of(subject: str) -> list[Finding]:
    return [finding for finding in check_environment() if finding.subject == subject]


def test_this_environment_has_no_fault() -> None:
    findings = list(check_environment())
    assert [finding for finding in findings if finding.state == "broken"] == []
    assert {"python", "torch", "torchvision", "codecs", "plugins", "disk"} <= {
        finding.subject for finding in findings
    }


def test_G11_a_torchvision_built_for_another_torch_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = "operator torchvision::nms does not exist"
    (tmp_path / "torchvision.py").write_text(f"raise RuntimeError({message!r})")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    (finding,) = findings_of("torchvision")
    assert finding.state == "broken"
    assert message in finding.text
    assert "pip install --force-reinstall torch torchvision" in finding.advice


def test_another_package_of_our_name_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.distribution

    def distribution(name: str) -> Any:
        return SimpleNamespace() if name == "translate-toolkit" else real(name)

    monkeypatch.setattr(metadata, "distribution", distribution)
    (finding,) = findings_of("translate-kit")
    assert finding.state == "broken"
    assert "pip uninstall translate-toolkit" in finding.advice


def test_a_missing_codec_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: name != "avif")
    (finding,) = findings_of("codecs")
    assert finding.state == "note"
    assert finding.advice == "AVIF files will be listed as unreadable"


def test_a_plugin_that_was_not_loaded_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(discovery.skipped, "acme:second", ImportError("no such module"))
    notes = [f for f in findings_of("plugins") if f.state == "note"]
    assert [f.text for f in notes] == ["acme:second was not loaded: ImportError: no such module"]


def test_little_shared_memory_and_a_full_disk_are_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=64e6))
    assert "--shm-size" in findings_of("shared memory")[0].advice
    assert findings_of("disk")[0].text.startswith("0.1 GB free in ")


def test_a_check_that_fails_is_a_finding_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(shutil, "disk_usage", fail)
    assert findings_of("disk_space") == [Finding("disk_space", "broken", "OSError: gone")]
    assert findings_of("compiler"), "and the next check runs"
