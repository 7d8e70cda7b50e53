"""What every test of the project shares. pytest reads this file on an audit too, which has no packages for tests."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Property tests have no deadline for each example: two cores are shared with whatever else runs."""
    if not config.pluginmanager.has_plugin("_hypothesis_pytestplugin"):
        return
    from hypothesis import settings

    settings.register_profile("shared-machine", deadline=None, print_blob=True)
    settings.load_profile("shared-machine")
