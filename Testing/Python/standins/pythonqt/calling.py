"""Calls into Qt with PythonQt's tolerance for ints in place of enums."""

import enum
import itertools

from shibokensupport.signature import get_signature


def call(function, arguments: tuple):
    """Call a PySide6 function with wrapped arguments; return its result wrapped."""
    from standins.pythonqt.wrapping import to_python

    return to_python(call_native(function, arguments))


def call_native(function, arguments: tuple):
    """Call a PySide6 function with wrapped arguments; return its result as it is."""
    from standins.pythonqt.wrapping import to_qt

    native = [to_qt(argument) for argument in arguments]
    try:
        return function(*native)
    except RuntimeError as error:
        if "already deleted" in str(error):
            raise ValueError(f"Trying to call a method of a destroyed QObject: {error}") from None
        raise
    except (TypeError, ValueError) as error:
        for attempt in _with_other_ints(function, native):
            try:
                return function(*attempt)
            except (TypeError, ValueError):
                continue
        raise ValueError(f"Called with wrong arguments: {error}") from None


def _with_other_ints(function, native: list):
    """Yield the arguments with enums as ints and ints as the enums that the function names."""
    wanted = _enums_of(function)
    choices = []
    for argument in native:
        if isinstance(argument, enum.Enum):
            choices.append([argument, int(argument.value)])
        elif type(argument) is int:
            choices.append([argument, *_members(wanted, argument)])
        else:
            choices.append([argument])
    yield from itertools.islice(itertools.product(*choices), 1, 64)


def _members(wanted: list, value: int) -> list:
    members = []
    for enum_class in wanted:
        try:
            members.append(enum_class(value))
        except ValueError:
            continue
    return members


def _enums_of(function) -> list[type[enum.Enum]]:
    found = []
    for signature in _signatures(function):
        for parameter in signature.parameters.values():
            kind = parameter.annotation
            if isinstance(kind, type) and issubclass(kind, enum.Enum) and kind not in found:
                found.append(kind)
    return found


def _signatures(function) -> list:
    """Return the signatures of a function, of a method from the class that defines it."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    classes = [c for c in type(owner).__mro__ if name in vars(c)]
    found = get_signature(vars(classes[0])[name] if classes else function)
    return found if isinstance(found, list) else [found] if found else []
