"""A run's folder: whole or not at all, named once, readable by its owner only."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedready.tell import folder as folders
from fedready.tell import reports
from fedready.tell.folder import CannotWrite, RunFolder, open_run_folder
from fedready.tell.reports import WriterBroke, write_all
from tests import made_runs as made

STARTED = "2026-01-02T03:04:05Z"
posix = pytest.mark.skipif(os.name != "posix", reason="Windows: a folder inherits who may read it")


def opened(base: Path) -> RunFolder:
    return open_run_folder("contoso", STARTED, base=base)


def test_it_is_partial_until_it_is_finished(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    final = folder.write("findings.json", b"{}\n")
    assert [p.name for p in (tmp_path / "contoso").iterdir()] == ["20260102T030405Z.partial"]
    assert not final.exists()
    assert folder.finish() == tmp_path / "contoso" / "20260102T030405Z"
    assert final.read_bytes() == b"{}\n"
    assert [p.name for p in (tmp_path / "contoso").iterdir()] == ["20260102T030405Z"]


def test_two_runs_of_one_second_stand_side_by_side(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    assert (first.finish().name, second.finish().name) == ("20260102T030405Z", "20260102T030405Z-2")
    assert opened(tmp_path).finish().name == "20260102T030405Z-3"


def test_a_name_taken_while_running_is_not_overwritten(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    folder.write("a", b"ours")
    taken = tmp_path / "contoso" / "20260102T030405Z"
    taken.mkdir()
    (taken / "a").write_bytes(b"theirs")
    assert folder.finish().name == "20260102T030405Z-2"
    assert (folder.path / "a").read_bytes() == b"ours"
    assert (taken / "a").read_bytes() == b"theirs"


def test_latest_points_to_the_newest_finished_run(tmp_path: Path) -> None:
    first = opened(tmp_path)
    assert not (tmp_path / "latest").exists()
    first.finish()
    second = opened(tmp_path)
    assert (tmp_path / "latest").resolve() == first.path
    second.finish()
    assert (tmp_path / "latest").resolve() == second.path
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".partial")]


def test_latest_is_a_line_of_text_where_links_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, *args: object, **more: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refused)
    opened(tmp_path).finish()
    assert (tmp_path / "latest").read_text(encoding="utf-8") == "contoso/20260102T030405Z\n"


def test_report_dir_gets_the_files_and_latest_stays(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    folder = open_run_folder("contoso", STARTED, base=tmp_path / "reports", report_dir=mine)
    (folder.path_for("pytest.html")).write_text("html", encoding="utf-8")
    folder.write("findings.json", b"{}\n")
    assert not (mine / "pytest.html").exists()
    assert folder.finish() == mine
    assert sorted(p.name for p in mine.iterdir()) == ["findings.json", "pytest.html"]
    assert not (tmp_path / "reports").exists()


def test_report_dir_replaces_the_files_of_an_earlier_run_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_text("old", encoding="utf-8")
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    folder = open_run_folder("contoso", STARTED, report_dir=tmp_path)
    folder.write("findings.json", b"new")
    folder.finish()
    assert (tmp_path / "findings.json").read_bytes() == b"new"
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "kept"


def test_an_interruption_leaves_the_old_file_or_none_but_never_half_a_file(tmp_path: Path) -> None:
    def interrupted() -> Iterator[str]:
        yield "half"
        raise KeyboardInterrupt

    (tmp_path / "junit.xml").write_bytes(b"old")
    folder = open_run_folder("contoso", STARTED, report_dir=tmp_path)
    folder.write("snapshot.json", b"new")
    folder.write("junit.xml", b"whole")
    for name in ("junit.xml", "new.xml"):
        with pytest.raises(KeyboardInterrupt):
            folder.write(name, interrupted())
    assert (tmp_path / "junit.xml").read_bytes() == b"old"
    assert not (tmp_path / "snapshot.json").exists()
    folder.finish()
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"junit.xml": b"whole", "snapshot.json": b"new"}


def test_a_report_that_cannot_be_completed_leaves_the_old_one_and_the_evidence(tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_bytes(b"old")
    for _ in range(2):  # the second time, there is one already
        folder = open_run_folder("contoso", STARTED, report_dir=tmp_path)
        folder.path_for("pytest.html").write_text("half", encoding="utf-8")
        folder.write("snapshot.json", b"new")
        assert folder.set_aside() == tmp_path / "incomplete"
        assert [p.name for p in (tmp_path / "incomplete").iterdir()] == ["snapshot.json"]
        assert sorted(p.name for p in tmp_path.iterdir()) == ["findings.json", "incomplete"]
    folder = opened(tmp_path / "reports")
    folder.write("snapshot.json", b"new")
    assert folder.set_aside() == tmp_path / "reports" / "contoso" / "20260102T030405Z-incomplete"
    assert not (tmp_path / "reports" / "latest").exists()
    folder = opened(tmp_path / "reports")
    folder.write("findings.json", b"nothing to judge again")
    assert folder.set_aside() is None
    assert len(list((tmp_path / "reports" / "contoso").iterdir())) == 1


def test_a_writer_that_breaks_costs_its_own_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(run: object) -> Iterator[str]:
        yield "<half"
        raise ZeroDivisionError("we\nbroke")

    (tmp_path / "junit.xml").write_text("of an earlier run", encoding="utf-8")
    monkeypatch.setattr(reports, "junit_xml", breaks)
    folder = open_run_folder("contoso", STARTED, report_dir=tmp_path)
    with pytest.raises(
        WriterBroke, match=r"junit\.xml \(ZeroDivisionError: we broke, test_folder\.py:\d+\); the other"
    ):
        write_all(made.not_ready(), folder)
    folder.finish()
    names = {p.name for p in tmp_path.iterdir()}
    assert names >= {"findings.json", "readiness.html"}
    assert "junit.xml" not in names


def test_ctrl_c_while_the_files_are_moved_waits_for_the_last_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = open_run_folder("contoso", STARTED, report_dir=tmp_path)
    for name in "abc":
        folder.write(name, b"new")
    real, moved = os.replace, []

    def replace(one: Path, other: Path) -> None:
        real(one, other)
        moved.append(other.name)
        if len(moved) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        folder.finish()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c"]


def test_leaving_by_an_exception_does_not_pretend_to_be_finished(tmp_path: Path) -> None:
    def audit() -> None:
        with opened(tmp_path) as folder:
            folder.write("a", b"1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit()
    assert [p.name for p in (tmp_path / "contoso").iterdir()] == ["20260102T030405Z.partial"]


def test_abandoning_leaves_nothing_of_the_run(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    folder.write("a", b"1")
    folder.abandon()
    assert list((tmp_path / "contoso").iterdir()) == []
    done = opened(tmp_path)
    done.finish()
    done.abandon()
    assert done.path.is_dir()


@posix
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        folder.write("findings.json", b"{}")
        assert stat.S_IMODE(folder.path_for("x").parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / "findings.json").stat().st_mode) == 0o600


def test_what_cannot_be_written_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CannotWrite, match=r"file.*--report-dir DIR"):
        open_run_folder("contoso", STARTED, base=tmp_path / "file")
    with pytest.raises(CannotWrite, match="--report-dir DIR"):
        open_run_folder("contoso", STARTED, report_dir=tmp_path / "file" / "deeper")


def test_a_targets_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = open_run_folder("../../etc", STARTED, base=tmp_path)
    assert folder.path.parent.parent == tmp_path


def test_write_all_writes_every_report(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        paths = write_all(made.not_ready(), folder)
    assert set(paths) == {"readiness.html", "findings.json", "junit.xml", "findings.csv", "action-plan.md"}
    for name, path in paths.items():
        assert path == folder.path / name
        assert path.stat().st_size > 1_000


def test_a_link_named_latest_that_cannot_be_replaced_is_explained(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "something").write_text("", encoding="utf-8")
    with pytest.raises(CannotWrite, match="contoso"):
        opened(tmp_path).finish()
    assert folders.PARTIAL not in {p.suffix for p in tmp_path.iterdir()}
