"""The report of a check: rules, seconds, versions and licence."""

import json

import pytest
from swapped_loss import SwapsRealAndFake
from valid_recipe import register_parts

from translate import __version__


def test_the_report_of_a_check_has_rules_versions_and_licence(
    register_plugin, run_command, tmp_path
) -> None:
    register_parts(register_plugin, "acme:parts", losses={"swapped": SwapsRealAndFake})
    for name, keeps_all_rules, licence in (("l1", True, "MIT"), ("swapped", False, None)):
        file = tmp_path / f"{name}.json"
        run_command("plugins", "check", name, "--quiet", "--report", file)
        report = json.loads(file.read_text())
        assert (report["checked"], report["ok"], report["errors"]) == (name, keeps_all_rules, [])
        assert report["versions"]["translate-kit"] == __version__
        (part,) = report["parts"]
        assert part["part"] == f"loss {name}"
        assert {rule["result"] for rule in part["rules"]} <= {"ok", "broken", "skipped"}
        broken = [rule for rule in part["rules"] if rule["result"] == "broken"]
        assert bool(broken) != keeps_all_rules
        total = sum(rule["seconds"] for rule in part["rules"])
        assert report["seconds"] == pytest.approx(total, abs=0.01)
        (distribution,) = report["distributions"]
        assert distribution["licence"] == licence
