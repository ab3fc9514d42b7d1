"""The judge of scenes: reads from a picture what its caption says; and marks for text2img.

python benchmarks/scenery.py [--size 32]     the marks of real scenes, and of those who cheat

It is a small CNN, trained once on scenes that no recipe sees, and kept beside the judge of digits.
"""

import argparse
import inspect
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import scenes
import tables
import torch
import torch.nn.functional as F
from judge import kept
from marks import read_colour
from scenes import Captioned, Pictures, Told
from subject import Finding, Subject
from torch import Tensor, nn

from translate.engine.inference import model as infer
from translate.engine.inference import sampling

SCENES, PASSES, BATCH, RATE = 4000, 25, 64, 3e-3
PLAIN = ("season", "lake", "trees", "sun")
"""what is one logit each; then come those of no, one and two houses, and one of each colour"""
EACH = 8
"""pictures drawn of a caption"""


class SceneJudge(nn.Module):
    """Five convolutions; pictures are (N, 3, S, S) in [-1, 1], of 32 or 64 pixels."""

    def __init__(self, size: int, width: int = 48) -> None:
        super().__init__()
        widths = (3, width, width, 2 * width, 2 * width, 4 * width)
        halves = (size >= 64, True, True, True, False)
        layers: list[nn.Module] = []
        for before, after, half in zip(widths, widths[1:], halves, strict=False):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
            layers += [nn.ReLU(), *([nn.MaxPool2d(2)] if half else [])]
        self.features = nn.Sequential(*layers)
        self.logits = nn.Linear(8 * width, len(PLAIN) + 3 + len(scenes.COLOURS))

    def forward(self, pictures: Tensor) -> Tensor:
        seen = self.features(pictures)
        seen = torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], 1)
        return self.logits(F.dropout(seen, 0.3, self.training))

    @torch.inference_mode()
    def look(self, pictures: Pictures) -> Tensor:
        """Return the logits of (N, S, S, 3) bytes."""
        return torch.cat([self(chunk) for chunk in as_input(pictures).split(256)])


def as_input(pictures: Pictures) -> Tensor:
    """Return (N, S, S, 3) bytes as (N, 3, S, S) in [-1, 1]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1


def trained(real: Captioned, seed: int) -> SceneJudge:
    """Return a judge that was taught what these captions say."""
    pictures, told = as_input(real.pictures), [scenes.parse(text) for text in real.captions]
    truth, known = _truth(told)
    houses = torch.tensor([t.houses for t in told])
    torch.manual_seed(seed)
    judge = SceneJudge(pictures.shape[-1])
    optimizer = torch.optim.AdamW(judge.parameters(), RATE, weight_decay=0.02)
    steps = PASSES * -(-len(told) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
    for _ in range(PASSES):
        for chosen in torch.randperm(len(told)).split(BATCH):
            logits = judge(_moved(pictures[chosen]))
            plain, count, colours = logits.split([len(PLAIN), 3, len(scenes.COLOURS)], 1)
            yes_or_no = torch.cat([plain, colours], 1)
            each = F.binary_cross_entropy_with_logits(yes_or_no, truth[chosen], reduction="none")
            loss = (each * known[chosen]).mean() + 0.3 * F.cross_entropy(count, houses[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return judge.eval()


def _truth(told: Sequence[Told]) -> tuple[Tensor, Tensor]:
    """Return (N, 8) of yes or no, and where that is known."""
    rows = [(t.season, t.lake, t.trees >= scenes.MANY, t.sun, *t.colours) for t in told]
    truth = torch.tensor(rows, dtype=torch.float32)
    known = torch.ones_like(truth)
    known[:, 2] = torch.tensor([not scenes.FEW < t.trees < scenes.MANY for t in told])
    return truth, known


def _moved(pictures: Tensor) -> Tensor:
    """Return some of `pictures` mirrored, all shifted by up to two pixels."""
    mirrored = torch.rand(len(pictures), 1, 1, 1) < 0.5
    pictures = torch.where(mirrored, pictures.flip(3), pictures)
    top, left = torch.randint(0, 5, (2,)).tolist()
    side = pictures.shape[-1]
    padded = F.pad(pictures, (2, 2, 2, 2), mode="replicate")
    return padded[..., top : top + side, left : left + side]


def judge_of(size: int, seed: int = 0) -> SceneJudge:
    """Return the judge of scenes of `size` pixels, from the cache if it was there."""
    code = "".join(map(inspect.getsource, (SceneJudge, trained, _truth, _moved, scenes)))
    key = sha256(f"{code} {SCENES} {PASSES} {BATCH} {RATE}".encode()).hexdigest()[:16]
    return kept(
        f"scenes-{size}-{key}-seed-{seed}",
        SceneJudge(size),
        lambda: trained(scenes.real(SCENES, size), seed),
    )


def agreement(logits: Tensor, told: Sequence[Told]) -> dict[str, float]:
    """Return the share of pictures that show what is told, of each attribute.

    Three trees are neither few nor many, and left out; colours are of walls, and count where there
    are houses, if all are right.
    """
    truth, known = _truth(told)
    houses = torch.tensor([t.houses for t in told])
    plain, count, colours = logits.split([len(PLAIN), 3, len(scenes.COLOURS)], 1)
    right = (torch.cat([plain, colours], 1) > 0) == truth.bool()
    shares = {
        name: float(right[known[:, i] > 0, i].double().mean()) for i, name in enumerate(PLAIN)
    }
    shares["houses"] = float((count.argmax(1) == houses).double().mean())
    shares["colour"] = float(right[houses > 0, len(PLAIN) :].all(1).double().mean())
    return shares


def told_of(subject: Subject) -> Finding:
    """Whether pictures show what their texts say, and differ as much as scenes of one text do.

    Texts are the captions of the 80 test scenes; `sampling.sample_folder` is what `translate
    sample --text` calls, here with the model loaded once.
    """
    model, _ = infer.load(subject.run)
    size = model.spec.size[0]
    texts = scenes.held_out()
    drawn = [_draw(subject, model, text, f"held-out/{i}") for i, text in enumerate(texts)]
    told = [scenes.parse(text) for text in texts for _ in range(EACH)]
    shares = agreement(judge_of(size).look(np.concatenate(drawn)), told)
    same = scenes.alike(size)
    again = [_draw(subject, model, text, f"alike/{i}") for i, text in enumerate(same.captions)]
    shares["apart"] = scenes.apart(again) / scenes.apart(same.pictures)
    shown = range(0, len(texts), len(texts) // 8)
    details = {"rows of the sheet": [texts[i] for i in shown]}
    return Finding(shares, [drawn[i] for i in shown], details=details)


def _draw(subject: Subject, model: infer.Model, text: str, name: str) -> Pictures:
    folder = subject.out / "drawn" / name
    sampling.sample_folder(model, folder, sampling.SampleRequest(EACH, text=text))
    return read_colour(folder)


def main() -> None:
    """Print what real scenes reach, and those who ignore the text or know ten pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    judge, real = judge_of(asked.size), scenes.real(500, asked.size, "others")
    told = [scenes.parse(text) for text in real.captions]
    same = scenes.alike(asked.size).pictures
    unit = scenes.apart(same)
    random = np.random.default_rng(0)
    shuffled = real.pictures[random.permutation(len(told))]
    ten = real.pictures[random.integers(0, 10, len(told))]
    mixed = [real.pictures[random.choice(500, len(group))] for group in same]
    few = [real.pictures[random.integers(0, 10, len(group))] for group in same]
    rows = [
        {"pictures": name, **agreement(judge.look(pictures), told), "apart": distance / unit}
        for name, pictures, distance in (
            ("real scenes of the text", real.pictures, unit),
            ("real scenes of other texts", shuffled, scenes.apart(mixed)),
            ("ten scenes, whatever the text", ten, scenes.apart(few)),
        )
    ]
    tables.report(rows, f"{len(told)} scenes at {asked.size} px", asked.json, unit=unit)


if __name__ == "__main__":
    main()
