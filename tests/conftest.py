"""Settings of the whole suite."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Both are wall-clock times, which on a busy machine say nothing of a test; what must be quick measures its CPU time.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
