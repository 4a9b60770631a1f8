"""Settings of property-based tests: the same examples in every run, few enough for seconds."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,  # Other work on the machine must not fail a test.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
