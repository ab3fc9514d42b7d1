"""Random mutations of valid files, for fuzz tests."""

import json
import zlib
from collections.abc import Sequence
from copy import deepcopy
from random import Random
from typing import Any

NUMBERS = (0, 1, 2**7 - 1, 2**7, 2**8 - 1, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**62)
NUMBERS += (2**64 - 1,)
"""limits of integer types"""
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 7, 255, 2**31, 2**63, 10**30, 10**400, 0.5, -0.1, 1e-300, 1e300,
    float("inf"), float("nan"), "", "x", "0", "nan", "\0", "\ud800", "é" * 40, "os.system",
    "builtins.exec", "../../nowhere", "cpu", "cuda:9", "resnet", "mlp", "gan", "l1", "batch",
    [], [0], [[]], {}, {"": 0}, {"name": "x"}, {"name": "resnet", "_target_": "os.system"},
)  # fmt: skip
WORDS = (
    b"!!python/object/apply:os.system [x]", b"!!python/name:os.system", b"&a ", b"*a", b"<<: ",
    b"!!binary |\n  x", b"!!timestamp x", b"!!int x", b"!!float x", b"!!set ", b"!!omap ", b"!x ",
    b"2001-99-99", b"2001-01-01t99:99:99z", b"0x", b"0o9", b"1_0", b".inf", b".nan", b"9" * 5000,
    b"1e9999", b"? ", b"- ", b": ", b"| ", b">9\n", b"%YAML 9.9\n---\n", b"---\n", b"...\n", b"\t",
    b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xa8", b"[" * 3000, b"{a: " * 300, b'"', b"'",
    b"\\", b"#", b"\n", b"\r", b",", b"]", b"}", b"~", b"{", b"${HOME}", b"null", b'"\\ud800"',
)  # fmt: skip
"""byte sequences with a meaning in YAML or JSON"""


def mutate_bytes(
    data: bytes, rng: Random, others: Sequence[bytes] = (), words: Sequence[bytes] = ()
) -> bytes:
    """Return `data` with one to eight random changes.

    A change may insert one of `words`, or a part of one of the files `others`.
    """
    mutant = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        i = rng.randrange(len(mutant) + 1)
        span = slice(i, i + rng.choice((1, 2, 4, 16, 256)))
        match rng.randrange(9 if words else 8):
            case 0:
                mutant[i : i + 1] = bytes([rng.randrange(256)])
            case 1:
                mutant[i : i + 1] = bytes(b ^ 1 << rng.randrange(8) for b in mutant[i : i + 1])
            case 2 | 3:
                size = rng.choice((1, 2, 4, 8))
                number = rng.choice(NUMBERS) % 256**size
                mutant[i : i + size] = number.to_bytes(size, rng.choice(("big", "little")))
            case 4:
                del mutant[span]
            case 5:
                mutant[i:i] = mutant[span] * rng.choice((1, 2, 50))
            case 6:
                del mutant[max(i, 1) :]
            case 7 if others:
                other = rng.choice(others)
                start = rng.randrange(len(other))
                mutant[span] = other[start : start + rng.choice((4, 64, 4096))]
            case 8:
                mutant[i:i] = rng.choice(words)
    return bytes(mutant)


def fix_png_checksums(png: bytes) -> bytes:
    """Return `png` with the checksums of its chunks recomputed."""
    fixed, start = bytearray(png), 8
    while start + 12 <= len(fixed):
        end = start + 8 + int.from_bytes(fixed[start : start + 4], "big")
        if end + 4 > len(fixed):
            break
        fixed[end : end + 4] = zlib.crc32(fixed[start + 4 : end]).to_bytes(4, "big")
        start = end + 4
    return bytes(fixed)


def mutate_document(document: Any, rng: Random) -> Any:
    """Return `document` with one to three values or keys changed, removed or duplicated."""
    new = [deepcopy(document)]  # in a list, so that the whole document can be replaced, too
    for _ in range(rng.choice((1, 1, 2, 3))):
        holder, key = rng.choice(list(_entries(new)))
        value = holder[key]
        match rng.randrange(8):
            case 0 | 1 | 2:
                holder[key] = deepcopy(rng.choice(VALUES))
            case 3 if isinstance(value, (int, float)):
                holder[key] = rng.choice((value + 1, value - 1, -value, value * 2, value * 10**6))
            case 4 if holder is not new:
                del holder[key]
            case 5 if isinstance(holder, dict):
                holder[rng.choice([*map(str, holder), "", "name", "_target_", "x.y"])] = value
            case 6:
                other_holder, other_key = rng.choice(list(_entries(new)))
                holder[key] = deepcopy(other_holder[other_key])
            case 7:
                holder[key] = rng.choice(([value], {"name": value}, [value] * 300, str(value)))
    return new[0]


def _entries(document: Any) -> Any:
    """Yield each container of `document` with each of its keys."""
    for key in list(document) if isinstance(document, dict) else range(len(document)):
        yield document, key
        if isinstance(document[key], (dict, list)):
            yield from _entries(document[key])


def mutate_safetensors(data: bytes, rng: Random) -> bytes:
    """Return the safetensors file `data` with mutated bytes or a mutated header."""
    if rng.random() < 0.4:
        return mutate_bytes(data, rng, words=WORDS)
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(mutate_document(json.loads(data[8:end]), rng)).encode()
    length = rng.choice((len(header), len(header), len(header), rng.choice(NUMBERS)))
    return length.to_bytes(8, "little") + header + data[end:]
