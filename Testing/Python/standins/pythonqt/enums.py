"""Enums as PythonQt has them: ints."""

import enum


class EnumInt(int):
    """An enum's value that is an int, and knows the enum for calls into Qt."""

    def __new__(cls, value: int, enum_class: type[enum.Enum]):
        self = super().__new__(cls, value)
        self._enum_class = enum_class
        return self

    @classmethod
    def of(cls, member: enum.Enum) -> "EnumInt":
        return cls(int(member.value), type(member))

    def native(self) -> enum.Enum:
        return self._enum_class(int(self))

    def _combined(self, value: int) -> "int | EnumInt":
        return (
            EnumInt(value, self._enum_class) if issubclass(self._enum_class, enum.Flag) else value
        )

    def __or__(self, other):
        return self._combined(int(self) | int(other))

    def __and__(self, other):
        return self._combined(int(self) & int(other))

    def __xor__(self, other):
        return self._combined(int(self) ^ int(other))

    def __invert__(self):
        return self._combined(~int(self))

    __ror__, __rand__, __rxor__ = __or__, __and__, __xor__


class EnumType:
    """The enum itself, `qt.QProcess.ProcessState`: makes values from ints."""

    def __init__(self, enum_class: type[enum.Enum]):
        self._enum_class = enum_class

    def __call__(self, value: int) -> EnumInt:
        return EnumInt(int(value), self._enum_class)
