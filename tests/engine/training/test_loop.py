"""The loop: what is skipped, logged, drawn, saved and told, and what goes wrong without harm."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from disk_faults import FaultyDisk, no_space
from odd_exceptions import PanicException, UnprintableError
from safetensors.torch import load
from torch import Tensor, nn

from translate import hookimpl
from translate.batches import Images, ImageSpec
from translate.engine.checkpoints import retention
from translate.engine.data.cache import Cache
from translate.engine.disk import files, folders, json_files
from translate.engine.runs import writer
from translate.engine.training.step import Guard, StepResult, take_turns
from translate.errors import ConfigError, PluginError, SaveError, TrainingError, describe_error
from translate.nn.modes import Progressive
from translate.recipe import Recipe, Turn, adam

Plugin = Callable[..., object]
Pictures = Callable[..., Path]


class Fading(Progressive):
    """A part whose strength is its progress."""


class Toy(Recipe[Images]):
    """Two players with a weight each, whose losses can be made to be no number."""

    defaults = {"data": {"layout": "images"}}
    bad: dict[int, set[str]] = {}
    seen: list[Any] = []

    def __init__(self, spec: ImageSpec, *, fused: bool = True) -> None:  # noqa: ARG002
        super().__init__()
        self.one, self.two, self.fading = nn.Linear(1, 1), nn.Linear(1, 1), Fading()
        self.fused = fused

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        if self.fused:
            return {"one": adam(self.one, lr=0.1), "two": adam(self.two, lr=0.1)}
        plain = torch.optim.Adam(self.one.parameters(), 0.1, foreach=False)
        return {"one": plain, "two": torch.optim.SGD(self.two.parameters(), 0.1)}

    def step(self, batch: Images) -> Iterator[Turn]:
        level = batch.images.mean().reshape(1)
        type(self).seen.append((self.iteration, self.fading.progress, level.item()))
        for player in ("one", "two"):
            factor = math.nan if player in self.bad.get(self.iteration, ()) else 1.0
            yield Turn(player, distance=factor * (getattr(self, player)(level) - 1) ** 2)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        return {"source": batch.images, "negative": -batch.images}


@pytest.fixture
def toy(register_plugin: Plugin) -> Iterator[type[Toy]]:
    class Offer:
        @hookimpl
        def register_recipes(self) -> dict[str, type[Recipe]]:
            return {"toy": Toy}

    register_plugin(Offer(), "stranger:toy")
    Toy.bad, Toy.seen = {}, []
    yield Toy
    Toy.bad, Toy.seen = {}, []


@pytest.fixture
def asked(toy: type[Toy], image_folder: Pictures, tmp_path: Path) -> Callable[..., Any]:
    image_folder("a", 4)
    toy.seen.clear()
    return lambda recipe="toy", **flags: small_runs.config(
        tmp_path, recipe, **{"data__domains": ["a"], **flags}
    )


def weights(run: Path) -> dict[str, Tensor]:
    return load(small_runs.checkpoint_tensors(run)["weights.safetensors"])


def log(run: Path) -> list[dict[str, Any]]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    lines = (run / "log.jsonl").read_text().splitlines()
    return [json.loads(line, parse_constant=refuse) for line in lines]


def facts(run: Path) -> Any:
    return json.loads((run / "run.json").read_bytes())


def problems(run: Path) -> list[dict[str, Any]]:
    return json_files.read_lines(run / "problems.jsonl")


# -- numbers that are none -------------------------------------------------------------------------


def played(toy: type[Toy], fused: bool, bad: dict[int, set[str]], left_out: int | None) -> Toy:
    """Play five steps; leave the turn of ``two`` out of one of them."""
    torch.manual_seed(0)
    recipe = toy(ImageSpec(), fused=fused)
    optimizers = recipe.optimizers()
    toy.bad = bad
    for step in range(5):
        recipe.iteration = step
        recipe.two.requires_grad_(step != left_out)
        take_turns(recipe, Images(torch.full((1, 3, 2, 2), 0.1 * step)), optimizers)
    recipe.held = [o.state_dict()["state"] for o in optimizers.values()]  # type: ignore[assignment]
    return recipe


@pytest.mark.parametrize("fused", [True, False])
def test_T9_a_turn_without_numbers_moves_nothing_and_leaves_the_optimizer_as_it_was(
    fused: bool, toy: type[Toy]
) -> None:
    skipped = played(toy, fused, {2: {"two"}}, None)
    expected = played(toy, fused, {}, 2)  # the player was frozen at that step instead
    assert not torch.equal(skipped.two.weight, played(toy, fused, {}, None).two.weight)
    for key, tensor in expected.state_dict().items():
        assert torch.equal(skipped.state_dict()[key], tensor), key
    assert str(skipped.held) == str(expected.held)


def test_skipped_turns_are_counted_in_the_log_and_training_goes_on(
    toy: type[Toy], asked: Any, tmp_path: Path
) -> None:
    toy.bad = {1: {"one"}, 2: {"one", "two"}}
    small_runs.train(asked(train__log_every=1, train__steps=5), tmp_path / "run")
    lines = log(tmp_path / "run")
    assert [line["skipped"] for line in lines] == [0, 1, 3, 3, 3]
    assert [line["losses"]["one/distance"] is None for line in lines] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert all(tensor.isfinite().all() for tensor in weights(tmp_path / "run").values())
    assert facts(tmp_path / "run")["outcome"] == "finished"


def test_T8_images_of_a_step_that_moved_nothing_are_named(
    toy: type[Toy], asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, order = Cache.read, list[str]()

    def remember(cache: Cache, path: Path) -> Any:
        order.append(str(path))
        return read(cache, path)

    monkeypatch.setattr(Cache, "read", remember)
    toy.bad, heard = {3: {"one"}, 6: {"two"}}, small_runs.ProgressRecorder()
    given = asked(train__log_every=2, train__steps=8, train__batch_size=3, data__cache=0.0)
    small_runs.train(given, tmp_path / "run", heard)
    told = [line.get("skipped_files", {}) for line in log(tmp_path / "run")]
    trained = order[-8 * 3 :]  # behind what was read to look at the data
    unlike = [list(dict.fromkeys(trained[first : first + 3])) for first in (9, 18)]
    assert told == [{}, {"4": unlike[0]}, {}, {"7": unlike[1]}]
    (line,) = [line for line in heard.lines if "not finite" in line]
    assert line == (
        "step 4: a loss or gradient of one was not finite, and moved nothing. The images: "
        + ", ".join(unlike[0])
    )


def test_T8_one_players_skipped_turns_in_a_row_stop_the_run_with_finite_weights_saved(
    toy: type[Toy], asked: Any, tmp_path: Path
) -> None:
    toy.bad = {step: {"two"} for step in range(4, 100)}
    given = asked(train__steps=90, train__guard=3, train__log_every=1)
    with pytest.raises(TrainingError, match=r"the last 3 turns of 'two'") as caught:
        small_runs.train(given, tmp_path / "run")
    assert caught.value.exit_code == 5
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0, 7]
    assert all(tensor.isfinite().all() for tensor in weights(tmp_path / "run").values())
    assert facts(tmp_path / "run")["outcome"] == "failed"


def test_the_guard_counts_in_a_row_only() -> None:
    guard = Guard(2, torch.device("cpu"))
    bad, good = torch.tensor(True), torch.tensor(False)
    for one, two in ((bad, good), (good, bad), (bad, good)):
        guard.count(StepResult(skipped={"one": [one], "two": [two]}))
    guard.check()
    assert guard.total == 3
    guard.count(StepResult(skipped={"one": [bad], "two": [good]}))
    with pytest.raises(TrainingError):
        guard.check()


def test_weights_without_numbers_are_never_saved(
    toy: type[Toy], asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = toy.step

    def spoil(recipe: Toy, batch: Images) -> Iterator[Turn]:
        yield from step(recipe, batch)
        if recipe.iteration == 2:
            recipe.one.weight.data.fill_(math.inf)

    monkeypatch.setattr(toy, "step", spoil)
    with pytest.raises(TrainingError, match=r"step 4: one.weight is not finite any more"):
        small_runs.train(asked(train__save_every=2, train__steps=9), tmp_path / "run")
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0, 2]


# -- what is logged, and what the step is told -----------------------------------------------------


def test_a_line_of_the_log_holds_what_the_interface_says(asked: Any, tmp_path: Path) -> None:
    heard = small_runs.ProgressRecorder()
    given = asked(train__steps=8, train__log_every=2, train__schedule="linear", train__batch_size=3)
    small_runs.train(given, tmp_path / "run", heard)
    lines = log(tmp_path / "run")
    assert [line["step"] for line in lines] == [2, 4, 6, 8]
    assert [line["epoch"] for line in lines] == [1.5, 3.0, 4.5, 6.0]  # 3 of 4 images a step
    assert [line["lr"]["one"] for line in lines] == pytest.approx([0.1, 0.1, 0.06, 0.02])
    for line in lines:
        assert set(line) == {
            "step", "epoch", "losses", "lr", "grad_norm", "images_per_second", "data_wait",
            "memory_mb", "skipped", "threads",
        }  # fmt: skip
        assert set(line["losses"]) == {"one/distance", "two/distance"}
        assert set(line["lr"]) == set(line["grad_norm"]) == {"one", "two"}
        assert 0 <= line["data_wait"] <= 1
        assert line["memory_mb"] > 10
    assert [(r.step, r.steps) for r in heard.reports] == [(2, 8), (4, 8), (6, 8), (8, 8)]
    assert heard.reports[-1].seconds_left == 0
    assert heard.reports[0].losses == lines[0]["losses"]


def test_a_logged_loss_is_the_mean_of_its_interval(asked: Any, tmp_path: Path) -> None:
    small_runs.train(asked(train__steps=4, train__log_every=1), tmp_path / "each")
    small_runs.train(asked(train__steps=4, train__log_every=4), tmp_path / "once")
    each = [line["losses"]["one/distance"] for line in log(tmp_path / "each")]
    (once,) = log(tmp_path / "once")
    assert once["losses"]["one/distance"] == pytest.approx(sum(each) / 4, rel=1e-6)


def test_the_last_step_is_logged_and_saved_whatever_the_intervals(
    asked: Any, tmp_path: Path
) -> None:
    small_runs.train(
        asked(train__steps=5, train__log_every=3, train__save_every=3), tmp_path / "run"
    )
    assert [line["step"] for line in log(tmp_path / "run")] == [3, 5]
    assert small_runs.checkpoint_steps(tmp_path / "run") == [3, 5]


def test_a_recipe_knows_its_iteration_and_a_part_its_progress(
    toy: type[Toy], asked: Any, tmp_path: Path
) -> None:
    small_runs.train(asked(train__steps=4), tmp_path / "run")
    assert [seen[:2] for seen in toy.seen] == [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)]
    assert all(-1 <= seen[2] <= 1 for seen in toy.seen)


def test_the_log_is_cut_back_to_the_checkpoint_that_training_goes_on_from(
    asked: Any, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    small_runs.train(asked(train__steps=4, train__log_every=1), run)
    before = log(run)
    for step in (5, 6):
        files.append(run / "log.jsonl", {"step": step, "losses": {}})
    with (run / "log.jsonl").open("a") as file:
        file.write('{"step": 7, "los')  # torn by a kill
    small_runs.resume(run, steps=6)
    assert log(run)[:4] == before
    assert [line["step"] for line in log(run)] == [1, 2, 3, 4, 5, 6]
    assert all(line["losses"] for line in log(run))


def test_what_a_killed_process_left_half_written_is_swept_at_the_next_start(
    asked: Any, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    small_runs.train(asked(train__preview_every=2), run)
    for left in (".run.json.part-9", "previews/.step-1.png.part-9", "checkpoints/.step.part-9"):
        (run / left).write_text("half")
    (run / "checkpoints/.tmp-step-00000009").mkdir()
    (run / ".tmp-mine").write_text("the user's")
    small_runs.resume(run, steps=5)
    hidden = {str(p.relative_to(run)) for p in run.rglob(".*")}
    assert hidden == {".tmp-mine"}


def test_run_json_says_what_ran(asked: Any, tmp_path: Path) -> None:
    small_runs.train(asked(), tmp_path / "run")
    found = facts(tmp_path / "run")
    assert found["outcome"] == "finished"
    assert found["data"]["files"] == 4
    assert (found["seed"], found["device"], found["processes"]) == (0, "cpu", 1)
    assert set(found["versions"]) == {"translate-kit", "torch", "python"}
    assert found["started"] <= found["ended"]
    assert {"command", "git", "threads"} <= found.keys()


def test_run_json_keeps_what_earlier_sessions_were(asked: Any, tmp_path: Path) -> None:
    small_runs.train(asked(), tmp_path / "run")
    first = facts(tmp_path / "run")
    small_runs.resume(tmp_path / "run", steps=first["started_at_step"] + 20)
    second = facts(tmp_path / "run")
    assert second["earlier"] == [first]
    small_runs.resume(tmp_path / "run", steps=21)
    third = facts(tmp_path / "run")
    assert [f["started_at_step"] for f in third["earlier"]] == [0, second["started_at_step"]]


# -- previews --------------------------------------------------------------------------------------


def test_previews_show_the_same_inputs_each_time(asked: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    small_runs.train(asked(train__preview_every=2, train__steps=5), run)
    first, *others = sorted((run / "previews").iterdir())
    assert first.name == "step-00000002.png"
    assert [p.name for p in others] == ["step-00000004.png", "step-00000005.png"]
    assert len({p.read_bytes() for p in (first, *others)}) == 1  # the toy draws its inputs
    small_runs.resume(run, steps=6)
    assert (run / "previews/step-00000006.png").read_bytes() == first.read_bytes()


# -- a disk that fails -----------------------------------------------------------------------------


def test_T4_a_full_disk_while_saving_is_said_and_tried_again_and_the_old_checkpoint_stays(
    asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = asked(train__steps=6, train__save_every=2)
    small_runs.train(given, tmp_path / "straight")
    write, run, heard = folders.write_folder, tmp_path / "run", small_runs.ProgressRecorder()
    seen = []

    def refuse(target: Path, contents: Any, **named: Any) -> None:
        seen.append((target.name, small_runs.checkpoint_steps(run)))
        if target.name.endswith("2"):
            raise OSError(28, "No space left on device")
        write(target, contents, **named)

    monkeypatch.setattr(folders, "write_folder", refuse)
    result = small_runs.train(given, run, heard)
    (line,) = [line for line in heard.lines if "could not save" in line]
    assert line == (
        "could not save step 2: No space left on device; step 0 is intact; trying again at 4"
    )
    assert seen[2] == ("step-00000004", [0])
    assert (result.step, small_runs.checkpoint_steps(run)) == (6, [4, 6])
    assert small_runs.checkpoint_tensors(run) == small_runs.checkpoint_tensors(
        tmp_path / "straight"
    )


def test_a_disk_that_is_full_to_the_end_is_an_error_of_its_own_and_costs_nothing_saved(
    asked: Any, tmp_path: Path, disk: FaultyDisk, register_plugin: Plugin
) -> None:
    class Filler:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            if step == 3 and not disk.operations:
                disk.arm(1, no_space, always=True)

    register_plugin(Filler(), "stranger:filler")
    heard, run = small_runs.ProgressRecorder(), tmp_path / "run"
    with pytest.raises(
        SaveError, match=r"could not save step 5: No space left on device"
    ) as caught:
        small_runs.train(asked(train__steps=5, train__save_every=1, train__log_every=1), run, heard)
    disk.disarm()
    assert disk.operations
    assert caught.value.exit_code == 6
    assert small_runs.checkpoint_steps(run) == [1, 2]
    assert sum("could not save step" in line for line in heard.lines) == 2  # steps 3 and 4
    assert any("could not write" in line and "run.json" in line for line in heard.lines)
    assert facts(run)["seed"] == 0  # whole, though without its end
    assert not [p for p in run.rglob(".*") if p.is_file()]
    small_runs.resume(run)
    assert small_runs.checkpoint_steps(run) == [4, 5]


def test_a_disk_that_is_full_from_the_start_is_said_before_any_step(
    toy: type[Toy], asked: Any, tmp_path: Path, disk: FaultyDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = writer.RunWriter.begin

    def fill(self: Any, *given: Any) -> None:
        disk.arm(1, no_space, always=True)
        begin(self, *given)

    monkeypatch.setattr(writer.RunWriter, "begin", fill)
    with pytest.raises(SaveError, match=r"could not write to .*run: No space left"):
        small_runs.train(asked(), tmp_path / "run")
    disk.disarm()
    assert not toy.seen


@pytest.mark.parametrize("name", ["log.jsonl", "step-00000002.png"])
def test_T21_a_log_or_preview_that_cannot_be_written_is_listed_and_training_goes_on(
    name: str, asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = asked(train__steps=4, train__log_every=2, train__preview_every=2)
    small_runs.train(given, tmp_path / "straight")
    for door in ("append", "replace"):
        real = getattr(files, door)

        def refuse(path: Path, data: Any, real: Any = real) -> None:
            if path.name == name:
                raise OSError(28, "No space left on device")
            real(path, data)

        monkeypatch.setattr(files, door, refuse)
    heard = small_runs.ProgressRecorder()
    result = small_runs.train(given, tmp_path / "run", heard)
    count = 2 if name == "log.jsonl" else 1
    assert result.step == 4
    assert result.listed == len(problems(tmp_path / "run")) == count
    assert problems(tmp_path / "run")[0]["reason"] == "could not write"
    assert f"could not write: {tmp_path / 'run'}" in str(heard)
    assert small_runs.checkpoint_tensors(tmp_path / "run") == small_runs.checkpoint_tensors(
        tmp_path / "straight"
    )


# -- events ----------------------------------------------------------------------------------------


def test_events_come_in_order_with_what_the_hooks_document(
    asked: Any, tmp_path: Path, register_plugin: Plugin
) -> None:
    heard: list[tuple[Any, ...]] = []

    class Listener:
        @hookimpl
        def run_started(self, run: Any) -> None:
            heard.append(("started", run.path, run.config["recipe"], run.steps))

        @hookimpl
        def losses_logged(self, run: Any, step: int, losses: Any) -> None:
            heard.append(("losses", run.path.name, step, sorted(losses)))

        @hookimpl
        def preview_drawn(self, path: Path, step: int) -> None:  # any order, any of them
            heard.append(("preview", step, path.is_file()))

        @hookimpl
        def checkpoint_saved(self, step: int, path: Path) -> None:
            retention.verify(path)
            heard.append(("saved", step, path.name))

        @hookimpl
        def run_finished(self, outcome: str) -> None:
            heard.append(("finished", outcome))

    register_plugin(Listener(), "stranger:listener")
    run = tmp_path / "run"
    small_runs.train(
        asked(train__steps=3, train__log_every=2, train__preview_every=2, train__save_every=2), run
    )
    losses = ["one/distance", "two/distance"]
    assert heard == [
        ("started", run, "toy", 3),
        ("saved", 0, "step-00000000"),
        ("losses", "run", 2, losses),
        ("preview", 2, True),
        ("saved", 2, "step-00000002"),
        ("losses", "run", 3, losses),
        ("preview", 3, True),
        ("saved", 3, "step-00000003"),
        ("finished", "finished"),
    ]


@pytest.mark.parametrize(
    "error",
    [ValueError("no such dashboard"), SystemExit(0), PanicException("x"), UnprintableError()],
)
def test_T23_G10_a_hook_that_fails_is_listed_and_the_next_plugin_hears_the_event(
    error: BaseException, asked: Any, tmp_path: Path, register_plugin: Plugin
) -> None:
    heard = []

    class Faulty:
        @hookimpl(tryfirst=True)
        def losses_logged(self) -> None:
            raise error

    class Listener:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            heard.append(step)

    register_plugin(Listener(), "stranger:listener")
    register_plugin(Faulty(), "stranger:faulty")
    result = small_runs.train(asked(), tmp_path / "run")
    assert heard == [4]
    assert result.step == 4
    (problem,) = problems(tmp_path / "run")
    message = problem.pop("message")
    assert message.startswith(f"{describe_error(error)} (plugin stranger:faulty, ")
    assert "`raise error`" in message
    assert problem == {
        "path": "plugin stranger:faulty",
        "stage": "losses_logged",
        "reason": "hook failed",
    }


# -- files that are bad ----------------------------------------------------------------------------


@pytest.mark.parametrize("cache", [0.0, 2.0])
def test_a_corrupt_file_is_listed_and_training_goes_as_if_it_were_not_there(
    cache: float, image_folder: Pictures, tmp_path: Path
) -> None:
    image_folder("a", 4), image_folder("b", 5)
    given = small_runs.config(tmp_path, data__cache=cache, data__max_bad=0.5)
    small_runs.train(given, tmp_path / "without")
    bad = tmp_path / "a/0001a.png"
    bad.write_text("<html>not found</html>")
    heard = small_runs.ProgressRecorder()
    result = small_runs.train(given, tmp_path / "with", heard)
    assert result.listed == 1
    (problem,) = problems(tmp_path / "with")
    assert (problem["path"], problem["stage"], problem["reason"]) == (
        str(bad),
        "check",
        "unreadable",
    )
    assert f"left out: {bad}: " in str(heard)
    assert small_runs.checkpoint_tensors(tmp_path / "with") == small_runs.checkpoint_tensors(
        tmp_path / "without"
    )
    assert facts(tmp_path / "with")["data"] == facts(tmp_path / "without")["data"]
    again = small_runs.resume(tmp_path / "with", steps=5)
    assert (again.listed, len(problems(tmp_path / "with"))) == (1, 1)  # listed once


def test_D11_a_folder_that_is_gone_stops_the_run_with_a_checkpoint_and_lists_nothing(
    asked: Any, tmp_path: Path, register_plugin: Plugin
) -> None:
    class Mover:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            if step == 3 and (tmp_path / "a").exists():
                (tmp_path / "a").rename(tmp_path / "elsewhere")

    register_plugin(Mover(), "stranger:mover")
    given, run = asked(data__cache=0.0, train__steps=6, train__log_every=1), tmp_path / "run"
    with pytest.raises(TrainingError, match="items in a row cannot be read") as caught:
        small_runs.train(given, run)
    assert caught.value.exit_code == 5
    logged = [line["step"] for line in json_files.read_lines(run / "log.jsonl")]
    assert logged in ([1, 2, 3], [1, 2, 3, 4])  # the fourth batch may have been read already
    assert small_runs.checkpoint_steps(run) == [0, logged[-1]]
    assert problems(run) == []
    (tmp_path / "elsewhere").rename(tmp_path / "a")
    assert small_runs.resume(run).step == 6


def wrong_rows(recipe: Toy, batch: Images) -> list[Any]:  # noqa: ARG001
    return ["no tensor"]


def no_rows(recipe: Toy, batch: Images) -> list[Any]:  # noqa: ARG001
    raise KeyError("nothing to see")


@pytest.mark.parametrize("preview", [wrong_rows, no_rows])
def test_G12_a_preview_that_fails_is_listed_once_and_the_run_goes_on(
    preview: Any, toy: type[Toy], asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy, "preview", preview)
    result = small_runs.train(asked(train__preview_every=1), tmp_path / "run")
    assert (result.step, result.listed) == (4, 1)
    (problem,) = problems(tmp_path / "run")
    assert (problem["path"], problem["reason"]) == ("previews", "failed")
    assert "Toy.preview raised " in problem["message"]
    assert "must return a dict of rows" in problem["message"]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_that_fails_leaves_nobody_reading_while_its_error_is_held(
    workers: int, toy: type[Toy], asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(recipe: Toy, batch: Images) -> Iterator[Turn]:  # noqa: ARG001
        raise ZeroDivisionError

    monkeypatch.setattr(toy, "step", fail)
    threads = threading.active_count()
    with pytest.raises(TrainingError, match=r"Toy.step raised ZeroDivisionError") as held:
        small_runs.train(asked(data__workers=workers), tmp_path / "run")
    assert "--resume" in str(held.value) and held.value.exit_code == 5
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0]
    assert held.tb, "through its frames it holds all that was read"
    assert threading.active_count() == threads
    assert active_children() == []


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_T12_too_little_memory_says_what_to_try_and_leaves_the_checkpoint_before(
    error: Exception, toy: type[Toy], asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, run = toy.step, tmp_path / "run"

    def fail(recipe: Toy, batch: Images) -> Iterator[Turn]:
        yield from step(recipe, batch)
        if recipe.iteration == 4:
            raise error

    monkeypatch.setattr(toy, "step", fail)
    for batch_size, less in {6: "--batch-size 3", 1: "--size 8x8"}.items():
        given = asked(train__steps=9, train__save_every=2, train__batch_size=batch_size)
        out = run / str(batch_size)
        with pytest.raises(TrainingError, match="step 5: there is not enough memory") as caught:
            small_runs.train(given, out)
        assert f"Try {less}; " in str(caught.value)
        assert f"--resume {out} --fork-run {less}." in str(caught.value)
        assert small_runs.checkpoint_steps(out) == [2, 4]


@pytest.mark.parametrize(
    ("layer", "crop", "batch_size", "more"),
    [
        (nn.BatchNorm2d(3), 1, 1, "--batch-size 2"),
        (nn.InstanceNorm2d(3), 1, 3, "--size 2x2"),
        (nn.ReflectionPad2d(3), 3, 2, "--size 6x6"),
        (nn.Conv2d(3, 3, 4), 3, 2, "--size 6x6"),
        (nn.MaxPool2d(4), 3, 2, "--size 6x6"),
    ],
)
def test_T20_what_is_too_small_in_a_later_turn_is_said_at_that_step(
    layer: nn.Module, crop: int, batch_size: int, more: str,
    toy: type[Toy], asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def step(recipe: Toy, batch: Images) -> Iterator[Turn]:
        yield Turn("two", score=recipe.two.weight.sum())
        yield Turn("one", score=recipe.one.weight.sum() * layer(batch.images).mean())

    monkeypatch.setattr(toy, "step", step)
    given = asked(data__size=crop, train__batch_size=batch_size)
    with pytest.raises(ConfigError, match=f"step 1: batches of {batch_size} with crops of") as said:
        small_runs.train(given, tmp_path / "run")
    assert str(said.value).endswith(f" Try {more}.")
    assert "\n" not in str(said.value)


def test_too_many_corrupt_files_stop_the_run_before_it_begins(
    image_folder: Pictures, tmp_path: Path
) -> None:
    image_folder("a", 4), image_folder("b", 5)
    (tmp_path / "a/9.png").write_text("")
    with pytest.raises(TrainingError, match=r"1 of 10 images cannot be read, and data.max_bad"):
        small_runs.train(small_runs.config(tmp_path), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_file_that_turns_bad_while_training_is_listed_once_and_replaced(
    asked: Any, tmp_path: Path, register_plugin: Plugin
) -> None:
    class Vandal:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            if step == 2:
                (tmp_path / "a/0002.png").write_text("")

    register_plugin(Vandal(), "stranger:vandal")
    given = asked(data__cache=0.0, train__steps=14, train__log_every=1)
    result = small_runs.train(given, tmp_path / "run")
    assert (result.step, result.listed) == (14, 1)
    (problem,) = problems(tmp_path / "run")
    assert problem["path"].endswith("a/0002.png")
    assert problem["stage"] == "training"


# -- the rules of yield ----------------------------------------------------------------------------


class Rulebreaker(Recipe[Images]):
    """A recipe whose step is given."""

    def __init__(self, steps: Callable[["Rulebreaker"], Iterator[Any]]) -> None:
        super().__init__()
        self.one, self.two, self.steps = nn.Linear(2, 2), nn.Linear(2, 2), steps

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"one": adam(self.one), "two": adam(self.two)}

    def step(self, batch: Images) -> Iterator[Turn]:  # noqa: ARG002
        yield from self.steps(self)


X = torch.ones(1, 2)


def under_no_grad(recipe: Rulebreaker) -> Iterator[Any]:
    with torch.no_grad():
        yield Turn("one", loss=recipe.one(X).sum())


def under_autocast(recipe: Rulebreaker) -> Iterator[Any]:
    with torch.autocast("cpu", torch.bfloat16):
        yield Turn("one", loss=recipe.one(X).sum())


def unknown_player(recipe: Rulebreaker) -> Iterator[Any]:
    yield Turn("twoo", loss=recipe.one(X).sum())


def detached(recipe: Rulebreaker) -> Iterator[Any]:
    yield Turn("one", loss=recipe.one(X).detach().sum())


def computed_too_early(recipe: Rulebreaker) -> Iterator[Any]:
    loss = recipe.two(recipe.one(X) ** 2).square().sum()
    yield Turn("two", loss=recipe.two(X).square().sum())
    yield Turn("one", loss=loss)


def one_graph_twice(recipe: Rulebreaker) -> Iterator[Any]:
    shared = recipe.one(X).square()
    yield Turn("one", loss=shared.sum())
    yield Turn("one", loss=shared.mean())


def no_turn(recipe: Rulebreaker) -> Iterator[Any]:
    yield recipe.one(X).sum()


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (under_no_grad, "Rulebreaker.step yields inside `with torch.no_grad"),
        (under_autocast, "Rulebreaker.step yields inside `with torch.no_grad.* or `autocast`"),
        (unknown_player, "no optimizer is called 'twoo'. Did you mean 'two'?"),
        (detached, "turn of 'one': no loss depends on any network"),
        (computed_too_early, "turn of 'one': a loss was computed before a network"),
        (one_graph_twice, "turn of 'one': two turns share one graph"),
        (no_turn, "which is no Turn"),
    ],
)
def test_breaking_a_rule_of_yield_is_said_in_a_plugin_authors_words(
    steps: Callable[[Rulebreaker], Iterator[Any]], said: str
) -> None:
    recipe = Rulebreaker(steps)
    with pytest.raises(PluginError, match=said.replace("?", r"\?")):
        take_turns(recipe, None, recipe.optimizers())
    assert torch.is_grad_enabled()
    assert not torch.is_autocast_enabled("cpu")


def test_a_turn_moves_its_player_and_nobody_else() -> None:
    def steps(recipe: Rulebreaker) -> Iterator[Turn]:
        both = recipe.two(recipe.one(X))
        yield Turn("one", loss=both.square().sum())
        assert all(p.grad is None for p in recipe.two.parameters())

    recipe = Rulebreaker(steps)
    before = {key: tensor.clone() for key, tensor in recipe.state_dict().items()}
    take_turns(recipe, None, recipe.optimizers())
    moved = {k for k, t in recipe.state_dict().items() if not torch.equal(before[k], t)}
    assert moved == {"one.weight", "one.bias"}


def test_a_frozen_player_takes_its_turn_without_moving() -> None:
    def steps(recipe: Rulebreaker) -> Iterator[Turn]:
        yield Turn("one", loss=recipe.one(X).sum())

    recipe = Rulebreaker(steps)
    recipe.one.requires_grad_(False)
    found = take_turns(recipe, None, recipe.optimizers())
    assert set(found.losses) == {"one/loss"}
    assert not found.skipped


def test_the_forward_pass_is_in_bf16_and_the_weights_are_not() -> None:
    seen = []

    def steps(recipe: Rulebreaker) -> Iterator[Turn]:
        out = recipe.one(X)
        seen.append(out.dtype)
        yield Turn("one", loss=out.sum())
        seen.append(recipe.one(X).dtype)

    recipe = Rulebreaker(steps)
    take_turns(recipe, None, recipe.optimizers(), torch.bfloat16)
    assert seen == [torch.bfloat16, torch.bfloat16]
    assert recipe.one.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeyError("x"), TrainingError),
        (PanicException("x"), TrainingError),
        (MemoryError(), SaveError),
    ],
)
def test_what_a_save_raises_stops_a_run_that_has_begun_and_keeps_the_checkpoint_before(
    error: BaseException,
    kind: type[Exception],
    toy: type[Toy],
    asked: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def state(recipe: Toy) -> dict[str, Any]:
        if recipe.iteration >= 3:
            raise error
        return {}

    monkeypatch.setattr(toy, "training_state", state)
    with pytest.raises(kind) as found:
        small_runs.train(asked(train__save_every=2), tmp_path / "run")
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0, 2]
    assert f"{tmp_path / 'run'}" in str(found.value) or "step 4: not enough memory" in str(
        found.value
    )
    monkeypatch.undo()
    assert small_runs.resume(tmp_path / "run").step == 4
