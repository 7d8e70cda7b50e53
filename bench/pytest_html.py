"""The other side of E1 and E2: pytest-html's report of as many results, made in the same call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKS = """import pytest

@pytest.mark.parametrize("record", range({count}))
def test_record(record):
    assert record % 100, f"record {{record}} is not as documented"
"""


def report_of(count: int, folder: Path) -> Path:
    """A self-contained report of `count` tests, 1 % of them failing, as pytest-html writes it."""
    file = folder / f"pytest-html-{count}.html"
    (folder / "test_records.py").write_text(CHECKS.format(count=count), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    plugins = [
        "--disable-plugin-autoload",
        "-p",
        "pytest_metadata.plugin",
        "-p",
        "pytest_html.plugin",
        "-p",
        "no:cacheprovider",
    ]
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", *plugins, f"--html={file}", "--self-contained-html"]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    return file
