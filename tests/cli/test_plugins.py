"""`translate plugins`: the list of distributions, as text and as JSON."""

import json

from swapped_loss import SwapsRealAndFake
from valid_recipe import register_parts


def test_plugins_are_listed_by_distribution_as_text_and_as_json(
    register_plugin, run_command
) -> None:
    register_parts(register_plugin, "acme:parts", losses={"swapped": SwapsRealAndFake})
    assert "acme ?\n  losses          swapped\n" in run_command("plugins").out
    records = json.loads(run_command("plugins", "--json").out)
    offers = {record["distribution"]: record["offers"] for record in records}
    assert offers["acme"] == {"loss": ["swapped"]}
    assert "cyclegan" in offers["translate-kit"]["recipe"]
    assert run_command("plugins", "--quiet").out == ""
