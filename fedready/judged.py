"""The table of docs/controls.md that says where each control is judged, on whose word, and which bites show that it can fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fedready.model import CLOUDS, PHASES, Baseline, Control
from fedready.words import FEDERATION_MODELS, expectation
from fedready.yamlmarks import load_marked

BITES = Path(__file__).resolve().parent.parent / "fixtures" / "bites"

HEAD = ("id", "judged in", "only reported in", "clouds", "scope", "source", "certainty", "bites")


def rows(baseline: Baseline) -> Iterator[tuple[str, ...]]:
    """A row for each control, in the baseline's order."""
    bites = bites_by_control()
    for control in baseline.controls.values():
        yield (
            f"[{control.id}](#{control.id.lower()})",
            _phases(control, baseline, "value"),
            _phases(control, baseline, "report"),
            _clouds(control, baseline),
            control.scope,
            control.source.replace("|", "\\|"),
            control.certainty,
            ", ".join(bites.get(control.id, ())),
        )


def bites_by_control(folder: Path = BITES) -> dict[str, tuple[str, ...]]:
    """Control -> the ids of the bites that it owns: those that turn it, and report-only ones that change its note."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.yaml")):
        for bite in load_marked(path).data:
            for owner in dict.fromkeys([*bite.get("turns", ()), *bite.get("owns", ()), *bite.get("notes", ())]):
                found.setdefault(owner, []).append(bite["id"])
    return {control: tuple(ids) for control, ids in found.items()}


def _phases(control: Control, baseline: Baseline, kind: str) -> str:
    def answers(phase: str) -> bool:
        return any(
            expectation(control, phase, cloud, baseline.clouds[cloud], model).kind == kind
            for cloud in CLOUDS
            for model in FEDERATION_MODELS
        )

    phases = [phase for phase in PHASES if answers(phase)]
    return "every phase" if len(phases) == len(PHASES) else ", ".join(phases)


def _clouds(control: Control, baseline: Baseline) -> str:
    """All four; where the words use a name that no page states for a cloud, that is said."""
    words = str(control.expected) + control.fix + control.verify
    guessed = [c for c, names in baseline.clouds.items() if any(f"{{{{{name}}}}}" in words for name in names.inferred)]
    return f"all (inferred: {', '.join(guessed)})" if guessed else "all"
