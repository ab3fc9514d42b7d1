"""The page in a real browser, and for runs with few or damaged files."""

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import recorded_runs
import small_checkpoints

from translate.engine.disk import files
from translate.engine.disk.folders import remove_folder
from translate.engine.disk.records import json_files
from translate.report import page
from translate.report.run_data import read_runs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ALL_PLOTS_DRAWN = (
    "[...document.querySelectorAll('.plot')].every(plot => plot.querySelector('.scatterlayer'))"
)
SCRIPT_TAG = "<script>document.title = 'run'</script>"


def html_of(path: Path) -> str:
    return page.render(read_runs([path])).decode()


def wait_for(tab: "Page", expression: str) -> None:
    """Wait until an expression is true; `Page.wait_for_function` violates the page's policy."""
    for _ in range(1000):
        if tab.evaluate(expression):
            return
        tab.wait_for_timeout(30)
    pytest.fail(f"never true: {expression}")


def test_the_slider_the_figures_and_both_colour_schemes_work_in_a_browser(
    browser: "Browser", run: Path, tmp_path: Path
) -> None:
    other = recorded_runs.write_run(tmp_path / "second", identity_weight=0.5)
    (tmp_path / "report.html").write_bytes(page.render(read_runs([run, other])))
    tab = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme="dark")
    errors, requests = [], []
    tab.on("console", lambda message: errors.append(message.text))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    address = (tmp_path / "report.html").as_uri()
    tab.goto(address)
    wait_for(tab, ALL_PLOTS_DRAWN)
    fill = "document.querySelector('.plot .bg')?.style.fill"
    dark = tab.evaluate(fill)
    tab.emulate_media(color_scheme="light")
    wait_for(tab, f"![undefined, '{dark}'].includes({fill})")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360, "nothing is cut off"

    slider, newest = tab.get_by_label("Preview").first, "Preview of first at step 30"
    rows = "; rows of images: source, translated, target"
    assert tab.get_by_alt_text(newest + rows).is_visible()
    slider.focus()
    slider.press("ArrowLeft")
    assert not tab.get_by_alt_text(newest).is_visible()
    assert tab.get_by_alt_text("Preview of first at step 20").is_visible()
    assert slider.get_attribute("aria-valuetext") == "step 20"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    box = slider.bounding_box()
    assert box
    tab.mouse.click(box["x"] + 3, box["y"] + box["height"] / 2)
    oldest = tab.get_by_alt_text("Preview of first at step 10")
    assert oldest.is_visible() and oldest.evaluate("image => image.naturalWidth") == 134
    assert tab.get_by_alt_text("Preview of second at step 30").is_visible()

    assert tab.get_by_role("row", name="options.identity_weight 5.0 0.5").is_visible()
    roles = ("source", "output", "ground truth")
    for image in [tab.get_by_alt_text(f"{role} of 0003.png").first for role in roles]:
        assert image.is_visible() and image.evaluate("image => image.naturalWidth") == 32
    worst = tab.get_by_role("listitem").filter(has_text="psnr 12.00, 0003.png")
    assert worst.count() == 2, "of both runs"
    levels = tab.locator("h1, h2, h3, h4, h5").evaluate_all(
        "all => all.map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels)), "no level is skipped"
    assert tab.locator("img:not([alt])").count() == 0
    assert errors == []
    assert [url for url in requests if not url.startswith("data:")] == [address]
    tab.close()


def test_R3_text_of_a_run_is_never_code(browser: "Browser", tmp_path: Path) -> None:
    name = SCRIPT_TAG.replace("/", "-")
    run = recorded_runs.write_run(tmp_path / name, domains=(name, "winter"))
    for name in ("run.json", "problems.jsonl"):
        record = {
            "path": SCRIPT_TAG,
            "stage": SCRIPT_TAG,
            "message": SCRIPT_TAG,
            "command": [SCRIPT_TAG],
            "device": SCRIPT_TAG,
        }
        (files.replace_json if name == "run.json" else files.append)(run / name, record)
    files.append(run / "log.jsonl", {"step": 900, "losses": {f"generators/{SCRIPT_TAG}": 1.0}})
    names = {f'"{SCRIPT_TAG}': 1.0, f"'{SCRIPT_TAG}": 2.0}
    recorded_runs.write_evaluation(run, names, np.zeros((2, 8, 8, 3), np.uint8))
    text = html_of(run)
    assert text.count("<script") == len(re.findall(r"<script (nonce|type|id)=", text)) == 3
    (tmp_path / "report.html").write_text(text)
    tab = browser.new_page()
    tab.goto((tmp_path / "report.html").as_uri())
    wait_for(tab, ALL_PLOTS_DRAWN)
    assert tab.title().startswith("Run <script>")
    assert tab.get_by_role("cell", name=SCRIPT_TAG).first.is_visible()
    for name in names:
        assert tab.get_by_alt_text(f"output of {name}").is_visible()
    tab.close()


def test_the_page_of_a_run_with_only_a_checkpoint_names_what_is_missing(tmp_path: Path) -> None:
    text = html_of(small_checkpoints.cyclegan(tmp_path / "bare"))
    assert "previews: there is none" in text and "curves: log.jsonl has no usable line" in text
    assert "This run has not been evaluated: <code>translate evaluate " in text
    assert 'id="plotly"' not in text and len(text) < 30_000


@pytest.mark.parametrize("lines", [1, 2])
def test_a_log_of_few_lines_is_drawn(tmp_path: Path, lines: int) -> None:
    run = recorded_runs.write_run(tmp_path / "short", lines=lines, previews=1)
    text = html_of(run)
    assert f"step {10 * lines} of {10 * lines}" in text and "Losses of generators" in text
    assert "Preview of step 10" in text and 'type="range"' not in text


def test_damaged_previews_and_lines_are_named_on_the_page(run: Path) -> None:
    (run / "previews/step-00000020.png").write_bytes(b"\x89PNG")
    with (run / "log.jsonl").open("a") as file:
        file.write('{"step": 500, "los')
    (run / "previews.json").write_text("{")
    text = html_of(run)
    assert "the preview of step 20: " in text and 'data-step="30"' in text
    assert "previews.json" in text


def test_the_best_and_the_worst_images_are_ranked(run: Path) -> None:
    [view] = [page._view(data, 1) for data in read_runs([run])]
    [ranking] = view.rankings
    rows = [[(row.name, row.value) for row in rows] for rows in (ranking.best, ranking.worst)]
    assert rows == [
        [("0001.png", "21.50"), ("0002.png", "17.25")],
        [("0003.png", "12.00"), ("0004.png", "15.00")],
    ]


def test_the_least_trusted_images_are_shown_before_the_most_trusted() -> None:
    for metric, titles in (("trust", ["Worst", "Best"]), ("psnr", ["Best", "Worst"])):
        assert [title for title, _ in page.RankingView(metric, (), ()).groups] == titles


def test_compared_runs_have_fewer_images_each(run: Path) -> None:
    images = np.zeros((16, 8, 8, 3), np.uint8)
    recorded_runs.write_evaluation(run, {f"{n}.png": n for n in range(16)}, images)
    [data] = read_runs([run])
    assert [len(page._view(data, n).rankings[0].best) for n in (1, 2, 5)] == [8, 4, 3]


def test_an_evaluation_without_thumbnails_has_tables(run: Path) -> None:
    document = json_files.read_json(run / "evaluation.json")
    del document["examples"]
    files.replace_json(run / "evaluation.json", document)
    text = html_of(run)
    assert "<td>0003.png</td><td>12.00</td>" in text and "<ol" not in text
    assert "best and worst test images:" not in text


def test_missing_thumbnails_are_named_and_the_others_are_shown(run: Path) -> None:
    (run / "evaluation-images/worst-1-fake.png").unlink()
    (run / "evaluation-images/worst-2-fake.png").write_bytes(b"\x89PNG")
    text = html_of(run)
    assert text.count("best and worst test images: ") == 1 and ", and 1 more<" in text
    assert 'alt="source of 0003.png"' in text and 'alt="output of 0003.png"' not in text
    assert 'alt="output of 0001.png"' in text
    remove_folder(run / "evaluation-images")
    assert "<td>0003.png</td><td>12.00</td>" in html_of(run)


def test_R4_a_page_has_at_most_5_MB_with_100_previews_of_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "preview_thumbnails", full_budget)
    runs = [recorded_runs.write_run(tmp_path / f"{n}", lines=1500, previews=1) for n in range(2)]
    noise = np.random.default_rng(0).integers(0, 256, (16, 128, 128, 3), np.uint8)
    for run in runs:
        recorded_runs.write_evaluation(run, {f"{n}.png": n for n in range(16)}, noise)
    assert 3_000_000 < len(page.render(read_runs(runs))) <= 5_000_000


def full_budget(_previews: object, runs: int) -> tuple[list[object], list[str]]:
    """Return images that take all bytes that previews may have."""
    from translate.report.thumbnails import ALL_PREVIEWS_BYTES, MAX_PREVIEWS, Thumbnail

    count = MAX_PREVIEWS // runs
    uri = "A" * (ALL_PREVIEWS_BYTES // MAX_PREVIEWS * 4 // 3)
    return [(step, Thumbnail(uri, 640, 640)) for step in range(count)], []
