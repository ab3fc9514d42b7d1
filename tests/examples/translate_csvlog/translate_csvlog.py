"""Write the losses of many runs into one CSV file, with the columns run, step, name and value."""

import csv
from pathlib import Path
from typing import Annotated

from translate import hookimpl


@hookimpl
def register_trackers():
    return {"csvlog": CsvLog}


class CsvLog:
    """Add the losses and the outcome of each run to one CSV file."""

    def __init__(self, *, file: Annotated[str, "path of the CSV file"] = "losses.csv"):
        self.path = Path(file)
        self.run = ""

    def start(self, run, step):
        self.run = run.path.name
        # a resumed run logs the steps after `step` again
        rows = [row for row in self._rows() if row[0] != self.run or int(row[1]) <= step]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("w", newline="") as file:
            csv.writer(file).writerows(rows)

    def log(self, record):
        with self.path.open("a", newline="") as file:
            for name, value in {**record.losses, **record.metrics}.items():
                csv.writer(file).writerow([self.run, record.step, name, value])

    def preview(self, step, path):
        pass  # CSV files have no images

    def finish(self, outcome):
        with self.path.open("a", newline="") as file:
            csv.writer(file).writerow([self.run, 0, "outcome", outcome])

    def close(self):
        pass  # no file stays open

    def _rows(self):
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            return list(csv.reader(file))
