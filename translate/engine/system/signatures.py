"""What may be given to a factory, read off its signature, and errors that say what was expected."""

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from torch import nn
from typing_extensions import TypedDict

from translate.errors import ConfigError, printable_name, short_repr, suggest


class Option(NamedTuple):
    """One keyword argument of a factory."""

    name: str
    annotation: Any
    default: Any
    meaning: str

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is Parameter.empty


def read(factory: Callable[..., Any], reserved: Sequence[str] = ()) -> dict[str, Option]:
    """Return the options of `factory` by name, without the `reserved` ones that we give ourselves.

    An option's meaning is the string in its annotation: ``lr: Annotated[float, "rate"] = 2e-4``.
    """
    found = {}
    for name, parameter in _parameters(factory).items():
        if name in reserved or parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            continue
        annotation = _resolve(factory, parameter)
        notes = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
        meaning = next((note for note in notes if isinstance(note, str)), "")
        found[name] = Option(name, annotation, parameter.default, meaning)
    return found


def check(
    owner: str, factory: Callable[..., Any], given: Mapping[str, Any], reserved: Sequence[str] = ()
) -> dict[str, Any]:
    """Return `given`, converted to the types that `factory` declares.

    Raises `ConfigError` for an unknown name, a value of another type, or one that is missing;
    `owner` begins the message ("recipe 'cyclegan'"). What has no annotation is not checked.
    """
    known = read(factory, reserved)
    takes_any = any(p.kind is Parameter.VAR_KEYWORD for p in _parameters(factory).values())
    for name in given:
        if name not in known and not takes_any:
            raise ConfigError(f"{owner} has no option {short_repr(name)}.{suggest(name, known)}")
    for name, option in known.items():
        if option.required and name not in given:
            raise ConfigError(f"{owner} needs the option {name!r}.")
    fields = {name: known[name].annotation if name in known else Any for name in given}
    shape = TypedDict("shape", fields)  # type: ignore[misc]
    shape.__pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)  # type: ignore[attr-defined]
    try:
        return dict(TypeAdapter(shape).validate_python(dict(given)))
    except ValidationError as error:
        raise ConfigError(f"{owner}: {explain(error)}") from error


def accepted(factory: Callable[..., Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `offered` that the signature of `factory` takes."""
    parameters = _parameters(factory)
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values()):
        return dict(offered)
    return {name: value for name, value in offered.items() if name in parameters}


def explain(error: ValidationError, known: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return what is wrong as ``key: expected int, got 'many'.``, one clause a key.

    `known` holds the keys there are, by the dotted name of the section they are in.
    """
    complaints: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for problem in error.errors():
        *sections, key = depth = [str(part) for part in problem["loc"][:2]]
        if problem["type"] == "extra_forbidden":
            keys = (known or {}).get(".".join(sections), ())
            complaints[".".join(depth)] = [f"unknown key.{suggest(key, keys)}"]
        elif problem["type"] == "missing":
            complaints[".".join(depth)] = ["is missing."]
        else:
            key = ".".join(depth if (known or {}).get(str(problem["loc"][0])) else depth[:1])
            complaints.setdefault(key, []).append(_expected(problem))
            values.setdefault(key, problem["input"])
    expected = {
        key: " or ".join(dict.fromkeys(parts)).replace(" or expected ", " or ")
        for key, parts in complaints.items()
    }
    return " ".join(
        f"{printable_name(key)}: {clause}"
        + (f", got {short_repr(values[key])}." if key in values else "")
        for key, clause in expected.items()
    )


def _expected(problem: Any) -> str:
    names = {"int": "int", "float": "a number", "bool": "true or false", "string": "text"}
    names |= {"tuple": "a list", "list": "a list", "dict": "a mapping", "path": "a path"}
    kind = problem["type"].split("_")[0]
    if problem["type"] == "sequence_str" or problem.get("ctx", {}).get("class") == "Sequence":
        return "expected a list"
    if kind in names and problem["type"].endswith(("_type", "_parsing", "_from_float")):
        return f"expected {names[kind]}"
    message = problem["msg"].removeprefix("Value error, ")
    return message.replace("Input should be", "expected", 1)


def _parameters(factory: Callable[..., Any]) -> Mapping[str, Parameter]:
    if getattr(factory, "__init__", None) is nn.Module.__init__:
        return {}  # it says (*args, **kwargs), and then refuses them
    return signature(factory).parameters


def _resolve(factory: Callable[..., Any], parameter: Parameter) -> Any:
    if parameter.annotation is Parameter.empty:
        return Any
    function: Any = getattr(factory, "__init__") if isinstance(factory, type) else factory  # noqa: B009
    alone = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        hints = get_type_hints(alone, getattr(function, "__globals__", {}), include_extras=True)
    except Exception:  # a name that only a type checker sees: this option alone goes unchecked
        return Any
    return hints[parameter.name]
