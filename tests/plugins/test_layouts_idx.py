"""The layout of idx files, the format of MNIST: images, labels and damaged files."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from identity_transform import IdentityTransform
from small_data import load_batch

from translate.batches import Images, Item, Labelled
from translate.engine.config.schema import Data
from translate.errors import ConfigError, DataError
from translate.testing import check_layout
from translate_plugins.layouts.idx import IdxFiles, read

SAME_FOLDER = [HealthCheck.function_scoped_fixture]
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 6), np.uint8)
LABELS = np.array([7, 0, 3, 7, 3], np.uint8)


def idx(values: Any, kind: int = 8) -> bytes:
    """Return `values` as an idx file."""
    shape = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes((0, 0, kind, values.ndim)) + shape + values.tobytes()


@pytest.fixture
def mnist(tmp_path: Path) -> Callable[..., Path]:
    """Write five images, 4 by 6, and their labels, into a folder below the test's."""

    def make(name: str = "mnist", prefix: str = "train", *, packed: bool = True) -> Path:
        folder, suffix = tmp_path / name, ".gz" if packed else ""
        folder.mkdir(parents=True, exist_ok=True)
        for kind, values in (("images-idx3", PIXELS), ("labels-idx1", LABELS)):
            content = idx(values)
            path = folder / f"{prefix}-{kind}-ubyte{suffix}"
            path.write_bytes(gzip.compress(content) if packed else content)
        return folder

    return make


@pytest.mark.parametrize("labels", [True, False])
def test_the_layout_keeps_the_rules(mnist: Any, labels: bool, tmp_path: Path) -> None:
    mnist()
    check_layout("idx", data={"root": str(tmp_path), "domains": ["mnist"]}, labels=labels)


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_is_read_in_its_published_form(mnist: Any, packed: bool, tmp_path: Path) -> None:
    folder = mnist(packed=packed)
    layout = IdxFiles(tmp_path, ["mnist"], "train")
    assert len(layout) == 5
    assert layout.spec.names == ("mnist",)
    assert layout.spec.classes == ("0", "3", "7")
    assert (layout.spec.source.channels, layout.spec.target.channels) == (1, 1)
    assert list(layout.files) == []
    assert [path.parent for path in layout.sources] == [folder, folder], "images, and labels"
    transform = IdentityTransform()
    for index in range(5):
        picked_item = layout.pick(index, Random(0))
        assert picked_item == Item((layout.path,), index) and layout.path.parent == folder
        item = layout.load(picked_item, transform)
        assert isinstance(item, Labelled)
        assert (item.images.numpy() == PIXELS[index, None]).all()
        assert layout.spec.classes[int(item.labels)] == str(LABELS[index])
    assert transform.roles == ["source"] * 5


def test_the_test_split_is_called_t10k(mnist: Any, tmp_path: Path) -> None:
    mnist(prefix="t10k")
    assert len(IdxFiles(tmp_path, ["mnist"], "test")) == 5
    with pytest.raises(
        DataError,
        match=r"domain 'mnist': there is no train-images-idx3-ubyte, with .* in \S+/mnist ",
    ):
        IdxFiles(tmp_path, ["mnist"], "train")


def test_labels_may_be_ignored(mnist: Any, tmp_path: Path) -> None:
    folder = mnist()
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r'"data\.layout=\{name: idx, labels: false\}"'):
        IdxFiles(tmp_path, ["mnist"], "train")
    layout = IdxFiles(tmp_path, ["mnist"], "train", labels=False)
    item = layout.load(layout.pick(2, Random(0)), IdentityTransform())
    assert isinstance(item, Images)
    assert (item.images.numpy() == PIXELS[2, None]).all()
    assert layout.spec.classes == ()


def test_file_names_may_have_a_dot_for_the_dash(mnist: Any, tmp_path: Path) -> None:
    folder = mnist(packed=False)
    for path in list(folder.iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert len(IdxFiles(tmp_path, ["mnist"], "train")) == 5


def test_a_domain_is_a_folder_a_path_or_the_root_itself(mnist: Any, tmp_path: Path) -> None:
    folder = mnist("some/mnist")
    assert len(IdxFiles(tmp_path / "some", ["mnist"], "train")) == 5
    assert len(IdxFiles(tmp_path / "nowhere", [str(folder)], "train")) == 5
    assert len(IdxFiles(folder, ["mnist"], "train")) == 5
    with pytest.raises(ConfigError, match="'idx' reads one domain, got 2: a, b"):
        IdxFiles(tmp_path, ["a", "b"], "train")


def test_the_real_mnist_is_read(shared_images: Path) -> None:
    layout = IdxFiles(shared_images, ["mnist"], "train")
    assert len(layout) == 60_000
    assert layout.spec.classes == tuple("0123456789")
    assert layout.labels is not None
    assert layout.labels[:5].tolist() == [5, 0, 4, 1, 9]
    mean_of_tutorials = 0.1307
    assert layout.images.float().mean() / 255 == pytest.approx(mean_of_tutorials, abs=1e-4)
    assert len(IdxFiles(shared_images / "mnist", ["mnist"], "test", labels=False)) == 10_000


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("workers", [0, 2])
def test_batches_of_the_engine_are_gray_bytes(mnist: Any, workers: int, tmp_path: Path) -> None:
    mnist()
    settings = Data(
        root=tmp_path, domains=("mnist",), layout="idx", size=8, resize="fit", workers=workers
    )
    batch = load_batch(settings, batch_size=5)
    assert batch.images.shape == (5, 1, 8, 8)
    assert sorted(batch.labels.tolist()) == [0, 1, 1, 2, 2]
    colour = settings.model_copy(update={"channels": 3, "layout": {"name": "idx", "labels": False}})
    batch = load_batch(colour, batch_size=5)
    assert batch.images.shape == (5, 3, 8, 8)
    assert len(batch) == 1


@pytest.mark.slow
def test_spawned_workers_share_the_images(mnist: Any, tmp_path: Path) -> None:
    mnist()
    layout = IdxFiles(tmp_path, ["mnist"], "train")
    assert isinstance(layout.images, torch.Tensor)  # which torch passes in shared memory
    context = torch.multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        assert pool.apply(len, (layout,)) == 5


@settings(suppress_health_check=SAME_FOLDER, deadline=None)
@given(
    shape=st.one_of(st.tuples(st.integers(1, 4)), st.tuples(*[st.integers(1, 4)] * 3)),
    packed=st.booleans(),
    seed=st.integers(0, 9),
)
def test_arrays_of_numpy_are_read_back(
    shape: tuple[int, ...], packed: bool, seed: int, tmp_path: Path
) -> None:
    values = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx(values)) if packed else idx(values))
    assert (read(path, len(shape)).numpy() == values).all()


@settings(suppress_health_check=SAME_FOLDER, deadline=None)
@given(
    random_bytes=st.binary(max_size=60),
    packed=st.booleans(),
    has_magic_number=st.booleans(),
    dimensions=st.sampled_from([1, 3]),
)
def test_any_content_raises_only_data_errors(
    random_bytes: bytes, packed: bool, has_magic_number: bool, dimensions: int, tmp_path: Path
) -> None:
    content = (bytes((0, 0, 8, dimensions)) if has_magic_number else b"") + random_bytes
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content)[: len(random_bytes) + 10] if packed else content)
    try:
        values = read(path, dimensions)
    except DataError as error:
        assert str(error).startswith(f"{path}: ")
        assert "\n" not in str(error)
    else:
        assert idx(values.numpy()) == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"begins with '', expected '00 00 08 03'"),
        (b"<html>", r"not an idx file of images: it begins with '3c 68 74 6d'"),
        (idx(LABELS), r"begins with '00 00 08 01', expected '00 00 08 03'"),
        (idx(PIXELS.astype(">f4"), 13), r"begins with '00 00 0d 03'"),
        (idx(PIXELS)[:9], r"truncated: 9 bytes end in the middle of its header"),
        (idx(PIXELS)[:-1], r"truncated: its header states 5 x 4 x 6 bytes, and 119 follow"),
        (idx(PIXELS) + b"0", r"states 5 x 4 x 6 bytes, and more follow"),
        (idx(PIXELS[:0]), r"empty: its header states 0 x 4 x 6 bytes"),
        (gzip.compress(idx(PIXELS), mtime=0)[:-9], r"in the middle of a gzip stream"),
        (gzip.compress(idx(PIXELS), mtime=0)[:-8] + bytes(8), r"CRC check failed"),
        (gzip.compress(b"x" * 99, mtime=0), r"begins with '78 78 78 78'"),
        (idx(np.empty((0, 9, 9), np.uint8))[:4] + b"\xff" * 12, r"more than a file of its size"),
    ],
)
def test_a_file_that_contradicts_its_header_is_named(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        IdxFiles(tmp_path, ["mnist"], "train", labels=False)
    assert str(error.value).startswith(f"{path}: ")


def test_a_decompression_bomb_is_inflated_only_to_the_size_of_its_header(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(idx(PIXELS) + bytes(1 << 26)))
    inflated = []
    inflate = gzip.GzipFile.read

    def record_inflated_bytes(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        inflated.append(inflate(self, size))
        return inflated[-1]

    monkeypatch.setattr(gzip.GzipFile, "read", record_inflated_bytes)
    with pytest.raises(DataError, match="and more follow"):
        read(path, 3)
    assert len(b"".join(inflated)) == len(idx(PIXELS)) + 1


def test_the_numbers_of_labels_and_images_must_agree(mnist: Any, tmp_path: Path) -> None:
    folder = mnist()
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS[:4])))
    with pytest.raises(DataError, match=r"ubyte\.gz has 5 images, but \S+ubyte\.gz has 4 labels"):
        IdxFiles(tmp_path, ["mnist"], "train")


def test_a_folder_without_idx_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"with or without \.gz, in \S+/mnist and \S+\.$"):
        IdxFiles(tmp_path, ["mnist"], "train")
