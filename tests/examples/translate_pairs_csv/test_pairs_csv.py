from translate.testing import check_layout


def test_the_layout_keeps_the_rules(root):
    check_layout("pairs-csv", data={"root": str(root), "domains": ["named"]})
    check_layout("pairs-csv", data={"root": str(root), "domains": ["listed"]})
