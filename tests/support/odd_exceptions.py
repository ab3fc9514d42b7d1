"""Unusual exceptions that plugins and their libraries raise."""


class PanicException(BaseException):
    """What libraries in Rust raise: not an `Exception`."""


class UnprintableError(Exception):
    """Cannot be converted to a string."""

    def __str__(self) -> str:
        raise ValueError("no words")
