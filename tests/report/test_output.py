"""Where a report is written, and what it may replace."""

from pathlib import Path

import pytest

from translate.errors import ConfigError, SaveError
from translate.report import output, page
from translate.report.run_data import read_runs


def test_a_report_of_one_run_is_in_the_run(run: Path) -> None:
    assert output.default_path([run]) == run / "report.html"
    assert output.default_path([run, run]) == Path("report.html")


def test_an_earlier_report_may_be_replaced(run: Path) -> None:
    path = run / "report.html"
    output.require_replaceable(path)
    output.write(path, page.render(read_runs([run])))
    output.require_replaceable(path)


def test_R5_another_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("<html>mine</html>")
    with pytest.raises(ConfigError, match=r"mine\.html: the file exists and is no report"):
        output.require_replaceable(tmp_path / "mine.html")
    with pytest.raises(
        ConfigError, match=r"it is a folder\. Expected a file: --out .*report\.html"
    ):
        output.require_replaceable(tmp_path)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match=r"could not write .*file/report\.html"):
        output.write(tmp_path / "file/report.html", b"")
