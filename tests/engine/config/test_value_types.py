"""Settings of all domains or of each domain: ranges, units, bands and channels."""

from typing import Any

import pytest

from translate.engine.config.schema import Data
from translate.engine.config.value_types import by_domain, of_domain, rename_domains


def data(**settings: Any) -> Data:
    return Data(domains=("scans/mr", "scans/ct"), **settings)


def test_a_setting_is_of_all_domains_or_of_the_domains_that_it_names() -> None:
    assert of_domain(3, "scans/ct") == 3
    assert of_domain({"ct": 3}, "scans/ct") == of_domain({"scans/ct": 3}, "scans/ct") == 3
    assert of_domain({"ct": 3}, "scans/mr") is None
    assert by_domain({"ct": 3}) == [("ct", 3)]
    assert by_domain(3) == [("", 3)]
    assert by_domain(None) == []


def test_ranges_units_and_bands_are_set_for_one_domain_or_for_all() -> None:
    settings = data(range={"ct": [-1024, 3071]}, units={"ct": "HU"}, bands={"mr": [3, 1]})
    assert of_domain(settings.range, "scans/ct") == (-1024, 3071)
    assert of_domain(settings.range, "scans/mr") is None
    assert (settings.units, settings.bands) == ({"ct": "HU"}, {"mr": (3, 1)})
    of_all = data(range=[0, 4095], units="HU", bands=[1])
    assert (of_all.range, of_all.units, of_all.bands) == ((0, 4095), "HU", (1,))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"range": {"ct": [3071, -1024]}}, "expected two numbers of ct, the smaller first"),
        ({"range": [1, 1]}, r"expected two numbers, the smaller first \["),
        ({"range": [0, float("inf")]}, "finite"),
        ({"range": {"xt": [0, 1]}}, "expected names of domains, not 'xt'"),
        ({"bands": {"ct": [0]}}, "greater than or equal to 1"),
        ({"bands": []}, "at least 1"),
        ({"channels": 65}, "less than or equal to 64"),
    ],
)
def test_invalid_settings_of_domains_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data(**settings)


def test_new_domains_take_the_settings_of_the_old_domains_in_order() -> None:
    data = {
        "domains": ["scans/mr", "ct"],
        "channels": {"mr": 1, "ct": 3},
        "labels": ["ct"],
        "units": {"ct": "HU"},
        "range": [0, 4095],
        "size": 64,
    }
    assert rename_domains(data, ["x/a", "y/b"]) == data | {
        "channels": {"x/a": 1, "y/b": 3},
        "labels": ["y/b"],
        "units": {"y/b": "HU"},
    }


def test_a_domain_of_both_runs_keeps_its_settings_in_any_order() -> None:
    data = {"domains": ["mr", "ct"], "channels": {"mr": 1, "ct": 3}, "labels": ["mr"]}
    reversed_domains = rename_domains(data, ["ct", "mr"])
    assert reversed_domains["channels"] == {"ct": 3, "mr": 1}
    assert reversed_domains["labels"] == ["mr"]


def test_another_number_of_domains_changes_nothing() -> None:
    data = {"domains": ["mr", "ct"], "channels": {"mr": 1, "ct": 3}}
    assert rename_domains(data, ["a"]) == data
    assert rename_domains(data, ["mr", "ct"]) == data
