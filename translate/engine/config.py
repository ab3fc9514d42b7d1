"""The configuration of a run: four keys, merged in layers and checked, from flags and YAML."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from importlib.resources.abc import Traversable
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML, AliasEvent, CollectionEndEvent, CollectionStartEvent, Event
from ruamel.yaml.error import YAMLError

from translate.engine import options
from translate.engine.bundled import configs
from translate.engine.names import short_names
from translate.errors import ConfigError, named, shown, suggest
from translate.registry import find, names, nearest

MAX_BYTES = 100_000
"""of a file, of which the parser reads so many in two seconds"""
DEEPEST = 40
"""levels of nesting, each of which makes the parser slower"""
Fragment = dict[str, Any]
LAYOUT_KEYS = ("sides", "drop_unpaired")
"""options of layouts that are keys of ``data``, too"""
LARGEST_SIDE, LARGEST_BATCH = 1 << 16, 1 << 16
"""More than any machine holds: a damaged configuration is refused before it takes all memory."""
Positive = Annotated[int, Field(gt=0, le=10**12)]
Side = Annotated[int, Field(gt=0, le=LARGEST_SIDE)]
Share = Annotated[float, Field(ge=0, le=1)]
Norm = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Schedule = Literal["constant", "linear", "cosine"]


DEVICES = "auto, cpu, cuda or cuda:N"


def is_device(name: str) -> bool:
    """Return whether `name` is one of `DEVICES`: PyTorch knows others that we do not support."""
    return re.fullmatch(r"auto|cpu|cuda(:(0|[1-9][0-9]?))?", name) is not None


class Section(BaseModel):
    """Nested keyword arguments: unknown ones are refused, and nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def domain_names(domain: str) -> set[str]:
    """Return what a domain may be called: as it is given, and by the last part of its path."""
    return {domain, Path(domain).name, *short_names([domain])}


class Data(Section):
    """Which images are read, and what is done to them before a step sees them."""

    root: Path = Path("datasets")
    """where domain folders lie"""
    domains: tuple[str, ...] = Field(default=(), min_length=1)
    """folders of images: the first is translated from, the last to"""
    layout: str | dict[str, Any] = "unpaired"
    """unpaired, paired, suffix, csv, side-by-side, images, labelled, idx, captioned"""
    sides: tuple[str, ...] = ()
    """side-by-side: what the left and the right half are called"""
    size: Side | tuple[Side, Side] = 256
    """training crop in pixels: N, or [height, width]"""
    resize: Side | tuple[Side, Side] | Literal["none", "fit"] | None = None
    """shorter side before the crop: N, [least, most], none, fit (shrink); default size * 286/256"""
    flip: bool = True
    """mirror half of the images"""
    augment: tuple[dict[str, Any], ...] = ()
    """albumentations by name: [{name: ColorJitter, p: 0.5, to: source}]"""
    channels: Literal[1, 3] | dict[str, Literal[1, 3]] | None = None
    """1 reads gray, 3 colour; or by domain: {photo: 3, mask: 1}; default: as the layout says"""
    labels: tuple[str, ...] | None = None
    """domains of label maps: resized by nearest neighbour; default: those of palette PNGs alone"""
    workers: int = Field(default=0, ge=0, le=1024)
    """processes that read images; 0: a thread reads the next batch"""
    cache: float = Field(default=2.0, ge=0)
    """gigabytes that the decoded images may take in memory; a larger set is read from disk"""
    split: str = "train"
    """the subfolder of each domain that is trained on"""
    drop_unpaired: bool = False
    """paired: leave out images without a partner, instead of refusing"""
    max_bad: Share = 0.05
    """share of unreadable files from which on training is refused"""

    @property
    def crop(self) -> tuple[int, int]:
        """Height and width of a training crop."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def shorter_side(self) -> tuple[int, int] | None:
        """The least and most that the shorter side is scaled to before the crop, or None."""
        if self.resize == "none" or self.resize == "fit":
            return None
        if isinstance(self.resize, tuple):
            return self.resize
        side = self.resize or round(min(self.crop) * 286 / 256)
        return side, side

    def channels_of(self, domain: str) -> int | None:
        """Return what `channels` says of one of the domains; None: nothing."""
        if not isinstance(self.channels, dict):
            return self.channels
        return next((self.channels[n] for n in domain_names(domain) if n in self.channels), None)

    def is_labels(self, domain: str) -> bool:
        """Return whether one of the domains is of label maps."""
        return not domain_names(domain).isdisjoint(self.labels or ())

    @field_validator("channels", mode="before")
    @classmethod
    def _by_name(cls, channels: Any, info: ValidationInfo) -> Any:
        if not isinstance(channels, (list, tuple)):
            return channels
        names = info.data.get("domains") or ("A", "B")
        numbers = [*channels, *(3 for _ in names)]
        pairs = ", ".join(f"{Path(n).name}: {c}" for n, c in zip(names, numbers, strict=False))
        raise ValueError(
            "expected 1 or 3 for all domains, or a mapping from domains to numbers; "
            f'try --set "data.channels={{{pairs}}}"'
        )

    @field_validator("channels", "labels")
    @classmethod
    def _known_domains(cls, value: Any, info: ValidationInfo) -> Any:
        named = value if isinstance(value, (dict, tuple)) else ()
        known = {name for domain in info.data.get("domains", ()) for name in domain_names(domain)}
        for name in named:
            if name not in known:
                near = suggest(name, known).strip(" .")
                raise ValueError(f"expected names of domains, not {shown(name)} ({near})")
        return value

    @field_validator("labels", mode="before")
    @classmethod
    def _listed(cls, labels: Any) -> Any:
        return [labels] if isinstance(labels, str) else labels

    @model_validator(mode="before")
    @classmethod
    def _from_layout(cls, given: Any) -> Any:
        """Take the options of a layout that have a key of their own, ``{name: x, sides: ...}``."""
        match given:
            case {"layout": {**options}}:
                own = {key: options[key] for key in LAYOUT_KEYS if key in options}
                others = {key: value for key, value in options.items() if key not in own}
                return {**given, **own, "layout": others}
        return given

    @field_validator("resize")
    @classmethod
    def _least_first(cls, resize: Any) -> Any:
        if isinstance(resize, tuple) and resize[0] > resize[1]:
            raise ValueError("expected the smaller side first")
        return resize


class Train(Section):
    """How long and how training runs, and what it leaves on the disk."""

    steps: Positive | None = None
    """steps to train; setting it clears epochs"""
    epochs: Positive | None = None
    """times to see every image of the longer domain; setting it clears steps"""
    batch_size: int = Field(default=1, gt=0, le=LARGEST_BATCH)
    """images in a step, over all processes"""
    seed: int = Field(default=0, ge=0, lt=1 << 62)
    """where all random numbers start"""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N; auto takes a GPU where there is one"""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16 halves memory on a GPU; on most CPUs it is very slow"""
    schedule: Schedule | dict[str, Schedule] = "constant"
    """decay of the learning rates: constant, linear, cosine; or {player: name}, others constant"""
    decay_from: Share = 0.5
    """share of the steps after which the schedule begins to fall"""
    schedule_steps: Positive | None = None
    """steps that the schedule is made for, after which the last rate stays; default: all steps"""
    warmup: int = Field(default=0, ge=0)
    """steps over which the learning rates first rise, linearly, to their full values"""
    clip_norm: Norm | dict[str, Norm] | None = None
    """largest gradient norm of a player; a longer gradient is scaled down: N, or {player: N}"""
    log_every: Positive = 50
    """steps between lines of log.jsonl"""
    save_every: Positive = 1000
    """steps between checkpoints; the last step always has one"""
    preview_every: int = Field(default=500, ge=0, le=10**12)
    """steps between previews; 0 draws none"""
    keep: int = Field(default=2, ge=2, le=10**12)
    """checkpoints kept, the newest ones; at least 2, so that a damaged one costs little"""
    ema: float = Field(default=0.0, ge=0, lt=1)
    """decay of the moving average of the weights, which inference then uses; 0: no average"""
    guard: Positive = 10
    """turns in a row with a loss or gradient that is not finite, after which training stops"""
    compile: bool = False
    """compile the networks, where a C++ compiler or Triton is at hand"""
    deterministic: bool = False
    """repeat and resume bit for bit on a GPU, too: slower, and some operations are refused"""

    @field_validator("device")
    @classmethod
    def _known_device(cls, device: str) -> str:
        if not is_device(device):
            raise ValueError(f"expected {DEVICES}")
        return device


class Config(Section):
    """Everything that a run needs to be repeated."""

    recipe: str
    """the method, as `translate plugins` lists them"""
    options: Fragment = {}
    """what the method takes: see `translate show RECIPE`"""
    data: Data
    """which images, and what is done to them"""
    train: Train
    """how long, how, and what is kept"""


SECTIONS: Mapping[str, type[Section]] = {"data": Data, "train": Train}
FLAGS: Mapping[str, str] = {
    "domains": "data.domains",
    "data": "data.root",
    "size": "data.size",
    "drop_unpaired": "data.drop_unpaired",
    "steps": "train.steps",
    "epochs": "train.epochs",
    "batch_size": "train.batch_size",
    "seed": "train.seed",
    "device": "train.device",
    "precision": "train.precision",
    "deterministic": "train.deterministic",
}
"""The settings that have a name of their own on the command line and in `translate.api.train`."""
EXAMPLES = {"options": "options.lr", "data": "data.size", "train": "train.steps"}
"""Settings that a message shows."""
KEYS = {"": list(Config.model_fields)} | {k: list(s.model_fields) for k, s in SECTIONS.items()}


def resolve(
    recipe: str | None = None,
    *,
    config: str | Mapping[str, Any] | None = None,
    flags: Mapping[str, Any] | None = None,
    assignments: Sequence[str] = (),
) -> Config:
    """Merge the layers, later wins: defaults, the recipe's, `config`, `flags`, `assignments`.

    `config` is a bundled name, a file or a document; `flags` maps dotted keys to values;
    `assignments` are ``section.key=VALUE`` with YAML values. Raises `ConfigError` that names the
    key, what was expected, and the nearest key there is.
    """
    written = read(config) if isinstance(config, str) else config or {}
    recipe = recipe or written.get("recipe")
    if not isinstance(recipe, str):
        raise ConfigError(
            "which recipe? Name one with --plugin, or a configuration with --config: "
            "`translate show` lists them."
        )
    kind: Any = find("recipe", recipe)
    merged: Fragment = {"recipe": recipe, "options": {}, "data": {}, "train": {}}
    overlay(merged, kind.defaults)
    overlay(merged, {key: value for key, value in written.items() if key != "recipe"})
    for key, value in (flags or {}).items():
        assign(merged, key, value)
    merged["options"] = complete(kind, merged["options"])
    _assign_all(merged, assignments)
    name = f"recipe {recipe!r}"
    merged["options"] = options.check(name, kind, complete(kind, merged["options"]), ["spec"])
    return validate(merged)


def resolve_data(flags: Mapping[str, Any], assignments: Sequence[str] = ()) -> Data:
    """Return the settings of ``data`` alone; raises `ConfigError` as `resolve` does."""
    document: Fragment = {"recipe": "none", "options": {}, "data": {}, "train": {}}
    for key, value in flags.items():
        assign(document, key, value)
    _assign_all(document, assignments)
    for section in ("options", "train"):
        if document[section]:
            key = f"{section}.{next(iter(document[section]))}"
            raise ConfigError(
                f"--set {named(key)}: no model is made here, expected data.KEY=VALUE."
            )
    return validate(document).data


def _assign_all(document: Fragment, assignments: Sequence[str]) -> None:
    """Set what ``--set section.key=VALUE`` says."""
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--set {named(assignment)}: expected section.key=VALUE.")
        assign(document, key.strip(), parse(text, key) if text.strip() else None)


def from_flags(given: Mapping[str, Any]) -> Fragment:
    """Return by dotted key those of `given`, named as in `FLAGS`, that are set."""
    return {FLAGS[name]: value for name, value in given.items() if is_set(value)}


def is_set(value: Any) -> bool:
    """Return whether a flag was given: 0 is a value, and an absent switch is none."""
    return value is not None and value is not False and value != ()


def validate(document: Mapping[str, Any]) -> Config:
    """Return `document` as a `Config`; raises `ConfigError`."""
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        raise ConfigError(options.explain(error, KEYS)) from error


def complete(recipe: Callable[..., Any], given: Mapping[str, Any]) -> Fragment:
    """Return `given` with the recipe's defaults for what is not given."""
    known = options.read(recipe, ["spec"]).values()
    defaults = {o.name: plain(o.default) for o in known if not o.required or o.name in given}
    return {**defaults, **given}


def plain(value: Any) -> Any:
    """Return `value` as YAML has it: tuples become lists, paths become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def overlay(below: Fragment, above: Mapping[str, Any]) -> None:
    """Lay a whole fragment over `below`, section by section."""
    if not isinstance(above, Mapping):
        raise ConfigError(f"expected recipe, options, data and train, got {shown(above)}.")
    for section, values in above.items():
        if section not in KEYS[""]:
            near = hint(str(section), below.get("recipe")) or suggest(section, KEYS[""])
            raise ConfigError(f"{named(str(section))}: unknown key.{near}")
        if not isinstance(values, Mapping):
            raise ConfigError(f"{section}: expected a mapping, got {shown(values)}.")
        for key, value in values.items():
            assign(below, f"{section}.{key}", deepcopy(value))


def assign(document: Fragment, key: str, value: Any) -> None:
    """Set one dotted key; None clears it. ``options.generator.blocks`` reaches into a part."""
    section, *path = key.split(".")
    recipe = document.get("recipe")
    if section == "recipe":
        raise ConfigError(f"{named(key)} is no setting: name the recipe with --plugin.")
    if section in KEYS[""] and not all(path or [""]):
        raise ConfigError(f"{named(key)}: expected {section}.KEY, such as {EXAMPLES[section]}.")
    if section not in KEYS[""]:
        near = hint(section, recipe) or f"{suggest(section, KEYS[''])} (section.key=VALUE)"
        raise ConfigError(f"{named(key)}: unknown key.{near}")
    if section in SECTIONS and path[0] not in KEYS[section]:
        near = hint(path[0], recipe) or suggest(path[0], KEYS[section])
        raise ConfigError(f"{named(key)}: unknown key.{near}")
    place = document[section]
    for name in path[:-1]:
        inner = place.get(name, {} if section == "train" else None)
        if isinstance(inner, str) and section != "train":
            inner = {"name": inner}
        if not isinstance(inner, Mapping):
            if section == "train" and name in ("schedule", "clip_norm"):
                whole = f"{section}.{name}={{{path[-1]}: {value}}}"
                raise ConfigError(
                    f"{named(key)}: train.{name} is {shown(inner)}, for all players. Set it whole, "
                    f'such as --set "{whole}".'
                )
            raise ConfigError(f"{named(key)}: {name!r} holds no options.")
        place[name] = place = dict(inner)
    if value is None:
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value
    if section == "train" and value is not None and path[0] in ("steps", "epochs"):
        place.pop("epochs" if path[0] == "steps" else "steps", None)


def hint(name: str, recipe: str | None) -> str:
    """Return where the setting called `name` belongs, and what to type; or nothing.

    Of a recipe, also options are found of which `name` is the first or the last word.
    """
    keys = [f"{section}.{name}" for section in SECTIONS if name in KEYS[section]]
    kinds = names("recipe")
    known = [kinds[recipe]] if recipe in kinds else kinds.values() if recipe is None else ()
    taken = {option for kind in known for option in options.read(kind, ["spec"])}
    words = [o for o in sorted(taken) if name in (o.partition("_")[0], o.rpartition("_")[2])]
    keys += [f"options.{option}" for option in ([name] if name in taken else words)]
    if not keys:
        return ""
    named_by = " or ".join(f"--set {key}=VALUE" for key in keys)
    owner = f" of recipe {recipe!r}" if recipe and keys[0].startswith("options.") else ""
    return f" Did you mean the setting {' or '.join(keys)}{owner}? Write {named_by}."


def read(name: str) -> Fragment:
    """Return the YAML document of a bundled configuration, or of a file."""
    if name.endswith((".yaml", ".yml")):
        path: Path | Traversable = Path(name)
        if not path.is_file():
            raise ConfigError(f"there is no file {name}.")
    else:
        known = configs()
        if name not in known:
            near = nearest("configuration", name, known)
            raise ConfigError(f"there is no config {name!r}.{near}")
        path = known[name]
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{name} is larger than {MAX_BYTES:,} bytes: it is no configuration.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} is not a text file: {error}.") from error
    document = parse(text, name)
    if not isinstance(document, dict):
        raise ConfigError(
            f"{name}: expected recipe, options, data and train, got {shown(document)}."
        )
    return document


def parse(text: str, where: str) -> Any:
    """Return what the YAML 1.2 `text` says; tags and aliases are refused with a `ConfigError`."""
    yaml = YAML(typ="safe", pure=True)
    try:
        if wrong := _beyond_plain(yaml.parse(text)):
            raise ConfigError(f"{named(where)}: YAML {wrong}.")
        value = yaml.load(text)
    except (YAMLError, ValueError) as error:  # a date of month 99, a number of 5,000 digits
        raise ConfigError(f"{named(where)}: {' '.join(str(error).split())}") from error
    if key := _unspaced(value):
        raise ConfigError(
            f"{named(where)}: {shown(key)} is a name without a value: YAML wants a space after the "
            f"colon, {shown(key.replace(':', ': ', 1))}."
        )
    return value


def _unspaced(value: Any) -> str:
    """Return a key such as ``name:resnet`` of a mapping, at any depth, which was meant as two."""
    if isinstance(value, Mapping):
        meant = (k for k, v in value.items() if v is None and isinstance(k, str) and ":" in k)
        return next(meant, "") or _unspaced(list(value.values()))
    if isinstance(value, list):
        return next((key for key in map(_unspaced, value) if key), "")
    return ""


def _beyond_plain(events: Iterable[Event]) -> str:
    """Return what of the YAML `events` we do not take, if there is any."""
    depth = 0
    for event in events:
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if isinstance(event, AliasEvent):
            return "aliases (*name) are not supported"
        if tag := getattr(event, "tag", None):
            return f"tags are not supported: {tag}"
        if depth > DEEPEST:
            return f"of more than {DEEPEST} levels is not supported"
    return ""


def dump(config: Config) -> str:
    """Return `config` as YAML that `read` takes."""
    yaml, stream = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(document(config), stream)
    return stream.getvalue()


def document(config: Config, *, unset: bool = False) -> Fragment:
    """Return `config` as plain values, for YAML and JSON; with `unset`, also what is not set."""
    return plain(config.model_dump(exclude_none=not unset))
