"""findings.json: the documented layout, the published schemas, and what is written of hostile text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from fedready.model import PHASES, Run
from fedready.snapshot import read
from fedready.tell.findings import Findings, findings_json, schema_text, schemas
from fedready.tell.markdown import action_plan_md
from fedready.tell.readiness import readiness_html
from tests import made_runs as made
from tests.judging import judge

SCHEMAS = Path(__file__).parent.parent / "docs" / "schema"

DOCUMENTED = {
    "": (
        "schema_version run target phase cloud baseline evidence_digest headline qualifiers exit_code counts reads controls "
        "findings not_run"
    ),
    "run": "id started ended judged tool",
    "baseline": "version digest",
    "counts": "pass fail unknown n/a error waived roots not_run",
    "reads": "sent answered failed writes",
    "control": "title section scope source certainty why symptom",
    "finding": (
        "control subject verdict severity expected observed readings message note caused_by waiver fix rollback verify"
    ),
    "reading": "question path value",
}  # fmt: skip


def written(run: Run) -> Any:
    return json.loads(findings_json(run))


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_every_documented_key_is_there_in_the_documented_order() -> None:
    file = written(made.not_ready())
    parts = {
        "": file, "run": file["run"], "baseline": file["baseline"], "counts": file["counts"], "reads": file["reads"],
        "control": file["controls"]["EDGE-02"], "finding": file["findings"][0], "reading": file["findings"][0]["readings"][0],
    }  # fmt: skip
    for name, keys in DOCUMENTED.items():
        assert [key for key in parts[name] if key in keys.split()] == keys.split(), name


def test_the_values_are_the_runs() -> None:
    file = written(made.not_ready())
    assert (file["headline"], file["exit_code"], file["target"], file["phase"]) == ("NOT READY", 1, "contoso", "hybrid")
    assert file["evidence_digest"].startswith("sha256:")
    found = {(f["control"], f["subject"]): f for f in file["findings"]}
    assert found["EDGE-04", "deployment"]["observed"] == "UseDefaultRouting"
    assert found["EDGE-03", "deployment"]["caused_by"] == ["EDGE-04"]
    assert found["HOST-06", "deployment"]["waiver"]["owner"] == "Ada Lovelace"
    assert found["DNS-08", "deployment"]["cause"]["kind"] == "servfail"
    assert file["counts"]["n/a"] == 1
    assert list(file["controls"]) == list(made.BASELINE.controls)


@pytest.mark.parametrize("name", ["ready", "ready_with_waivers", "not_ready", "undetermined", "hostile"])
def test_every_run_is_valid_by_the_published_schema(name: str) -> None:
    validator("findings.schema.json").validate(written(getattr(made, name)()))


def test_the_schema_refuses_what_is_not_documented() -> None:
    schema = validator("findings.schema.json")
    good = written(made.not_ready())
    for path, wrong in (
        (("headline",), "ALMOST READY"),
        (("findings", 0, "verdict"), "skipped"),
        (("counts", "pass"), "18"),
        (("surprise",), 1),
        (("controls", "EDGE-02", "certainty"), "guessed"),
    ):
        bad = json.loads(json.dumps(good))
        at = bad
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = wrong
        assert not schema.is_valid(bad), path


def test_snapshots_are_valid_by_their_published_schema() -> None:
    schema = validator("snapshot.schema.json")
    snapshot = json.loads(msgspec.json.encode(made.undetermined().snapshot))
    schema.validate(snapshot)
    entry = next(iter(snapshot["entries"].values()))
    entry["state"] = "perhaps"
    assert not schema.is_valid(snapshot)


def test_the_recorded_snapshots_are_valid_by_the_published_schema() -> None:
    schema = validator("snapshot.schema.json")
    files = sorted((SCHEMAS.parent.parent / "fixtures" / "snapshots").glob("*.json"))
    assert files
    for file in files:
        schema.validate(json.loads(file.read_text(encoding="utf-8")))


def test_the_published_schemas_are_what_the_declarations_give() -> None:
    assert {f.name for f in SCHEMAS.glob("*.json")} >= set(schemas())
    for name, schema in schemas().items():
        assert (SCHEMAS / name).read_text(encoding="utf-8") == schema_text(schema), f"docs/schema/{name} is out of date"


def test_the_file_reads_back_as_what_was_declared() -> None:
    back = msgspec.json.decode(findings_json(made.not_ready()), type=Findings)
    assert len(back.findings) == len(made.not_ready().findings)
    assert back.counts == made.not_ready().counts


def test_it_is_deterministic_utf8_with_a_line_feed_at_the_end_and_a_finding_a_line() -> None:
    data = findings_json(made.not_ready())
    assert data == findings_json(made.not_ready())
    text = data.decode("utf-8")
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")
    assert sum(line.startswith('  {"control":') for line in text.splitlines()) == len(made.not_ready().findings)


def test_a_lone_surrogate_is_written_as_its_code_point() -> None:
    text = findings_json(made.hostile()).decode("utf-8")
    assert "⟨U+D800⟩" in text
    msgspec.json.decode(text, type=Findings)


@pytest.mark.parametrize("phase", PHASES)
def test_no_placeholder_of_the_catalogue_is_left(phase: str) -> None:
    """Whatever was seen or not: an answer less at a time would take long, so half of them and none."""
    kept = read(SCHEMAS.parent.parent / "fixtures" / "snapshots" / "healthy.json")
    for step in (1, 2, 0):
        entries = dict(list(kept.entries.items())[::step]) if step else {}
        run = judge(msgspec.structs.replace(kept, entries=entries), phase=phase)
        assert "{{" not in findings_json(run).decode("utf-8")
        assert "{{" not in readiness_html(run).decode("utf-8")
        assert "{{" not in "".join(action_plan_md(run))
