"""The schema of a configuration."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from translate.engine.config.value_types import (
    BY_DOMAIN,
    LARGEST_BATCH,
    Bands,
    Channels,
    Device,
    Fraction,
    Fragment,
    Norm,
    Place,
    Positive,
    Range,
    Schedule,
    Section,
    Share,
    Side,
    by_domain,
    domain_names,
)
from translate.errors import short_repr, suggest

LAYOUT_OF_ONE_DOMAIN = "images"
"""the layout of `translate datasets check DOMAIN`"""


class Data(Section):
    """The images to read, and their processing before a training step."""

    root: Place = Path("datasets")
    """folder that holds the domain folders"""
    domains: tuple[str, ...] = Field(default=(), min_length=1)
    """folders of images: the first is translated from, the last to"""
    layout: str | dict[str, Any] = "unpaired"
    """how folders are read: a name, or a mapping of name and options; see translate show"""
    size: Side | tuple[Side, Side] = 256
    """training crop in pixels: N, or [height, width]"""
    resize: Side | tuple[Side, Side] | Literal["none", "fit"] | None = None
    """shorter side before the crop: N, [min, max], none, fit (shrink); default size * 286/256"""
    flip: bool = True
    """mirror half of the images"""
    augment: tuple[dict[str, Any], ...] = ()
    """albumentations by name: [{name: ColorJitter, p: 0.5, to: source}]"""
    channels: Channels | dict[str, Channels] | None = None
    """1 gray, 3 colour, or all bands; by domain: {photo: 3, mask: 1}; default: of 8 bits 3"""
    range: Range | dict[str, Range] | None = None
    """values that map to -1 and 1: [0, 4095], {ct: [-1024, 3071]}; default: the dtype's range"""
    units: str | dict[str, str] | None = None
    """unit of the pixel values, of the results of evaluations: HU, or {ct: HU}"""
    bands: Bands | dict[str, Bands] | None = None
    """bands of each file that are read, from 1: [3, 2, 1], or by domain; default: as channels"""
    labels: tuple[str, ...] | None = None
    """domains of label maps: resized by nearest neighbour; default: those with only palette PNGs"""
    workers: int = Field(default=0, ge=0, le=1024)
    """processes that read images; 0: a thread reads the next batch"""
    cache: float = Field(default=2.0, ge=0)
    """gigabytes for decoded images, and scaled ones, in memory; a larger set is read from disk"""
    split: str = "train"
    """the subfolder of each domain that is trained on"""
    validation: Share | str | None = None
    """images held out for train.metric: a fraction such as 0.1, a split such as val, or a folder"""
    groups: str | None = None
    """regular expression on paths, such as "(P\\d+)_": images of one first group stay together"""
    max_bad: Fraction = 0.05
    """largest accepted fraction of unreadable files"""

    @property
    def layout_name(self) -> str:
        """The name of the layout, without its options."""
        return self.layout if isinstance(self.layout, str) else str(self.layout.get("name"))

    @property
    def crop(self) -> tuple[int, int]:
        """Height and width of a training crop."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def shorter_side(self) -> tuple[int, int] | None:
        """Smallest and largest length of the shorter side before the crop, or None."""
        if self.resize == "none" or self.resize == "fit":
            return None
        if isinstance(self.resize, tuple):
            return self.resize
        side = self.resize or round(min(self.crop) * 286 / 256)
        return side, side

    def is_labels(self, domain: str) -> bool:
        """Return whether the images of a domain are label maps."""
        return not domain_names(domain).isdisjoint(self.labels or ())

    @field_validator("channels", mode="before")
    @classmethod
    def _refuse_list(cls, channels: Any, info: ValidationInfo) -> Any:
        if not isinstance(channels, (list, tuple)):
            return channels
        names = info.data.get("domains") or ("A", "B")
        numbers = [*channels, *(3 for _ in names)]
        pairs = ", ".join(f"{Path(n).name}: {c}" for n, c in zip(names, numbers, strict=False))
        raise ValueError(
            "expected one number for all domains, or a mapping from domains to numbers; "
            f'try --set "data.channels={{{pairs}}}"'
        )

    @field_validator("range")
    @classmethod
    def _require_ascending_range(cls, value: Any) -> Any:
        for name, (low, high) in by_domain(value):
            if not low < high:
                of = f" of {name}" if name else ""
                raise ValueError(f"expected two numbers{of}, the smaller first")
        return value

    @field_validator(*BY_DOMAIN)
    @classmethod
    def _require_known_domains(cls, value: Any, info: ValidationInfo) -> Any:
        names = [] if info.field_name != "labels" and not isinstance(value, dict) else value or []
        domains = {name for domain in info.data.get("domains", ()) for name in domain_names(domain)}
        for name in names:
            if name not in domains:
                hint = suggest(name, domains).strip(" .")
                raise ValueError(f"expected names of domains, not {short_repr(name)} ({hint})")
        return value

    @field_validator("groups")
    @classmethod
    def _require_group(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile(pattern).groups if pattern is not None else 1
        except re.error as error:
            raise ValueError(f"expected a regular expression; {error}") from error
        if not groups:
            raise ValueError(
                "expected a regular expression with a group in parentheses; "
                f"try --set \"data.groups='({pattern})'\""
            )
        return pattern

    @field_validator("labels", mode="before")
    @classmethod
    def _as_list(cls, labels: Any) -> Any:
        return [labels] if isinstance(labels, str) else labels

    @field_validator("resize")
    @classmethod
    def _require_smaller_first(cls, resize: Any) -> Any:
        if isinstance(resize, tuple) and resize[0] > resize[1]:
            raise ValueError("expected the smaller side first")
        return resize


class Train(Section):
    """Length and method of training, and the files that it writes."""

    steps: Positive | None = None
    """steps to train; setting it clears epochs"""
    epochs: Positive | None = None
    """passes over the images of the largest domain; setting it clears steps"""
    batch_size: int = Field(default=1, gt=0, le=LARGEST_BATCH)
    """images in a step, over all processes"""
    accumulate: Positive = 1
    """microbatches of a batch, which run one by one in less memory; batch norm uses each alone"""
    seed: int = Field(default=0, ge=0, lt=1 << 62)
    """random seed"""
    device: Device = "auto"
    """auto, cpu, cuda or cuda:N; auto takes a GPU if there is one"""
    precision: Literal["fp32", "bf16"] = "fp32"
    """fp32 or bf16, which halves memory on a GPU and is very slow on most CPUs"""
    schedule: Schedule | dict[str, Schedule] = "constant"
    """decay of the learning rates: constant, linear, cosine; or {player: name}, others constant"""
    decay_from: Fraction = 0.5
    """fraction of the steps after which the schedule begins to decay"""
    schedule_steps: Positive | None = None
    """length of the schedule in steps, after which the rate is constant; default: all steps"""
    warmup: int = Field(default=0, ge=0)
    """steps of linear warmup of the learning rates"""
    clip_norm: Norm | dict[str, Norm] | None = None
    """largest gradient norm of a player; a longer gradient is scaled down: N, or {player: N}"""
    log_every: Positive = 50
    """steps between lines of log.jsonl"""
    save_every: Positive = 1000
    """steps between checkpoints; the last step always has one"""
    preview_every: int = Field(default=500, ge=0, le=10**12)
    """steps between previews; 0 draws none"""
    evaluate_every: int = Field(default=0, ge=0, le=10**12)
    """steps between evaluations of train.metric on the validation images; 0: none"""
    metric: str | dict[str, Any] | None = None
    """metric that chooses the best checkpoint, such as psnr, or {name: METRIC, option: value}"""
    patience: int = Field(default=0, ge=0, le=10**12)
    """evaluations without improvement after which training stops; 0: never"""
    trackers: tuple[str | dict[str, Any], ...] = ()
    """trackers that also get logs and previews: [NAME, {name: NAME, option: value}]"""
    keep: int = Field(default=2, ge=2, le=10**12)
    """number of newest checkpoints to keep; at least 2, in case one is damaged"""
    ema: float = Field(default=0.0, ge=0, lt=1)
    """decay of the moving average of the weights, which inference then uses; 0: no average"""
    guard: Positive = 10
    """turns in a row with a loss or gradient that is not finite, after which training stops"""
    timeout: float = Field(default=1800.0, gt=0, le=10**9)
    """seconds that a process waits for the others, under torchrun, before all of them stop"""
    shard: Literal["none", "fsdp"] = "none"
    """fsdp: each process keeps a part of weights, moments and average, for large networks"""
    compile: bool = False
    """compile the networks; needs a C++ compiler or Triton"""
    checkpointing: bool = False
    """compute repeated blocks again in the backward pass: less memory, more time, same result"""
    channels_last: bool = False
    """store images pixel by pixel (torch.channels_last), as Tensor Cores of a GPU read them"""
    cuda_graphs: bool = False
    """launch a network's kernels at once, for small batches on a GPU; takes more memory"""
    deterministic: bool = False
    """bit-for-bit repeatable on a GPU, too; slower, and some operations are refused"""

    @field_validator("checkpointing", "cuda_graphs")
    @classmethod
    def _refuse_combination(cls, value: bool, info: ValidationInfo) -> bool:
        others = [key for key in ("compile", "checkpointing") if info.data.get(key)]
        if value and others:
            raise ValueError(f"expected false with train.{others[0]}")
        return value

    @field_validator("trackers", mode="before")
    @classmethod
    def _as_list(cls, trackers: Any) -> Any:
        return [trackers] if isinstance(trackers, (str, Mapping)) else trackers


class Config(Section):
    """All settings of a run."""

    recipe: str
    """name of the recipe: see `translate show`"""
    options: Fragment = {}
    """options of the recipe: see `translate show RECIPE`"""
    data: Data
    """the images, and their processing"""
    train: Train
    """length and method of training, and the files that it writes"""
