"""Archives that could do harm or are damaged are refused; others yield their files."""

import io
import random
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from translate.errors import DataError
from translate.exchange import archives

Contents = dict[str, bytes]


def write_zip(path: Path, contents: Contents) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def write_tar(path: Path, contents: Contents) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


in_zip_and_tar = pytest.mark.parametrize("write", [write_zip, write_tar])


@in_zip_and_tar
def test_a_valid_archive_yields_its_files_in_order(write, tmp_path):
    contents = {"set/a/1.png": b"one", "set/b/2.png": random.Random(0).randbytes(3_000_000)}
    path = write(tmp_path / "archive", contents)
    archives.check_archive(path)
    actual = {m.name: (m.size, b"".join(m.chunks())) for m in archives.members(path)}
    assert actual == {name: (len(data), data) for name, data in contents.items()}
    assert archives.is_archive(path)


@pytest.mark.parametrize("name", ["../out.png", "a/../../out.png", "/etc/out.png", "..\\out.png"])
@in_zip_and_tar
def test_D19_paths_outside_the_folder_are_refused(write, name, tmp_path):
    path = write(tmp_path / "archive", {"set/fine.png": b"x", name: b"x"})
    with pytest.raises(DataError, match="is outside the folder: nothing was unpacked"):
        archives.check_archive(path)


@in_zip_and_tar
def test_a_repeated_name_is_refused(write, tmp_path):
    contents = {"a.png": b"1", "./a.png": b"2"}
    with pytest.raises(DataError, match="is repeated"):
        archives.check_archive(write(tmp_path / "archive", contents))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_links_and_devices_in_a_tar_file_are_refused(kind, tmp_path):
    with tarfile.open(tmp_path / "archive", "w") as tar:
        info = tarfile.TarInfo("set/link.png")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(DataError, match=r"link or a device|cannot be unpacked"):
        archives.check_archive(tmp_path / "archive")


def test_links_in_a_zip_file_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        info = zipfile.ZipInfo("set/link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="is a link or a device"):
        archives.check_archive(tmp_path / "archive")


@in_zip_and_tar
def test_a_decompression_bomb_is_refused(write, tmp_path):
    path = write(tmp_path / "archive", {"set/zeros.png": bytes(50_000_000)})
    with pytest.raises(DataError, match="an archive of images: nothing was unpacked"):
        archives.check_archive(path)


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    path = write_zip(tmp_path / "archive", {f"{n}.png": b"x" for n in range(5)})
    with pytest.raises(DataError, match="at least 4 files"):
        archives.check_archive(path)


@in_zip_and_tar
@pytest.mark.parametrize("fraction", [0.3, 0.98])
def test_a_truncated_archive_is_an_error_of_one_line(write, fraction, tmp_path):
    noise = random.Random(0).randbytes(200_000)
    path = write(tmp_path / "archive", {f"{n}.png": noise[n:] for n in range(4)})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * fraction)])
    with pytest.raises(DataError, match=r"archive cannot be unpacked: ") as error:
        archives.check_archive(path)
        for member in archives.members(path):
            b"".join(member.chunks())
    assert "\n" not in str(error.value)


def test_a_damaged_byte_in_a_zip_file_is_detected(tmp_path):
    path = write_zip(tmp_path / "archive", {"a.png": bytes(range(256)) * 99})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF  # after the header of the file, in its content
    path.write_bytes(data)
    with pytest.raises(DataError, match="cannot be unpacked"):
        [b"".join(member.chunks()) for member in archives.members(path)]


def test_an_encrypted_member_is_refused(tmp_path):
    path = write_zip(tmp_path / "archive", {"a.png": b"x"})
    data = bytearray(path.read_bytes())
    flags = data.index(b"PK\x01\x02") + 8  # in the central directory
    data[flags] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"'a\.png' is encrypted"):
        archives.check_archive(path)
