"""Sample domains: generated where they are missing, listed, and never mixed with own folders."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from valid_recipe import register_parts

from translate.cli.parameters.shared import domain_names
from translate.engine.config.schema import Data
from translate.engine.data import samples
from translate.errors import ConfigError, DataError, PluginError
from translate.folders import listing
from translate.images.source import read_image

VERSION = 3
"""version of the sample domains that this module defines"""
Plugin = Callable[..., object]
PIXELS = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)


def meadow(level: int) -> Iterator[tuple[str, Any]]:
    for split, count in (("train", 3), ("test", 2)):
        for number in range(count):
            yield f"{split}/{number}.png", PIXELS + np.uint8(level + number)
        yield f"{split}/captions.jsonl", b'{"file": "0.png", "text": "a meadow"}\n'


@pytest.fixture
def sample_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, register_plugin: Plugin, messages: list[str]
) -> list[str]:
    """Work in an empty folder, with a plugin that offers meadow and marsh; return the messages."""
    monkeypatch.chdir(tmp_path)
    domains = {"meadow": partial(meadow, 1), "marsh": partial(meadow, 2)}
    register_parts(register_plugin, domains=domains)
    return messages


def test_a_missing_sample_domain_is_generated(sample_messages: list[str]) -> None:
    samples.ensure(Data(domains=("meadow", "marsh")))
    assert (
        sample_messages[0] == "datasets/meadow does not exist: generating the sample domain meadow"
    )
    assert sample_messages[1] == "datasets/meadow: 5 images, 0 s"
    folder = Path("datasets/meadow")
    assert (read_image(folder / "train/2.png") == PIXELS + np.uint8(3)).all()
    assert b"a meadow" in (folder / "test/captions.jsonl").read_bytes()
    assert json.loads((folder / samples.MARKER).read_bytes()) == {"name": "meadow", "version": 3}
    assert sorted(path.name for path in Path("datasets").iterdir()) == ["marsh", "meadow"]
    assert not list(Path("datasets").rglob(".tmp-*"))
    samples.ensure(Data(domains=("meadow", "marsh")))
    assert len(sample_messages) == 4


@pytest.mark.parametrize(
    "folder", ["datasets/meadow", "datasets/train/meadow", "datasets/trainmeadow", "meadow"]
)
def test_an_existing_folder_takes_precedence(
    folder: str, sample_messages: list[str], image_folder: Any
) -> None:
    image_folder(folder, 1)
    before = sorted(Path().rglob("*"))
    samples.ensure(Data(domains=("meadow",)))
    assert sample_messages == []
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(
    "settings",
    [
        {"root": Path("elsewhere"), "domains": ("meadow",)},
        {"layout": "side-by-side", "domains": ("meadow", "marsh")},
        {"domains": ("unknown",)},
        {"domains": ("some/meadow",)},
    ],
)
def test_other_missing_domains_are_not_generated(settings: Any, sample_messages: list[str]) -> None:
    samples.ensure(Data(**settings))
    assert sample_messages == []
    assert not list(Path().iterdir())


def test_a_missing_or_outdated_sample_domain_is_refused_where_nothing_is_written(
    sample_messages: list[str], image_folder: Any
) -> None:
    settings = Data(domains=("meadow", "marsh"))
    with pytest.raises(DataError, match=r"exist yet: datasets/meadow, datasets/marsh\. .*draw "):
        samples.expect_existing(settings)
    assert not Path("datasets").exists() and not sample_messages
    samples.ensure(settings)
    samples.expect_existing(settings)
    Path("datasets/marsh", samples.MARKER).write_text('{"name": "marsh", "version": 2}')
    with pytest.raises(DataError, match="translate datasets draw marsh"):
        samples.expect_existing(settings)
    image_folder("own/meadow", 1)
    samples.expect_existing(Data(root=Path("own"), domains=("meadow",)))


@pytest.mark.parametrize("marker", [{"name": "meadow", "version": 2}, {"version": 3}, None])
def test_an_outdated_sample_domain_is_generated_again(
    marker: Any, sample_messages: list[str]
) -> None:
    samples.draw("meadow", Path("datasets"))
    folder = Path("datasets/meadow")
    (folder / "train/1.png").unlink()
    (folder / samples.MARKER).write_text(json.dumps(marker) if marker else "{")
    samples.ensure(Data(domains=("meadow",)))
    assert sample_messages[2].endswith("another version: generating the sample domain meadow again")
    assert (folder / "train/1.png").is_file()
    assert json.loads((folder / samples.MARKER).read_bytes())["version"] == 3


@pytest.mark.usefixtures("sample_messages")
def test_an_interrupted_generation_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from translate.engine.disk import folders

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(folders, "write_folder", interrupt)
        samples.draw("meadow", Path("datasets"))
    samples.ensure(Data(domains=("meadow",)))
    assert len(listing.find_images(Path("datasets/meadow"))) == 5


@pytest.mark.usefixtures("sample_messages")
def test_draw_refuses_a_foreign_folder(image_folder: Any) -> None:
    image_folder("datasets/meadow", 1)
    with pytest.raises(DataError, match=r"datasets/meadow is a folder of your own"):
        samples.draw("meadow", Path("datasets"))
    with pytest.raises(ConfigError, match=r"no domain is called 'medow'\. Did you mean 'meadow'\?"):
        samples.draw("medow", Path("datasets"))


@pytest.mark.usefixtures("sample_messages")
def test_a_plugin_cannot_write_outside_its_folder(register_plugin: Plugin) -> None:
    domains = {
        "parent": lambda: iter([("../x.png", PIXELS)]),
        "absolute": lambda: iter([("/x", b"")]),
    }
    register_parts(register_plugin, "c:d", domains=domains)
    for name in domains:
        with pytest.raises(PluginError, match="outside its folder"):
            samples.draw(name, Path("datasets"))
    assert list(Path().rglob("*")) == [Path("datasets")]


@pytest.mark.usefixtures("sample_messages")
def test_files_without_a_split_are_generated_too(register_plugin: Plugin) -> None:
    images = [("1.png", PIXELS), ("sub/deep/2.png", PIXELS)]
    register_parts(register_plugin, "c:d", domains={"flat": lambda: iter(images)})
    samples.draw("flat", Path("root"))
    assert [str(path) for path in listing.find_images(Path("root"))] == [
        "root/flat/1.png", "root/flat/sub/deep/2.png",
    ]  # fmt: skip


def test_D23_system_files_are_neither_images_nor_domains(
    run_command: Any, image_folder: Any
) -> None:
    assert samples.is_image("train/1.png")
    for name in ("__MACOSX/train/1.png", "train/@eaDir/1.png", "train/._1.png"):
        assert not samples.is_image(name)
    image_folder("datasets/own", 1), image_folder("datasets/lost+found", 1)
    assert [actual.name for actual in samples.find(Path("datasets"))] == ["own"]
    assert "lost+found" not in run_command("datasets").out
    assert domain_names() == {"own"}


@pytest.mark.usefixtures("sample_messages")
def test_existing_domains_are_listed_with_their_counts(image_folder: Any) -> None:
    samples.draw("meadow", Path("datasets"))
    image_folder("datasets/own", 4)
    image_folder("datasets/split/val", 1)
    Path("datasets/empty").mkdir()
    result = {domain.name: domain for domain in samples.find(Path("datasets"))}
    assert list(result) == ["meadow", "own", "split"]
    assert result["meadow"].counts == {"train": 3, "test": 2}
    assert result["own"].counts == {"images": 4}
    assert result["split"].counts == {"val": 1}
    assert [domain.sample for domain in result.values()] == [True, False, False]
    assert samples.find(Path("nowhere")) == []


@pytest.mark.usefixtures("sample_messages")
def test_sample_domains_and_public_sets_have_names() -> None:
    assert {"meadow", "marsh"} <= set(samples.sample_domains())
    assert all({"name", "title", "url"} <= card.keys() for card in samples.cards())


def test_two_concurrent_commands_generate_a_sample_domain_once(
    tmp_path: Path, register_plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws, barrier = list[int](), threading.Barrier(2, timeout=10)

    def draw() -> Any:
        draws.append(1)
        return iter([("train/x.png", PIXELS)])

    register_parts(register_plugin, domains={"once": draw})
    monkeypatch.chdir(tmp_path)
    root = Path("datasets")
    (root / ".tmp-once-1-0123456789ab").mkdir(parents=True)  # left by a killed process

    def start() -> None:
        barrier.wait()
        samples.draw("once", root)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(draws) == 1
    assert [path.name for path in root.iterdir()] == ["once"]
    assert (root / "once/train/x.png").is_file()
