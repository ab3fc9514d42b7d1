import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from translate.batches import Domain, ImageSpec, Pair
from translate.engine.config.schema import Data
from translate.engine.data import check, loader, order
from translate.engine.data.cache import Cache
from translate.engine.data.transform import Augment
from translate.engine.disk.problems import Problem
from translate.errors import BadImage, ConfigError, DataError, TrainingError
from translate.images.decode import read_image
from translate.images.encode import write_image
from translate.images.resize import resize_pixels
from translate.images.tensors import as_tensor

Pictures = Callable[..., Path]
COLOUR = {"name": "ColorJitter", "brightness": 0.5, "hue": 0.2, "p": 1.0}
NOISE = {"name": "GaussNoise", "std_range": (0.1, 0.2), "p": 1.0}

forking = pytest.mark.filterwarnings(
    "ignore:.*multi-threaded.*fork:DeprecationWarning",  # Python 3.12's
    "ignore:This DataLoader will create 3 worker processes:UserWarning",
)


@pytest.fixture
def asked(image_folder: Pictures, tmp_path: Path) -> Callable[..., Data]:
    """Ask for the domains a (5 pictures) and b (3), 16 pixels a side."""
    image_folder("a/train", 5)
    image_folder("b/train", 3)

    def ask(**changes: Any) -> Data:
        defaults = {"root": tmp_path, "domains": ("a", "b"), "size": 16, "max_bad": 0.5}
        return Data(**{**defaults, **changes})

    return ask


def prepare(settings: Data) -> check.CheckedData:
    return check.check_data(check.open_layout(settings), settings)


def draw(settings: Data, *, batch_size: int = 2, stop: int = 9, **more: Any) -> list[Any]:
    prepared = prepare(settings)
    found = loader.batches(prepared, settings, seed=7, batch_size=batch_size, stop=stop, **more)
    return [batch for batch, _ in found]


def same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a, b)
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x, y, strict=True)
    )


# -- order -----------------------------------------------------------------------------------------


@forking
def test_batches_are_the_same_for_any_number_of_workers(asked: Callable[..., Data]) -> None:
    listed = (COLOUR | {"to": "source"}, NOISE)
    straight = draw(asked(augment=listed))
    assert isinstance(straight[0], Pair)
    assert straight[0].source.shape == (2, 3, 16, 16)
    assert straight[0].source.dtype == torch.uint8
    for workers in (1, 3):
        assert same(straight, draw(asked(augment=listed, workers=workers)))


def test_a_resumed_run_sees_what_a_straight_one_sees(asked: Callable[..., Data]) -> None:
    straight = draw(asked())
    assert same(straight[4:], draw(asked(), start=4))
    assert same(straight[:4], draw(asked(), stop=4))


def test_processes_share_each_batch_out(asked: Callable[..., Data]) -> None:
    whole = draw(asked(), batch_size=5)
    shares = [draw(asked(), batch_size=5, rank=rank, world=2) for rank in (0, 1)]
    for batch, left, right in zip(whole, *shares, strict=True):
        assert (len(left.source), len(right.source)) == (2, 3)
        assert torch.equal(batch.source, torch.cat([left.source, right.source]))


def test_every_item_is_seen_once_an_epoch_and_epochs_differ(asked: Callable[..., Data]) -> None:
    keys = [key for batch in order.batch_keys(range(10), 5, 0, 3, range(3)) for key in batch]
    assert [epoch for epoch, _ in keys] == [position // 5 for position in range(30)]
    epochs = [[index for epoch, index in keys if epoch == number] for number in range(6)]
    assert all(sorted(epoch) == list(range(5)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert order.order(5, 0, 1) == epochs[1] != order.order(5, 1, 1)
    assert loader.steps_per_epoch(prepare(asked()), 2) == 2.5


def test_D16_a_set_smaller_than_a_batch_repeats(
    asked: Callable[..., Data], image_folder: Pictures
) -> None:
    image_folder("one", 1)
    (batch,) = draw(asked(layout="images", domains=("one",)), batch_size=4, stop=1)
    assert batch.images.shape == (4, 3, 16, 16)


def test_D16_a_domain_of_one_picture_is_remarked_on_once(
    asked: Callable[..., Data], image_folder: Pictures
) -> None:
    only = image_folder("one", 1) / "0000.png"
    said = [f"{only} is the only image of its domain: networks will learn it by heart"]
    assert prepare(asked(layout="images", domains=("one",))).remarks == said
    for domains in (("a", "one"), ("one", "b")):
        assert prepare(asked(domains=domains)).remarks == said
    image_folder("two", 2)
    assert prepare(asked(domains=("two", "b"))).remarks == []


def test_D13_files_of_other_suffixes_are_counted_before_training(
    asked: Callable[..., Data], tmp_path: Path
) -> None:
    for name in ("a/train/x.heic", "a/train/Y.HEIC", "b/train/notes", "b/train/.hidden",
                 "b/train/Thumbs.db", "elsewhere.txt"):  # fmt: skip
        (tmp_path / name).touch()
    (tmp_path / "a/train/folder.psd").mkdir()
    (said,) = prepare(asked()).remarks
    assert said.startswith(
        "skipped 3 files without an image suffix (2 .heic, 1 without suffix): "
        f"{tmp_path / 'a/train/Y.HEIC'}, {tmp_path / 'a/train/x.heic'}, "
        f"{tmp_path / 'b/train/notes'}; .heic: not read, convert to PNG or JPEG"
    )


def test_D12_a_dead_link_is_listed_before_training(
    asked: Callable[..., Data], tmp_path: Path
) -> None:
    (tmp_path / "a/train/dead.png").symlink_to("nowhere")
    found = prepare(asked(max_bad=0.5))
    assert [(p.path.name, p.message) for p in found.problems] == [("dead.png", "a link to nothing")]


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("I;16", "16 bits a channel become 8"), ("CMYK", "CMYK becomes RGB"),
        ("P", "a palette becomes RGB"), ("RGBA", "transparency is composited over white"),
        ("LA", "transparency is composited over white"),
    ],
)  # fmt: skip
def test_D4_what_images_lose_is_listed_for_each_and_said_of_the_first(
    mode: str, text: str, asked: Callable[..., Data], tmp_path: Path
) -> None:
    paths = [tmp_path / f"{name}.tif" for name in ("a/train/0001", "b/train/0001")]
    for path in paths:
        Image.new(mode, (32, 32)).save(path)
    prepared = prepare(asked())
    assert prepared.remarks == [f"{paths[0]} (and 1 more of 10): {text}"]
    assert [note.path for note in prepared.notes] == paths
    assert {(note.stage, note.reason, note.message) for note in prepared.notes} == {
        ("check", "note", text)
    }
    assert not prepared.problems


def test_colour_that_is_read_gray_is_a_loss_and_one_bit_is_none(
    asked: Callable[..., Data], tmp_path: Path
) -> None:
    Image.new("1", (32, 32)).save(tmp_path / "a/train/0001.tif")
    assert not prepare(asked()).notes
    gray = prepare(asked(channels=1)).notes
    assert {note.message for note in gray} == {"colour becomes gray"}
    assert tmp_path / "a/train/0001.tif" not in [note.path for note in gray]


def test_no_global_random_number_is_drawn(asked: Callable[..., Data]) -> None:
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    draw(asked(augment=(COLOUR, NOISE)))
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_the_global_random_numbers_change_nothing(asked: Callable[..., Data]) -> None:
    straight = draw(asked(augment=(COLOUR, NOISE)))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert same(straight, draw(asked(augment=(COLOUR, NOISE))))


@forking
def test_a_process_that_fails_with_workers_running_ends(asked: Callable[..., Data]) -> None:
    asked()
    program = """
import sys
from translate.engine.config.schema import Data
from translate.engine.data import check, loader

settings = Data(root=sys.argv[1], domains=("a", "b"), size=16, workers=2)
prepared = check.check_data(check.open_layout(settings), settings)
found = loader.batches(prepared, settings, seed=0, batch_size=2)
next(found)
raise SystemExit(7)
"""
    root = str(asked().root)
    done = subprocess.run([sys.executable, "-c", program, root], timeout=60, capture_output=True)
    assert (done.returncode, done.stderr) == (7, b"")


@forking
def test_workers_leave_signals_to_the_main_process(asked: Callable[..., Data]) -> None:
    settings = asked(workers=2)
    found = loader.batches(prepare(settings), settings, seed=7, batch_size=2, stop=9)
    seen = [next(found)[0], next(found)[0]]  # one of each worker
    for worker in multiprocessing.active_children():
        os.kill(worker.pid or 0, signal.SIGINT)
        os.kill(worker.pid or 0, signal.SIGTERM)
    seen += [batch for batch, _ in found]
    assert same(seen, draw(asked()))


def failing(
    monkeypatch: pytest.MonkeyPatch, fail: Callable[[], object], at: Callable[[], bool]
) -> None:
    """Let workers `fail` in the second epoch, while `at` says so."""
    read = order.Items.__getitem__

    def instead(self: order.Items, key: order.Key) -> Any:
        if key[0] == 1 and torch.utils.data.get_worker_info() and at():
            fail()
        return read(self, key)

    monkeypatch.setattr(order.Items, "__getitem__", instead)
    monkeypatch.setattr("translate.engine.data.workers.LOOK", 0.2)
    monkeypatch.setattr("translate.engine.data.workers.PATIENCE", 0.5)


@pytest.mark.parametrize("hung", [False, True])
@forking
def test_T11_a_worker_that_dies_or_hangs_costs_nothing_but_a_line(
    hung: bool, asked: Callable[..., Data], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = tmp_path / "once"
    settings, before = asked(workers=2), signal.getsignal(signal.SIGCHLD)
    straight = draw(asked())
    failing(
        monkeypatch,
        lambda: (once.touch(), time.sleep(60) if hung else os.kill(os.getpid(), signal.SIGKILL)),
        lambda: not once.exists(),
    )
    found = list(loader.batches(prepare(settings), settings, seed=7, batch_size=2, stop=9))
    assert same([batch for batch, _ in found], straight)
    (problem,) = [problem for _, problems in found for problem in problems]
    said = "no image was read for 1 s" if hung else "a process that reads images has died"
    assert problem.message == f"{said}: all are started again, at the same image"
    assert not multiprocessing.active_children()
    assert signal.getsignal(signal.SIGCHLD) == before


@forking
def test_T11_workers_that_die_again_and_again_stop_training(
    asked: Callable[..., Data], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, lambda: os._exit(1), lambda: True)
    with pytest.raises(TrainingError, match=r"has died, for the second time\. Fewer"):
        draw(asked(workers=2))
    assert not multiprocessing.active_children()


# -- bad files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cache", [0, 2.0])
def test_a_bad_file_changes_nothing_but_the_list(
    cache: float, asked: Callable[..., Data], tmp_path: Path
) -> None:
    bad = tmp_path / "a/train/0002.png"
    bad.write_bytes(b"<html>")
    settings = asked(cache=cache)
    (problem,) = prepare(settings).problems
    assert problem.path == bad
    assert (problem.stage, problem.reason) == ("check", "unreadable")
    with_it = draw(settings)
    bad.unlink()
    assert prepare(settings).problems == []
    assert same(with_it, draw(settings))


def test_a_truncated_file_is_found_where_all_are_decoded(
    asked: Callable[..., Data], tmp_path: Path
) -> None:
    bad = tmp_path / "b/train/0001.png"
    bad.write_bytes(bad.read_bytes()[:-40])
    assert [problem.path for problem in prepare(asked()).problems] == [bad]
    assert prepare(asked(cache=0)).problems == []


@pytest.mark.parametrize("workers", [0, 2])
@forking
def test_D3_a_file_that_turns_bad_later_is_replaced_and_told_once(
    workers: int, asked: Callable[..., Data], tmp_path: Path
) -> None:
    settings = asked(cache=0, layout="images", domains=("a",), workers=workers)
    prepared = prepare(settings)
    bad = tmp_path / "a/train/0002.png"
    bad.write_bytes(b"")
    found = list(loader.batches(prepared, settings, seed=7, batch_size=2, stop=20))
    listed = [problem for _, problems in found for problem in problems]
    assert [(p.path, p.stage, p.message) for p in listed] == [(bad, "training", "an empty file")]
    again = list(loader.batches(prepared, settings, seed=7, batch_size=2, stop=20))
    assert same([batch for batch, _ in found], [batch for batch, _ in again])


def test_the_replacement_is_the_next_item(asked: Callable[..., Data], tmp_path: Path) -> None:
    settings = asked(cache=0, layout="images", domains=("a",))
    prepared = prepare(settings)
    seen = order.Items(prepared.layout, prepared.augment.item, 7)
    expected, _ = seen[3, 3]
    (tmp_path / "a/train/0002.png").unlink()
    found, met = seen[3, 2]
    assert torch.equal(found.images, expected.images)
    assert met[0].reason == "not there"


def test_D11_when_the_whole_folder_is_gone_training_stops(
    asked: Callable[..., Data], tmp_path: Path
) -> None:
    settings = asked(cache=0)
    prepared = prepare(settings)
    (tmp_path / "a").rename(tmp_path / "gone")
    with pytest.raises(
        TrainingError, match=r"100 items in a row cannot be read\. The first is \S+/a/train/000"
    ):
        next(loader.batches(prepared, settings, seed=0, batch_size=1))


def test_D18_more_bad_files_than_allowed_stop_training(
    asked: Callable[..., Data], tmp_path: Path
) -> None:
    for number in (0, 1):
        (tmp_path / f"a/train/000{number}.png").write_bytes(b"")
    with pytest.raises(
        TrainingError, match=r"2 of 8 images cannot be read, and data\.max_bad is 0\.2"
    ):
        prepare(asked(max_bad=0.2))
    assert len(prepare(asked(max_bad=0.25)).problems) == 2


def test_nothing_usable_is_refused(asked: Callable[..., Data], tmp_path: Path) -> None:
    for path in tmp_path.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match="not one of 8 images can be read"):
        prepare(asked())


def test_D14_a_problem_is_a_line_of_ascii_whatever_the_name() -> None:
    problem = Problem.of(BadImage(Path("bad\udcff\n写.png"), "why"), "check")
    line = json.dumps(problem.record())
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line) == {
        "path": "bad\udcff\n写.png", "stage": "check", "reason": "unreadable", "message": "why",
    }  # fmt: skip


# -- the cache -------------------------------------------------------------------------------------


def test_memory_and_disk_give_the_same_batches(asked: Callable[..., Data], tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65535, (40, 30), np.uint16, endpoint=True)
    path = tmp_path / "a/train/deep.png"
    Image.fromarray(deep).save(path)
    kept = draw(asked())
    assert same(kept, draw(asked(cache=0)))
    prepared = prepare(asked())
    for file in tmp_path.rglob("*.png"):
        file.unlink()
    again = loader.batches(prepared, asked(), seed=7, batch_size=2, stop=9)
    assert same(kept, [batch for batch, _ in again])


def test_a_set_is_kept_only_as_a_whole(asked: Callable[..., Data], tmp_path: Path) -> None:
    needed = 8 * 32 * 32 * 3 / 1e9
    whole, most = (prepare(asked(cache=size)) for size in (needed, needed * 0.99))
    path = tmp_path / "a/train/0000.png"
    path.unlink()
    assert whole.augment.read(path).shape == (32, 32, 3)
    with pytest.raises(BadImage, match="not there"):
        most.augment.read(path)


def test_a_kept_picture_is_the_one_that_was_read(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    one, two = tmp_path / "1.png", tmp_path / "2.png"
    write_image(one, pixels)
    write_image(two, 255 - pixels)
    cache = Cache({one: (5, 7), two: (5, 7)}, Domain("", 3), {})
    cache.keep(two)
    cache.keep(one)
    assert len(cache) == 2
    assert (cache.read(one) == pixels).all()
    assert (cache.read(two) == 255 - pixels).all()
    with pytest.raises(BadImage, match="changed while it was read"):
        Cache({one: (7, 5)}, Domain("", 3), {}).keep(one)


# -- augmentation ----------------------------------------------------------------------------------


def item(augment: tuple[Mapping[str, Any], ...] = (), seed: int = 0, **settings: Any) -> Any:
    defaults = {"domains": ("a", "b"), "size": 16, "augment": augment}
    data = Data(**{**defaults, **settings})
    number = data.channels if isinstance(data.channels, int) else 3
    spec = ImageSpec(domains=(Domain("a", number),))
    return Augment(data, spec, read_image).item(random.Random(seed))


PICTURE = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8, endpoint=True)


def test_a_crop_is_taken_from_the_scaled_picture() -> None:
    (crop,) = item(resize=20, flip=False)(PICTURE)
    scaled = as_tensor(resize_pixels(PICTURE, (20, 30)))
    places = scaled.unfold(1, 16, 1).unfold(2, 16, 1).permute(1, 2, 0, 3, 4).flatten(0, 1)
    assert any(torch.equal(crop, place) for place in places)
    assert item(size=(8, 24))(PICTURE)[0].shape == (3, 8, 24)


def test_between_two_sides_each_picture_is_scaled_anew_and_pairs_alike() -> None:
    scaled = {side: resize_pixels(PICTURE, (side, side * 3 // 2)) for side in range(16, 25, 2)}
    places = {
        side: as_tensor(picture).unfold(1, 16, 1).unfold(2, 16, 1).permute(1, 2, 0, 3, 4)
        for side, picture in scaled.items()
    }
    drawn, seen = item(resize=(16, 24), flip=False), set()
    for _ in range(60):
        crop, other = drawn(PICTURE, PICTURE)
        assert torch.equal(crop, other)
        seen |= {side for side, found in places.items() if (found == crop).all((2, 3, 4)).any()}
    assert seen == {16, 18, 20, 22, 24}
    (first,), (again,) = (item(resize=(16, 24), seed=5)(PICTURE) for _ in range(2))
    assert torch.equal(first, again)


def test_fit_shrinks_to_the_crop_and_never_enlarges() -> None:
    fitted = {"resize": "fit", "flip": False}
    (crop,) = item(**fitted)(PICTURE)
    scaled = as_tensor(resize_pixels(PICTURE, (16, 24)))
    assert any(torch.equal(crop, scaled[:, :, x : x + 16]) for x in range(9))
    small = PICTURE[:13, :14]
    (grown,) = item(**fitted)(small)
    assert torch.equal(grown[:, :13, :14], as_tensor(small))
    assert torch.equal(grown[:, 13:, :14], grown[:, 12:13, :14].expand(3, 3, 14))
    assert torch.equal(grown[..., 14:], grown[..., 13:14].expand(3, 16, 2))


def test_what_a_layout_reads_itself_gets_the_channels_of_the_run() -> None:
    gray = PICTURE[..., :1]
    (colour,) = item(resize="none", flip=False)(gray[:16, :16])
    assert torch.equal(colour, as_tensor(gray[:16, :16]).expand(3, 16, 16))


def test_a_small_or_narrow_picture_is_enlarged_to_cover_the_crop() -> None:
    for shape in ((1, 1, 3), (4, 90, 3), (90, 4, 3)):
        for resize in ("none", None, 16):
            (crop,) = item(resize=resize)(np.full(shape, 9, np.uint8))
            assert crop.shape == (3, 16, 16)
            assert (crop == 9).all()
    (crop,) = item(resize="none", flip=False, size=(40, 60))(PICTURE)
    assert torch.equal(crop, as_tensor(PICTURE))


def test_half_of_the_pictures_are_mirrored_unless_flip_is_off() -> None:
    settings = {"resize": "none", "size": (40, 60)}
    straight = as_tensor(PICTURE)
    seen = [torch.equal(item(seed=seed, **settings)(PICTURE)[0], straight) for seed in range(200)]
    assert 70 < sum(seen) < 130
    flipped = next(seed for seed, unchanged in enumerate(seen) if not unchanged)
    assert torch.equal(item(seed=flipped, **settings)(PICTURE)[0], straight.flip(2))
    assert torch.equal(item(seed=flipped, flip=False, **settings)(PICTURE)[0], straight)


@pytest.mark.parametrize(
    "listed",
    [
        {"name": "Affine", "rotate": [20, 40]},
        {"name": "D4"},
        {"name": "ElasticTransform", "alpha": 50},
        {"name": "CoarseDropout"},
    ],
)
def test_a_pair_shares_its_geometry_even_when_asked_not_to(listed: Mapping[str, Any]) -> None:
    changed = 0
    for seed in range(5):
        source, target = item(({**listed, "p": 1.0, "to": "source"},), seed)(PICTURE, PICTURE)
        assert torch.equal(source, target)
        changed += not torch.equal(source, item((), seed)(PICTURE)[0])
    assert changed > 1


@pytest.mark.parametrize("listed", [COLOUR, NOISE])
def test_colour_and_noise_go_where_they_are_sent(listed: Mapping[str, Any]) -> None:
    plain = item()(PICTURE)[0]
    for to, changed in (
        ("source", (True, False)),
        ("target", (False, True)),
        ("both", (True, True)),
    ):
        pair = item(({**listed, "to": to},))(PICTURE, PICTURE)
        assert tuple(not torch.equal(side, plain) for side in pair) == changed
    source, target = item((listed,))(PICTURE, PICTURE)
    assert torch.equal(source, target)  # "both" is alike
    alone = item(({**listed, "to": "source"},))
    assert torch.equal(alone(PICTURE, roles=("target",))[0], plain)


def test_each_call_of_an_item_draws_anew_and_each_item_the_same_again() -> None:
    first, second = (item((NOISE,), 3) for _ in range(2))
    calls = [transform(PICTURE)[0] for transform in (first, first, second, second)]
    assert not torch.equal(calls[0], calls[1])
    assert torch.equal(calls[0], calls[2])
    assert torch.equal(calls[1], calls[3])


def test_augmentation_never_writes_to_what_the_cache_keeps() -> None:
    settings = {"resize": "none", "size": (40, 60), "flip": False}
    kept = PICTURE.copy()
    kept.flags.writeable = False
    item((COLOUR, NOISE, {"name": "CoarseDropout", "p": 1.0}), **settings)(kept)
    assert (kept == PICTURE).all()


def test_gray_pictures_are_augmented_too() -> None:
    gray = PICTURE[..., :1]
    (crop,) = item((NOISE, {"name": "RandomBrightnessContrast", "p": 1.0}), channels=1)(gray)
    assert crop.shape == (1, 16, 16)


def test_sixteen_bits_become_eight() -> None:
    deep = PICTURE.astype(np.uint16) * 257
    settings = {"resize": "none", "size": (40, 60)}
    assert torch.equal(item(**settings)(deep)[0], item(**settings)(PICTURE)[0])


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ({"name": "ColorJiter"}, r"there is no 'ColorJiter'\. Did you mean 'ColorJitter'\?"),
        ({"brightness": 1}, r"there is no None"),
        ({"name": "Compose"}, r"there is no 'Compose'"),
        ({**COLOUR, "to": "sauce"}, r"ColorJitter, to: 'sauce'\. Did you mean 'source'\?"),
        (
            {**COLOUR, "brightnes": 1},
            r"ColorJitter has no 'brightnes'\. Did you mean 'brightness'\?",
        ),
        ({**COLOUR, "brightness": "x"}, r"ColorJitter: .*brightness.*valid tuple"),
        ({"name": "RandomCrop", "height": 4, "width": 4}, "RandomCrop changes what size"),
        ({"name": "ToFloat"}, "ToFloat changes what size or type"),
    ],
)
def test_what_cannot_be_listed_is_named(listed: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"data.augment: {message}"):
        item((listed,))


def test_real_pictures_make_a_batch(shared_images: Path) -> None:
    facades = Data(
        root=shared_images / "facades",
        domains=("labels", "photo"),
        sides=("photo", "labels"),
        layout="side-by-side",
        split="val",
        size=128,
        channels=3,
    )
    (batch,) = draw(facades, batch_size=8, stop=1)
    assert batch.source.shape == batch.target.shape == (8, 3, 128, 128)
    zebras = Data(root=shared_images / "horse2zebra", domains=("A", "B"), split="test", size=64)
    (batch,) = draw(zebras, batch_size=8, stop=1)
    assert batch.source.shape == (8, 3, 64, 64)
    assert prepare(zebras).layout.spec.size == (64, 64)
