"""Pages of registered recipes, networks, metrics and others."""

import re

import pytest
from documentation import parts

from translate.engine.plugins.discovery import OWN_DISTRIBUTION
from translate.engine.system import signatures
from translate.registry import find, list_registrations


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Return all pages, by their names."""
    return {path.partition("/")[2]: text for path, text in parts.write().items()}


def test_every_built_in_name_is_on_a_page(pages: dict[str, str]) -> None:
    for page, (_, kinds) in parts.PAGES.items():
        for kind in set(kinds) - {"configuration"}:
            for registration in list_registrations(kind):
                if registration.distribution == OWN_DISTRIBUTION:
                    assert f"`{registration.name}`" in pages[f"{page}.md"], registration


def test_options_are_shown_with_default_text_and_values(pages: dict[str, str]) -> None:
    options = signatures.read_options(find("recipe", "cyclegan"), ["spec"])
    text = options["cycle_weight"].meaning
    assert text
    assert f"| `cycle_weight` | `10.0` | {text} |" in pages["recipes.md"]
    assert re.search(r"\| `dropout` \| `0\.5` \| \w.* \(0 to 1\) \|", pages["networks.md"])
    assert "| `file` | required |" in pages["layouts.md"]


def test_an_entry_has_the_setting_that_selects_it(pages: dict[str, str]) -> None:
    assert '--set "options.generator={name: unet, width: 64}"' in pages["networks.md"]
    assert "translate evaluate RUN --metric psnr" in pages["metrics.md"]
    assert "translate train --plugin cyclegan --domains A B" in pages["recipes.md"]


def test_configurations_and_sample_domains_are_in_tables(pages: dict[str, str]) -> None:
    assert "| `cyclegan-small` | CycleGAN on the sample landscapes" in pages["configurations.md"]
    assert "| `summer` |" in pages["domains.md"]
