"""A plugin that pretends to be the one that distributes tests over processes."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.option.numprocesses = 2
