"""One library at a time: several rooms load theirs at once, each in a thread of its own.

Modules that import each other in a circle (urllib3 does) are seen half made where two threads import them at the same time:
Python lets one of them pass rather than wait for ever.
"""

from __future__ import annotations

import threading

LOADING = threading.Lock()
"""Held by whoever imports a library of the wire, outside the start of the program."""
