"""What a check may ask for: pytest's fixtures, called handles here. A handle never fetches and never raises in set-up."""

from types import ModuleType

from fedready.handles import article, edges, federation, names, people, situation, tls, topology
from fedready.handles.registry import ASKED, DESK, HANDLES, Single, Subject, asks

MODULES: tuple[ModuleType, ...] = (situation, article, federation, names, edges, people, tls, topology)
"""The modules whose handles pytest is given."""

__all__ = ["ASKED", "DESK", "HANDLES", "MODULES", "Single", "Subject", "asks"]
