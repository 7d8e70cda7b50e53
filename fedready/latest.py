"""What the latest run under reports/ said of one control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MOST = 8
"""Findings of one control that are told; the report has them all."""


def latest_run(reports: Path) -> Path | None:
    """The folder of the latest run: `latest` is a link, or a file with one line where links are refused."""
    pointer = reports / "latest"
    if pointer.is_dir():
        return pointer
    if pointer.is_file():
        return reports / pointer.read_text(encoding="utf-8").strip()
    return None


def said_of(control: str, reports: Path) -> str:
    """What the latest run found of a control, as text; empty when there is no run, or it cannot be read."""
    from fedready.tell.shown import inert, shown

    folder = latest_run(reports)
    try:
        told: dict[str, Any] = json.loads((folder / "findings.json").read_text(encoding="utf-8")) if folder else {}
        findings = [f for f in told.get("findings", ()) if f["control"] == control.upper()]
        if not findings:
            return ""
        lines = [
            f"\nLatest run of {inert(told['target'])}, judged {inert(told['run']['judged'])} for phase {told['phase']}"
        ]
        for f in findings[:MOST]:
            waived = " (waived)" if f["waiver"] else ""
            text = inert(f["message"] or f["note"] or f"observed {shown(f['observed'], 200)}", limit=300)
            lines.append(f"    {f['verdict']}{waived}  {inert(f['subject'])}: {text}")
        if len(findings) > MOST:
            lines.append(f"    and {len(findings) - MOST} more subjects in its report")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""
    return "\n".join(lines) + "\n"
