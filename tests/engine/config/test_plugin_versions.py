"""The plugins that a configuration needs, by distribution, and those that are missing."""

import pytest
from swapped_loss import SwapsRealAndFake
from valid_recipe import register_parts

from translate.engine.config import plugin_versions
from translate.engine.config.plugin_versions import missing_plugins_named
from translate.errors import ConfigError


def test_distributions_of_all_names_in_a_configuration_are_recorded(
    register_plugin, monkeypatch
) -> None:
    register_parts(register_plugin, "acme:parts", losses={"swapped": SwapsRealAndFake})
    register_parts(register_plugin, "unused:parts", losses={"unused": SwapsRealAndFake})
    monkeypatch.setattr(plugin_versions, "installed_version", lambda _: "1.5")
    document = {"recipe": "cyclegan", "options": {"gan": {"name": "swapped", "x": [1, None]}}}
    assert plugin_versions.plugin_versions(document) == {"acme": "1.5"}
    document["options"] = {"gan": "acme/swapped"}
    assert plugin_versions.plugin_versions(document) == {"acme": "1.5"}
    assert plugin_versions.plugin_versions({"recipe": "cyclegan"}) == {}


def test_an_error_names_missing_plugins_with_the_line_to_type() -> None:
    with (
        pytest.raises(
            ConfigError, match=r"no x\. .* made with .*: pip install no-such-thing==2\.1$"
        ),
        missing_plugins_named({"no-such-thing": "2.1", "translate-kit": "0.1.0"}),
    ):
        raise ConfigError("no x.")
    with pytest.raises(ConfigError, match=r"^no x\.$"), missing_plugins_named({}):
        raise ConfigError("no x.")
