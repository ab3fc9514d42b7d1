"""Small versions of the images, tar shards and run that pages of documentation name."""

import tarfile
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

DOMAINS = ("summer", "winter", "labels", "horses", "zebras", "photo", "autumn", "spring")
SIDE, CROP = 64, 32


def write_images(root: Path) -> Path:
    """Write small images of the domains that pages name into the folder `root`, and return it."""
    rng = np.random.default_rng(0)

    def write(path: str, width: int = SIDE) -> None:
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        image = coarse.resize((width, SIDE), Image.Resampling.BICUBIC)
        if path.endswith(".png"):
            image.save(root / path)
        else:  # a scan, in Hounsfield units if it is a CT
            gray = np.asarray(image)[..., 0].astype(np.int16) * 12 - (1024 if "ct" in path else 0)
            tifffile.imwrite(root / path, gray.astype(np.int16 if "ct" in path else np.uint16))

    for domain in DOMAINS:
        for number in range(1, 7):
            write(f"datasets/{domain}/train/{number:04}.png")
        for number in range(7, 10):
            write(f"datasets/{domain}/test/{number:04}.png")
    for domain in ("summer", "winter"):
        for number in range(1, 5):
            write(f"NEW/{domain}/train/{number:04}.png")
    for number in range(1, 5):
        write(f"frames/{number:06}.png")
        write(f"datasets/both/{number}_in.png")
        write(f"datasets/both/{number}_out.png")
        write(f"wide/labels/{number}.png", 2 * SIDE)
        for domain in ("mr", "ct"):
            write(f"scans/{domain}/train/{number}.tif")
            write(f"scans/{domain}/test/{number + 4}.tif")
    rows = [f"datasets/photo/train/{n:04}.png,datasets/labels/train/{n:04}.png" for n in (1, 2, 3)]
    (root / "pairs.csv").write_text("\n".join(["source,target", *rows]))
    write("large.tif", 300)
    write("photos/photo.png")
    return root


def train_run(images: Path, out: Path) -> Path:
    """Train a run of two steps on the images that `write_images` has written; return it."""
    from translate.api import train

    domains = [str(images / "datasets" / name) for name in ("summer", "winter")]
    return train(config="cyclegan-small", domains=domains, steps=2, size=CROP, out=out).path


def write_shards(root: Path) -> None:
    """Write 128 shards, two of them with pairs of images, and shards of two domains."""
    images = root / "datasets"
    for number in range(128):
        with _new_tar(root / f"shards/{number:03}.tar") as archive:
            for domain in ("labels", "photo") if number < 2 else ():
                for path in sorted((images / domain / "train").iterdir()):
                    archive.add(path, f"{path.stem}.{domain}.png")
    for domain in ("summer", "winter"):
        with _new_tar(root / f"shards/{domain}/000.tar") as archive:
            for path in sorted((images / domain / "train").iterdir()):
                archive.add(path, path.name)


def _new_tar(path: Path) -> tarfile.TarFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    return tarfile.open(path, "w")
