"""The fixtures that the panel's tests have."""

from panel.conftest import messages, qt  # noqa: F401 - fixtures
