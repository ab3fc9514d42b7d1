"""The message about skipped files: their number, suffixes and advice."""

from pathlib import Path

from translate.folders.skipped import describe


def test_skipped_files_are_counted_by_suffix_and_the_first_are_named() -> None:
    assert describe([]) == ""
    two = [Path("a/x.jsonl"), Path("a/y.JSONL")]
    assert describe(two) == (
        "skipped 2 files without an image suffix (2 .jsonl): a/x.jsonl, a/y.JSONL"
    )
    many = [Path(f"{number}.txt") for number in range(9)]
    assert describe(many).endswith("(9 .txt): 0.txt, 1.txt, 2.txt, ...")


def test_advice_is_given_once_for_each_kind_of_file() -> None:
    names = ["1.psd", "2.PSD", "3.dds", "v.nii.gz", "a.zip", "IM0001", "x.mat"]
    text = describe([Path(name) for name in names])
    assert "(2 .psd, 1 .dds, 1 .nii.gz, 1 .zip, 1 without suffix)" in text
    assert text.count("convert to PNG or TIFF") == 1
    assert ".psd, .dds: not read, convert to PNG or TIFF" in text
    assert ".nii.gz: not read, save its slices as 16-bit PNG or TIFF (nibabel reads it)" in text
    assert ".zip: not read, unpack it" in text
    assert ".mat: not read, save its arrays as .npy files" in text
