"""Annotations of parameters, and their checks."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, get_args


class Validator(ABC):
    """Refuses values."""

    @abstractmethod
    def validate(self, value) -> None:
        """Raise ValueError or TypeError for a value that does not fit."""


@dataclass(frozen=True)
class WithinRange(Validator):
    minimum: float
    maximum: float

    def validate(self, value):
        if not self.minimum <= value <= self.maximum:
            raise ValueError(
                f"Value must be within range [{self.minimum}, {self.maximum}], is {value}"
            )


@dataclass(frozen=True)
class Minimum(Validator):
    minimum: float

    def validate(self, value):
        if value < self.minimum:
            raise ValueError(f"Value must be at least {self.minimum}, is {value}")


@dataclass(frozen=True)
class Maximum(Validator):
    maximum: float

    def validate(self, value):
        if value > self.maximum:
            raise ValueError(f"Value must be at most {self.maximum}, is {value}")


@dataclass(frozen=True)
class Choice(Validator):
    choices: Any

    def validate(self, value):
        if value not in self.choices:
            raise ValueError(f"Value is {value}, must be one of {self.choices}")


@dataclass(frozen=True)
class IsInstance(Validator):
    classtype: Any

    def validate(self, value):
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"Value must be of type {self.classtype}, is {value!r}")


@dataclass(frozen=True)
class NotNone(Validator):
    def validate(self, value):
        if value is None:
            raise ValueError("Value must not be None")


class Default:
    """A parameter's first value."""

    def __init__(self, value=None, *, generator=None):
        self._value, self._generator = value, generator

    @property
    def value(self):
        return self._generator() if self._generator else self._value


@dataclass(frozen=True)
class Decimals:
    value: int


@dataclass(frozen=True)
class SingleStep:
    value: float


@dataclass(frozen=True)
class Label:
    label: str


def split_annotations(kind) -> tuple[type, tuple]:
    """Return the bare type and its annotations."""
    bare, *annotations = get_args(Annotated[kind, None])
    return bare, tuple(annotations[:-1])


def first(annotations, kind):
    """Return the first annotation of a kind, or None."""
    return next((a for a in annotations if isinstance(a, kind)), None)
