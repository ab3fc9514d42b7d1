"""`translate report --watch` serves a page that changes with the run, on this machine only."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import recorded_runs

from translate.engine.disk import files
from translate.engine.disk.folders import remove_folder
from translate.errors import CheckpointError, ConfigError
from translate.report.watch import serve_reports


@pytest.fixture
def address(run: Path) -> Iterator[str]:
    with serve_reports([run], 0) as address:
        yield address


def test_the_page_changes_with_the_run(address: str, run: Path) -> None:
    version = httpx.get(f"{address}version").text
    page = httpx.get(address)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'data-version="{version}"' in page.text and "connect-src 'self'" in page.text
    assert httpx.get(f"{address}version").text == version
    files.append(run / "log.jsonl", {"step": 987, "losses": {"generators/gan": 1.0}})
    assert httpx.get(f"{address}version").text != version
    assert "step 987 of 987" in httpx.get(address).text
    version = httpx.get(f"{address}version").text
    remove_folder(run / "evaluation-images")
    assert httpx.get(f"{address}version").text != version
    recorded_runs.write_preview(run, 40)
    assert 'data-step="40"' in httpx.get(address).text


def test_S1_only_requests_to_this_machine_are_answered(address: str) -> None:
    answer = httpx.get(address, headers={"Host": "evil.example"})
    assert answer.status_code == 403 and "report" not in answer.text
    assert httpx.get(f"{address}../log.jsonl").status_code == 404
    assert httpx.post(address).status_code == 501


def test_R7_a_run_that_is_deleted_is_a_message(address: str, run: Path) -> None:
    run.rename(run.with_name("moved"))
    answer = httpx.get(address)
    assert answer.status_code == 500 and "is no run folder" in answer.text


def test_a_port_in_use_and_a_folder_that_is_no_run_are_refused(
    address: str, run: Path, tmp_path: Path
) -> None:
    port = httpx.URL(address).port or 0
    with (
        pytest.raises(ConfigError, match=f"--port {port}: cannot be used"),
        serve_reports([run], port),
    ):
        pass
    with pytest.raises(CheckpointError, match="is no run folder"), serve_reports([tmp_path], 0):
        pass
