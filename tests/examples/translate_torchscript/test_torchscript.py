from translate.testing import check_exporter


def test_the_exporter_keeps_the_rules():
    check_exporter("torchscript")
