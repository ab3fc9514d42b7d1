"""What plugins and their libraries raise, beyond `Exception` and without words."""


class PanicException(BaseException):
    """What libraries in Rust raise: no `Exception`."""


class UnprintableError(Exception):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise ValueError("no words")
