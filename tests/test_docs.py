"""The documentation matches the program: hooks, keys, options, and commands that work."""

import inspect
import re
import shlex
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import page_blocks
import pytest
from click.testing import CliRunner
from command_result import ROOT
from documentation import navigation
from documentation.pages import PAGES_OUTSIDE_DOCS, REFERENCE, path_in_site
from parsed_command import all_commands, parse_command
from subprocesses import run_shell

from translate import hookspecs

Run = Callable[..., Any]
README = ROOT / "README.md"
GUIDE = (ROOT / "plugins/README.md").read_text()
PAGES = [README, *page_blocks.PAGES]
TESTED = re.compile(r"^<!-- tested -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def guide_code(mark: str) -> str:
    """Return the code below ``<!-- mark -->`` in the plugin guide."""
    (code,) = re.findall(rf"<!-- {mark} -->\n```python\n(.*?)^```$", GUIDE, re.M | re.S)
    return str(code)


def hooks() -> list[str]:
    """Return every hook as ``name(argument, argument)``."""
    functions = inspect.getmembers(hookspecs, lambda member: hasattr(member, "translate_spec"))
    return [f"{name}({', '.join(inspect.signature(f).parameters)})" for name, f in functions]


def flags() -> Iterator[tuple[str, str]]:
    """Yield every flag, with the command that has it."""
    for name, command in all_commands():
        for parameter in command.params:
            yield from (
                (f"translate {name}".strip(), flag)
                for flag in parameter.opts
                if flag.startswith("--")
            )


def test_every_hook_is_in_the_plugin_guide_with_its_arguments() -> None:
    assert len(hooks()) >= 11
    assert not [hook for hook in hooks() if f"`{hook}`" not in GUIDE]


@pytest.mark.parametrize("name", ["nifti", "snow", "flow"])
def test_code_of_the_plugin_guide_is_that_of_an_example_plugin(name: str) -> None:
    module = ROOT / f"tests/examples/translate_{name}/translate_{name}.py"
    assert guide_code(name) in module.read_text()


def test_the_command_of_the_guide_keeps_the_contract_and_greets(
    register_plugin: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from translate.testing import check_command

    (tmp_path / "printed_command.py").write_text(guide_code("command"))
    monkeypatch.syspath_prepend(tmp_path)
    module = import_module("printed_command")
    register_plugin(module, "hello:hello")
    check_command("hello")
    assert CliRunner().invoke(module.hello, ["you"]).output == "hello, you\n"


def test_the_event_hooks_example_keeps_the_contract_and_stops_a_run_that_diverges(
    register_plugin: Callable[..., object], tmp_path: Path
) -> None:
    from translate.run import Run as Training
    from translate.testing import check_events

    module = ModuleType("csvlog")
    exec(guide_code("csvlog"), vars(module))
    register_plugin(module, "csvlog:csvlog")
    check_events("csvlog")
    run = Training(tmp_path, {}, 10)
    for step, loss in ((1, 0.5), (2, 2000.0)):
        module.losses_logged(run, step, {"generator/l1": loss})
    assert (tmp_path / "losses.csv").read_text().splitlines() == [
        "step,generator/l1",
        "1,0.5",
        "2,2000.0",
    ]
    assert run.stop_reason == "a loss of 2e+03 at step 2"


def test_every_configuration_key_is_documented_with_its_description() -> None:
    from translate.engine.config.layers import SECTIONS

    page = (ROOT / "configs/README.md").read_text()
    for section, model in SECTIONS.items():
        table = page.partition(f"## `{section}`")[2].partition("\n## ")[0]
        rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.+?) \|$", table, re.MULTILINE))
        assert rows == {key: field.description for key, field in model.model_fields.items()}


def test_every_command_is_in_the_readme() -> None:
    text = README.read_text()
    assert not [command for command, _ in flags() if command not in text]


def test_every_flag_in_the_readme_exists() -> None:
    known_flags = {flag for _, flag in flags()} | {"--help", "--nproc-per-node", "--standalone"}
    prose = re.sub(r"^.*\bpip install\b.*$", "", README.read_text(), flags=re.MULTILINE)
    unknown = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", prose)) - known_flags
    assert not unknown


def test_the_readme_has_at_most_120_lines() -> None:
    assert len(README.read_text().splitlines()) <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_has_valid_options(page: Path) -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    for line in "".join(blocks).splitlines():
        words = shlex.split(line, comments=True) if "translate " in line else []
        words = words[: words.index("&")] if "&" in words else words  # in the background
        if words[:1] in (["translate"], ["torchrun"]):
            parse_command(words[words.index("translate") + 1 :])


def test_every_page_is_in_the_navigation_once() -> None:
    listed = navigation.pages((ROOT / "zensical.toml").read_text())
    written = [page for page in listed if not page.startswith("reference/")]
    docs = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")]
    expected = {path_in_site(source) for source in [*docs, *PAGES_OUTSIDE_DOCS]}
    assert sorted(written) == sorted(expected - {path_in_site(REFERENCE)})


@pytest.mark.parametrize("page", page_blocks.PAGES, ids=page_blocks.page_path)
def test_every_block_of_commands_is_marked_as_tested_or_not_run(page: Path) -> None:
    for block in page_blocks.code_blocks(page):
        if page_blocks.COMMAND.search(block.text):
            assert page_blocks.MARK.fullmatch(block.mark), (
                f"{page}: put <!-- tested -->, <!-- tested with STAND-IN -->, "
                "<!-- tested by tests/test_x.py --> or <!-- not run: REASON --> above\n"
                f"{block.text}"
            )
            file = block.mark.removeprefix(page_blocks.TESTED_BY)
            if file != block.mark:
                text = (ROOT / file).read_text()
                assert "blocks_run_by(__file__)" in text, f"{page}: {file} runs no block of a page"


def test_every_link_in_the_documents_has_a_target() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            exists = target.startswith("http") or (page.parent / target).exists()
            assert exists, f"{page}: {target}"


def test_every_section_of_the_reference_that_a_page_links_to_is_there() -> None:
    sections = re.findall(r"^## (\w+)$", (ROOT / REFERENCE).read_text(), re.MULTILINE)
    texts = "".join(page.read_text() for page in PAGES)
    linked = set(re.findall(r"\]\(reference\.md#([^)]*)\)", texts))
    assert linked == {section.lower() for section in sections}


@pytest.mark.parametrize("as_printed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_readme_first_commands_work(
    as_printed: bool, image_folder: Callable[..., Path], tmp_path: Path, run_command: Run
) -> None:
    """As printed; or for a tenth of the steps, on a few images instead of sample data."""
    for domain in () if as_printed else ("summer", "winter"):
        image_folder(f"datasets/{domain}/train", 6, size=80)
        image_folder(f"datasets/{domain}/test", 4, size=80)
    text = "".join(TESTED.findall(README.read_text()))
    if not as_printed:
        text = re.sub(r"(?<=--steps )\d+", lambda steps: str(int(steps[0]) // 10 or 1), text)
    lines = [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]
    assert len(lines) > 3
    for program, *arguments in lines:
        assert program == "translate"
        result = run_command(*arguments)
        assert result.code == 0, (arguments, result.err)
    run_shell(shlex.join(lines[-1]), tmp_path)  # the program itself, as a shell finds it


def test_every_test_that_the_reliability_page_names_exists() -> None:
    selections = re.findall(r"`pytest ([^`]+)`", (ROOT / "docs/reliability.md").read_text())
    assert len(selections) > 10
    for selection in selections:
        paths, _, keywords = re.sub(r' -m "[^"]+"', "", f" {selection}").partition(" -k ")
        modules = [m for path in paths.split() or ["tests"] for m in _modules(ROOT / path)]
        names = re.findall(r"def (test\w+)", "".join(module.read_text() for module in modules))
        for word in keywords.strip('"').split(" or "):
            assert any(word in name for name in names), selection


def _modules(path: Path) -> list[Path]:
    assert path.exists(), path
    return sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
