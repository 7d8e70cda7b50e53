"""A browser for the report: Debian's Chromium, driven by Playwright, with nothing but the file itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fedready.model import Run
from fedready.tell.readiness import readiness_html

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests; without it a build server fails and a laptop says why it skips."""
    chromium_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium_path is None:
        missing = "there is no Chromium for the browser tests: apt-get install -y chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def pdf_text() -> Callable[[bytes, int], str]:
    """`pdf_text(pdf, page)`: the text of one page, as poppler's pdftotext reads it."""
    program = shutil.which("pdftotext")
    if program is None:
        missing = "there is no pdftotext for the tests of print: apt-get install -y poppler-utils"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)

    def text(pdf: bytes, page: int) -> str:
        command = [program, "-f", str(page), "-l", str(page), "-enc", "UTF-8", "-", "-"]
        return subprocess.run(command, input=pdf, capture_output=True, check=True, timeout=60).stdout.decode("utf-8")

    return text


Opens = Callable[..., Any]


@pytest.fixture
def opens(browser: Any, tmp_path: Path) -> Iterator[Opens]:
    """`opens(run, width=1280, ...)`: the run's report as a page. What it asks for and complains of is on the page object."""
    contexts = []

    def opened(
        run: Run, *, width: int = 1280, height: int = 720, fragment: str = "", policy: str | None = None, **options: Any
    ) -> Any:
        file = tmp_path / "readiness.html"
        file.write_bytes(readiness_html(run))
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.requested, page.complaints = [], []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: page.complaints.append(f"dialog {dialog.message}"))
        address = file.as_uri()
        if policy is not None:
            address = "https://report.invalid/readiness.html"
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
            page.route("**/*", lambda route: route.fulfill(status=200, headers=headers, body=file.read_bytes()))
        page.goto(address + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
