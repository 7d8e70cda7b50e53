"""Make the pictures of docs/report.md: audit estates of the lab, open their reports in Chromium, keep what is shown.

`make pictures`, or `.venv/bin/python docs/pictures.py [FOLDER]`. The run's times differ from day to day; nothing else does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
LARGEST = 150_000  # bytes


@dataclass(frozen=True)
class Picture:
    """One picture: of which estate, from where on, how large, in which scheme."""

    name: str
    estate: str
    at: str = ""
    width: int = 1120
    height: int = 720
    scheme: str = "light"
    media: str = "screen"


ALL = (
    Picture("first-not-ready", "default-routing"),
    Picture("first-undetermined", "tenant-unreachable"),
    Picture("first-waived-dark", "contoso", scheme="dark"),
    Picture("table", "drifted", at="#table", height=1000),
    Picture("plan", "drifted", at="#plan", height=900),
    Picture("control", "drifted", at="#HOST-06", height=860),
    Picture("phone", "drifted", width=360, height=780),
    Picture("paper", "drifted", width=687, height=890, media="print"),  # 182 mm between the margins of A4
)


def audited(estate: str, folder: Path) -> Path:
    """Audit an estate of the lab; returns its readiness.html."""
    command = [
        sys.executable, "-m", "lab", "--estate", f"fixtures/estates/{estate}.yaml", "--",
        sys.executable, "-m", "pytest", "-q", "--target", "{target}", "--waivers", "{waivers}", "--report-dir", str(folder),
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    page = folder / "readiness.html"
    if not page.is_file():
        sys.exit(f"The audit of {estate} left no report.")
    return page


def taken(browser: Any, picture: Picture, page_file: Path, folder: Path) -> Path:
    """Take one picture; returns its file."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.emulate_media(media=picture.media)
    if picture.at:
        page.evaluate("at => document.querySelector(at).closest('details, section').scrollIntoView()", picture.at)
    file = folder / f"{picture.name}.png"
    page.screenshot(path=file)
    context.close()
    return file


def main(folder: Path = PICTURES) -> int:
    """Make every picture. Returns 1 when one of them is larger than the documents should carry."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("There is no Chromium here: apt-get install -y chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        )
        reports = {estate: audited(estate, Path(work) / estate) for estate in dict.fromkeys(p.estate for p in ALL)}
        files = [taken(browser, picture, reports[picture.estate], folder) for picture in ALL]
        browser.close()
    sizes = {file.name: file.stat().st_size for file in files}
    for name, size in sizes.items():
        print(f"{name}: {size:,} bytes{', too large' if size > LARGEST else ''}")
    return int(max(sizes.values()) > LARGEST)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
