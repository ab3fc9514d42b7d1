"""Pairs of images that a CSV file lists, or with names that differ in a suffix."""

import csv

from translate import hookimpl
from translate.batches import Domain, ImageSpec, Item, Layout, Pair
from translate.errors import BadImage, DataError
from translate.folders.lookup import expect_domains, find_domains, notes, problems, usable_files


@hookimpl
def register_layouts():
    return {"pairs-csv": Pairs}


class Pairs(Layout):
    """Pairs in one folder: rows of `file`, or names that end with ``_source`` and ``_target``."""

    batch, paired = Pair, True

    def __init__(self, root, domains, split, leave_out=(), *, file="pairs.csv"):
        expect_domains("pairs-csv", domains, 1)
        (folder,) = find_domains(root, domains, split)
        usable = set(usable_files(folder, leave_out))
        table = folder.path / file
        pairs = pairs_in_table(table) if table.is_file() else pairs_by_name(folder.files)
        self.pairs = [pair for pair in pairs if usable.issuperset(pair)]
        if not self.pairs:
            raise DataError(
                f"{folder.path}: no pairs. Expected {file} with a row source,target for each, or "
                "images called NAME_source.png and NAME_target.png."
            )
        self.spec = ImageSpec(domains=(Domain("source"), Domain("target")))
        self.files = sorted({path for pair in self.pairs for path in pair})
        self.sources = [table] if table.is_file() else []
        self.notes, self.problems = notes(folder, read=self.sources), problems(folder)

    def __len__(self):
        return len(self.pairs)

    def pick(self, index, random):
        return Item(self.pairs[index])

    def load(self, item, transform):
        source, target = (transform.read(path) for path in item.files)
        if source.shape != target.shape:
            raise BadImage(item.files[0], f"has another size than {item.files[1]}")
        return Pair(*transform(source, target))


def pairs_in_table(table):
    with table.open(newline="", encoding="utf-8") as rows:
        return [tuple(table.parent / name for name in row[:2]) for row in csv.reader(rows) if row]


def pairs_by_name(files):
    targets = {path.stem.removesuffix("_target"): path for path in files}
    sources = [path for path in files if path.stem.endswith("_source")]
    candidates = [(path, targets.get(path.stem.removesuffix("_source"))) for path in sources]
    return [(source, target) for source, target in candidates if target]
