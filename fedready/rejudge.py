"""Judge a snapshot in this process, without a pytest session: the checks' own functions over the same Audit."""

from __future__ import annotations

import functools
import importlib.util
import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from fedready.audit import Audit
from fedready.desk import Desk
from fedready.handles import HANDLES, Subject
from fedready.yamlmarks import Mistake

CHECKS = Path(__file__).resolve().parent.parent / "checks"


@functools.cache
def checks(folder: Path = CHECKS) -> dict[str, tuple[Callable[..., Any], str | None]]:
    """Control -> (the check's function, what it is judged per), in the order of the files.

    Raises:
        Mistake: the folder has no checks.
    """
    found: dict[str, tuple[Callable[..., Any], str | None]] = {}
    for path in sorted(folder.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"checks_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ImportError(str(path))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for function in vars(module).values():
            for mark in getattr(function, "pytestmark", []):
                if mark.name == "control":
                    if mark.args[0] in found:
                        raise LookupError(f"{mark.args[0]} has two checks")
                    found[mark.args[0]] = (function, mark.kwargs["per"])
    if not found:
        raise Mistake(folder, 0, "holds no checks", "Run this from a whole copy of the project.")
    return found


def handle(name: str, desk: Desk) -> Any:
    """The handle that pytest would give a check."""
    if name == "desk":
        return desk
    function = HANDLES[name]
    return function(**{inner: handle(inner, desk) for inner in inspect.signature(function).parameters})


def judge_all(audit: Audit, only: Collection[str] | None = None) -> None:
    """Judge every control of the audit's baseline that has a check, or only some of them."""
    for control, (check, per) in checks().items():
        if control not in audit.baseline.controls or (only is not None and control not in only):
            continue
        desk = audit.desk(audit.baseline.controls[control])
        arguments = {name: handle(name, desk) for name in inspect.signature(check).parameters}

        def call(desk: Desk, check: Callable[..., Any] = check, arguments: dict[str, Any] = arguments) -> object:
            return check(**{k: desk.subject if isinstance(v, Subject) else v for k, v in arguments.items()})

        audit.judge(desk, per, call)
