"""Time of a network alone, in PyTorch and in each backend, at 256 px, one image, one thread.

python benchmarks/backends.py [--network unet resnet] [--width 64] [--size 256] [--rounds 7]
                              [--json FILE]

Networks have random weights. Each round times all programs once, in an order that rotates. Ratios
are those within a round, so that the load of the machine changes them little.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import tables
import torch

from translate.engine.exports.backends import backends
from translate.exporters import ExportedModel, Network
from translate.nn.geometry import geometry_of
from translate.registry import create_generator


def main() -> None:
    """Measure, and print a row for each network and program."""
    args = arguments()
    torch.set_num_threads(1)
    rows, seconds_by_network = [], {}
    for name in args.network:
        images = np.random.default_rng(0).uniform(-1, 1, (1, 3, args.size, args.size))
        programs = programs_of(name, args.width, args.size)
        times = time_interleaved(programs, images.astype(np.float32), args.rounds)
        seconds_by_network[name] = times
        for program, of_program in times.items():
            pairs = zip(times["torch"], of_program, strict=True)
            rows.append(
                {
                    "network": name,
                    "program": program,
                    "ms": tables.median_and_quartiles([1000 * seconds for seconds in of_program]),
                    "speed-up": tables.median_and_quartiles(
                        [of_torch / other for of_torch, other in pairs]
                    ),
                }
            )
    note = (
        f"{args.size} px, width {args.width}, batch 1, one thread: median (quartiles) of "
        f"{args.rounds} interleaved rounds after one that is not counted."
    )
    tables.report(rows, note, args.json, seconds=seconds_by_network)


def programs_of(name: str, width: int, size: int) -> dict[str, Network]:
    """Return a network in each program, by its name; the first is PyTorch."""
    torch.manual_seed(0)
    network = create_generator(
        {"name": name, "width": width}, in_channels=3, out_channels=3, size=(size, size)
    )
    network.eval().requires_grad_(False)

    def run(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(images)).numpy()

    model = ExportedModel(
        network=network, channels=3, geometry=geometry_of(network), metadata={"network": name}
    )
    exported = {
        backend: exporter.load(exporter.write(model), threads=1).network
        for backend, (_, exporter) in backends().items()
    }
    return {"torch": run, **exported}


def time_interleaved(
    programs: dict[str, Callable[[np.ndarray], np.ndarray]], images: np.ndarray, rounds: int
) -> dict[str, list[float]]:
    """Return the seconds of each program in each round; all must return the same images."""
    expected = programs["torch"](images)
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):
        for name in tables.rotate(list(programs), number):
            start = time.perf_counter()
            actual = programs[name](images)
            times[name].append(time.perf_counter() - start)
            assert np.abs(actual - expected).max() < 1e-4, name
    return {name: of_rounds[1:] for name, of_rounds in times.items()}


def arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--network", nargs="+", default=["unet", "resnet"])
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
