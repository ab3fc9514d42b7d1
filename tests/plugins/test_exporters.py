"""The built-in exporters keep the rules."""

from translate.testing import check_exporter


def test_the_exporter_of_torch_export_keeps_the_rules() -> None:
    check_exporter("torch-export")
