"""`fedready collect`: ask everything and keep it, without judging."""

from __future__ import annotations

import time
from pathlib import Path

from fedready import __version__
from fedready.ask import plan
from fedready.ask.clock import utc_text
from fedready.catalogue import load_baseline
from fedready.inquiry import Inquiry
from fedready.model import Snapshot
from fedready.snapshot import seal, to_text
from fedready.sources import open_sources
from fedready.target import load_target
from fedready.tell.folder import open_run_folder
from fedready.tell.progress import progress_for

ANSWERED, NOT_ALL = 0, 10


def collect(target_file: Path, inquiries: tuple[Inquiry, ...], report_dir: Path | None) -> tuple[Snapshot, Path]:
    """Ask, and write snapshot.json.

    Args:
        target_file: who is asked.
        inquiries: what is asked.
        report_dir: where the file goes; a folder of its own under `reports/` if not given.

    Returns:
        The sealed snapshot, and its path.

    Raises:
        Mistake: the target file, or a file that it names, is wrong.
        CannotWrite: the file cannot be written.
    """
    target = load_target(target_file)
    sources = open_sources(target)
    folder = open_run_folder(target.name, utc_text(time.time()), report_dir=report_dir, moves_latest=False)
    try:
        asked = plan.ask(
            target,
            load_baseline().clouds,
            inquiries,
            selection="collect",
            progress=progress_for(),
            tool=f"fedready {__version__}",
            recorded=sources.answers,
        )
        snapshot = seal(sources.noted(asked))
        folder.write("snapshot.json", to_text(snapshot))
        return snapshot, folder.finish() / "snapshot.json"
    except BaseException:
        folder.abandon()
        raise


def unanswered(snapshot: Snapshot) -> list[str]:
    """`question: why` of everything that was to be asked and has no answer. What is not judged from here was not asked."""
    return [
        f"{text}: {entry.cause.text if entry.cause else 'no reason was given'}"
        for text, entry in snapshot.entries.items()
        if entry.state == "failed" or (entry.cause is not None and entry.cause.kind in ("interrupted", "timeout"))
    ]
