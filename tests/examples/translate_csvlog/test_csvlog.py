from translate.testing import check_tracker


def test_the_tracker_keeps_the_rules(tmp_path):
    check_tracker("csvlog", file=str(tmp_path / "losses.csv"))
