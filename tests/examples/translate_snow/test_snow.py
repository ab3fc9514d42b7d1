from translate.testing import check_metric


def test_the_metric_keeps_the_rules():
    check_metric("snow")
    check_metric("snow", level=0.5)
