from translate.testing import check_format


def test_the_format_keeps_the_rules():
    check_format("npy")
