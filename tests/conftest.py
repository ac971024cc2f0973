"""Settings for every test: Hypothesis is derandomised, so that a failure here is a failure everywhere."""

from hypothesis import settings

settings.register_profile("reproducible", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("reproducible")
