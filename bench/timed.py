"""Run a command and say what it cost. A small process of its own: Linux counts its parent's memory in a child's peak.

`python -I -S timed.py COMMAND ...` prints one line of JSON: seconds, cpu (user and system, children included), peak (MiB), code.
"""

import json
import os
import sys
import time


def main(command: list[str]) -> None:
    begun = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - begun
    peak = used.ru_maxrss / (1024 if sys.platform.startswith("linux") else 1024 * 1024)
    cost = {
        "seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peak": peak, "code": os.waitstatus_to_exitcode(status),
    }  # fmt: skip
    print(json.dumps(cost))


main(sys.argv[1:])
