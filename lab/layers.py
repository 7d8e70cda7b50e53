"""`extends`: estate files laid over one another, and where each value of the result was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fedready.yamlmarks import Marked, Mistake, PathKey, load_marked, nearest
from lab.faults import KNOBS
from lab.schema import EstateFile

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "estates"


@dataclass(frozen=True)
class Where:
    """Which file and line a merged value comes from."""

    lines: Mapping[PathKey, tuple[Path, int]]
    path: Path

    def mistake(self, what: str, mend: str, *path: str | int) -> Mistake:
        while path and path not in self.lines:
            path = path[:-1]
        file, line = self.lines.get(path, (self.path, 1))
        return Mistake(file, line, what, mend)


def merged(file: Path, extended: tuple[Path, ...] = ()) -> tuple[dict[str, Any], dict[PathKey, tuple[Path, int]]]:
    """An estate file over everything it extends, and the file and line of each value.

    Raises:
        Mistake: a file is missing, wrong, or extends itself.
    """
    marked = load_marked(file)
    _check(marked)
    data: dict[str, Any] = marked.data
    lines = {path: (file, line) for path, line in marked.lines.items()}
    parent = data.pop("extends", None)
    if parent is None:
        return {key: _without_null(value) for key, value in data.items() if value is not None}, lines
    base = next((p for p in (file.parent / f"{parent}.yaml", FOLDER / f"{parent}.yaml") if p.exists()), None)
    if base is None:
        known = [p.stem for p in (*file.parent.glob("*.yaml"), *FOLDER.glob("*.yaml"))]
        raise marked.mistake(
            f"there is no estate {parent}", f"Name an existing estate.{nearest(parent, known)}", "extends"
        )
    if base.resolve() in extended or base.resolve() == file.resolve():
        raise marked.mistake(f"{parent} extends this estate in turn", "Let one of the two stand alone.", "extends")
    below, below_lines = merged(base, (*extended, file.resolve()))
    return merge(below, data), below_lines | lines


def merge(below: Any, above: Any) -> Any:
    """`extends`: mappings merge key by key, everything else replaces, null deletes a key."""
    if not isinstance(above, dict):
        return above
    merged = dict(below) if isinstance(below, dict) else {}
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _without_null(value: Any) -> Any:
    return merge({}, value) if isinstance(value, dict) else value


def _check(marked: Marked) -> None:
    if not isinstance(marked.data, dict):
        raise marked.mistake("this is no estate", "Begin with keys such as `extends:` or `onprem:`.")
    marked.as_struct(EstateFile)
    for number, row in enumerate(marked.data.get("faults") or ()):
        if row["do"] not in KNOBS:
            near = nearest(row["do"], KNOBS) or f" Known knobs: {', '.join(KNOBS)}."
            raise marked.mistake(f"{row['do']} is no fault knob", f"Correct it.{near}", "faults", number, "do")
