"""Unusual exceptions that plugins and their libraries raise."""


class PanicException(BaseException):
    """An exception of a Rust library, which is no subclass of `Exception`."""


class UnprintableError(Exception):
    """Cannot be converted to a string."""

    def __str__(self) -> str:
        raise ValueError("no words")
