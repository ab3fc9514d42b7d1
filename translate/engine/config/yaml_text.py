"""Read and write YAML documents."""

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from io import StringIO
from pathlib import Path, PurePath
from typing import Any

from ruamel.yaml import YAML, AliasEvent, CollectionEndEvent, CollectionStartEvent, Event
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.parser import Parser

from translate.engine.config.schema import Config
from translate.engine.config.value_types import Fragment
from translate.engine.plugins.configs import configs
from translate.errors import ConfigError, printable_name, short_repr
from translate.registry import nearest

MAX_BYTES = 100_000
"""largest size of a file; parsing one of this size takes about a second"""
MAX_DEPTH = 40
"""largest depth of nested mappings and lists; deep nesting slows down the parser"""


def to_yaml_types(value: Any) -> Any:
    """Return `value` in YAML's types: tuples become lists, paths become text."""
    if isinstance(value, Mapping):
        return {str(key): to_yaml_types(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_yaml_types(item) for item in value]
    return str(value) if isinstance(value, PurePath) else value


def is_plain(value: Any) -> bool:
    """Return whether `value` is None, a bool, number or text, or lists and mappings of these."""
    if isinstance(value, Mapping):
        return all(is_plain(item) for item in value.values())
    if isinstance(value, (tuple, list)):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float, str))


def read(name: str) -> Fragment:
    """Return the document of `name`: a file if it ends in .yaml or .yml, else a configuration."""
    if name.endswith((".yaml", ".yml")):
        path: Path | Traversable = Path(name)
        if not path.is_file():
            raise ConfigError(f"there is no file {name}.")
    else:
        known_configs = configs()
        if name not in known_configs:
            suggestion = nearest("configuration", name, known_configs)
            raise ConfigError(f"there is no config {name!r}.{suggestion}")
        path = known_configs[name]
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
            f"{name}: expected a mapping with recipe, options, data and train, got "
            f"{short_repr(document)}."
        )
    return document


def parse(text: str, source: str) -> Any:
    """Return the value of the YAML 1.2 `text`; `source` names the text in errors.

    Raises `ConfigError` for invalid YAML, and for tags, aliases, deep nesting and keys without a
    space after the colon, which are valid.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Parser = _PlainParser
    try:
        value = yaml.load(text)
    except (YAMLError, ValueError) as error:  # ValueError: a date of month 99, 5,000 digits
        raise ConfigError(f"{printable_name(source)}: {_describe(error)}") from error
    if key := _find_unspaced_key(value):
        raise ConfigError(
            f"{printable_name(source)}: {short_repr(key)} is a name without a value: YAML needs a "
            f"space after the colon, {short_repr(key.replace(':', ': ', 1))}."
        )
    return value


def _describe(error: Exception) -> str:
    """Return the line, column and cause of a syntax error; of another error, its message."""
    if not isinstance(error, MarkedYAMLError) or not error.problem or not error.problem_mark:
        return " ".join(str(error).split())
    mark, hint = error.problem_mark, ""
    if "'\\t'" in error.problem:
        hint = ": YAML is indented by spaces, not by tabs"
    return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}{hint}"


def _find_unspaced_key(value: Any) -> str:
    """Return a key without a value that contains a colon, ``key:value``, at any depth; or ""."""
    if isinstance(value, Mapping):
        keys = (k for k, v in value.items() if v is None and isinstance(k, str) and ":" in k)
        return next(keys, "") or _find_unspaced_key(list(value.values()))
    if isinstance(value, list):
        return next((key for key in map(_find_unspaced_key, value) if key), "")
    return ""


class _PlainParser(Parser):
    """A parser that refuses tags, aliases and deep nesting before it constructs any object."""

    depth = 0

    def get_event(self) -> Event:
        event: Event = super().get_event()
        if isinstance(event, CollectionStartEvent):
            self.depth += 1
        elif isinstance(event, CollectionEndEvent):
            self.depth -= 1
        if isinstance(event, AliasEvent):
            raise YAMLError("YAML aliases (*name) are not supported.")
        if tag := getattr(event, "tag", None):
            raise YAMLError(f"YAML tags are not supported: {tag}.")
        if self.depth > MAX_DEPTH:
            raise YAMLError(f"YAML of more than {MAX_DEPTH} levels is not supported.")
        return event


def dump(config: Config) -> str:
    """Return `config` as the YAML text of a file for `read`."""
    yaml, stream = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(plain_values(config), stream)
    return stream.getvalue()


def plain_values(config: Config, *, include_none: bool = False) -> Fragment:
    """Return `config` as plain values, for YAML and JSON; by default without settings of None."""
    return to_yaml_types(config.model_dump(exclude_none=not include_none))


def one_line(value: Any) -> str:
    """Return `value` in YAML's flow style, on one line."""
    yaml, stream = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style, yaml.width = True, MAX_BYTES  # wider than any line
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(to_yaml_types(value), stream)
    return stream.getvalue().removesuffix("\n").removesuffix("...").strip()  # the end mark of YAML
