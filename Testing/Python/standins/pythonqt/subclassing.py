"""Python classes derived from Qt's: Qt calls the methods that they override."""

import functools


@functools.cache
def native_class_for(cls: type) -> type:
    """Return the PySide6 class to make for a wrapper class, with overrides forwarded."""
    from standins.pythonqt.wrapping import _qt_class

    qt_class = _qt_class(cls)
    native_class = qt_class._native_class
    if cls is qt_class:
        return native_class
    own = cls.__mro__[: cls.__mro__.index(qt_class)]
    overridden = {
        name
        for base in own
        for name, value in vars(base).items()
        if not name.startswith("_") and callable(value) and hasattr(native_class, name)
    }
    forwards = {name: _forward(name) for name in overridden}
    return type(f"_{cls.__name__}", (native_class,), {"_is_pythonqt_shell": True, **forwards})


def _forward(name: str):
    def forward(native, *arguments):
        from standins.pythonqt.wrapping import to_python, to_qt, wrap

        return to_qt(getattr(wrap(native), name)(*[to_python(a) for a in arguments]))

    return forward
