"""E2: time until readiness.html can be used in a browser, 60,000 findings over 60; filtering; memory of the renderer.

Chromium, a fresh profile for each, file://. Usable: loaded, the table there, two frames drawn and a task run after that.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.findings import of_findings
from bench.pytest_html import report_of
from bench.rows import AT_LEAST, NotMeasured, Pairs, Row, alone
from fedready.tell.readiness import readiness_html

MEASURE, TARGET, MUST = "time to interactive at 60,000 findings over 60", 1.5, None
LONGEST = 300_000  # milliseconds; pytest-html's report of 60,000 results takes minutes
MUST_SECONDS, TARGET_SECONDS = 1.0, 0.5
READY = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
    setTimeout(() => done(performance.now()), 0))))"""
FILTER = """text => new Promise(done => {
    const field = document.querySelector('input[type=search], input[type=text]');
    if (!field) { done(-1); return; }
    const begun = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input', {bubbles: true}));
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun), 0));
})"""


def opened(play: Any, chromium: str, file: Path, rows: str = "table") -> tuple[float, float, float]:
    """Seconds to interactive (until `rows` are there), seconds of filtering, MiB of the largest renderer."""
    with tempfile.TemporaryDirectory() as profile:
        context = play.chromium.launch_persistent_context(
            profile, executable_path=chromium, headless=True, args=["--no-sandbox"]
        )
        try:
            page = context.pages[0]
            page.goto("about:blank")
            page.set_default_timeout(LONGEST)
            page.set_default_navigation_timeout(LONGEST)
            page.goto(file.as_uri())
            page.wait_for_selector(rows, state="attached")
            ready = page.evaluate(READY) / 1000
            filtered = statistics.median(page.evaluate(FILTER, text) for text in ("contoso", "sip", "")) / 1000
            return ready, filtered, _renderer(profile)
        finally:
            context.close()


def _renderer(profile: str) -> float:
    """The largest peak among the renderers of a browser, from /proc."""
    largest = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            command = status.with_name("cmdline").read_bytes()
            if b"--type=renderer" not in command or profile.encode() not in command:
                continue
            line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        except (OSError, StopIteration):
            continue  # it ended meanwhile
        largest = max(largest, int(line.split()[1]) / 1024)
    return largest


def measure() -> list[Row]:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise NotMeasured("chromium is not installed (Debian: apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NotMeasured("playwright is not installed (requirements-dev.txt has it)") from None
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        files = []
        for count in (60_000, 60):
            files.append(Path(folder) / f"{count}.html")
            files[-1].write_bytes(readiness_html(of_findings(count, "1 % bad")))
        figures: list[list[tuple[float, float, float]]] = [[], []]
        for _ in range(AT_LEAST):
            for place, file in enumerate(files):
                figures[place].append(opened(play, chromium, file))
                time.sleep(0.1)  # the profile's processes end
        beside = [_over_pytest_html(play, chromium, count, Path(folder)) for count in (60, 6_000, 60_000)]
    large, small = figures
    pairs = Pairs(tuple(r for r, _, _ in large), tuple(r for r, _, _ in small))
    filtering = [seconds for _, seconds, _ in large]
    peaks = [peak for _, _, peak in large]
    small_peak = statistics.median(peak for _, _, peak in small)
    memory = alone("E2", "MiB of the renderer at 60,000 findings", peaks, "MiB", 200.0, 400.0, digits=0)
    return [
        pairs.row("E2", MEASURE, "s", TARGET, 2.0),
        alone(
            "E2",
            "seconds to interactive at 60,000 findings",
            pairs.ours,
            "s",
            TARGET_SECONDS,
            MUST_SECONDS,
            other="1 s",
        ),
        alone("E2", "seconds of filtering at 60,000 findings", filtering, "s", 0.1, 0.1, other="1 s"),
        replace(memory, ours=f"{memory.ours} ({small_peak:.0f} at 60)"),
        *beside,
    ]


def _over_pytest_html(play: Any, chromium: str, count: int, folder: Path) -> Row:
    """Time to interactive of our report over pytest-html's of as many results, in turn."""
    ours, other = folder / f"ours-{count}.html", report_of(count, folder)
    ours.write_bytes(readiness_html(of_findings(count, "1 % bad")))
    left, right = [], []
    for _ in range(AT_LEAST):
        left.append(opened(play, chromium, ours)[0])
        right.append(opened(play, chromium, other, "#results-table tbody tr")[0])
    pairs = Pairs(tuple(left), tuple(right))
    return pairs.row("E2", f"time to interactive at {count:,} findings over pytest-html", "s", None, None)
