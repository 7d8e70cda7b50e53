"""The console script `fedready`: what is audited and why. The audit itself is `pytest --target FILE`.

Imports stay inside the commands: `--version` and a mistyped command answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from fedready import __version__

if TYPE_CHECKING:  # imports stay inside the commands
    from fedready.inquiry import Inquiry

USAGE_ERROR = 4
"""As pytest's: the command line or a file of the configuration is wrong."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, exit 4."""
        self.exit(USAGE_ERROR, f"{self.prog}: {message}. `{self.prog} --help` says what can be given.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="fedready",
        description="Says what is audited and why. An audit is: python -m pytest --target FILE [--waivers FILE]",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"fedready {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    controls = commands.add_parser("controls", help="list every control", allow_abbrev=False)
    controls.add_argument("--json", action="store_true", help="the whole rows as JSON")
    controls.add_argument("--baseline", metavar="FILE", help="another baseline")

    explain = commands.add_parser("explain", help="say everything about one control", allow_abbrev=False)
    explain.add_argument("control", metavar="ID", help="its id, like HOST-04")
    explain.add_argument("--baseline", metavar="FILE", help="another baseline")
    explain.add_argument("--reports", metavar="DIR", default="reports", help="where the latest run is looked for")

    report = commands.add_parser("report", help="write the reports of a run again", allow_abbrev=False)
    report.add_argument(
        "run", metavar="RUN", nargs="?", default="reports/latest", help="the folder of a run (reports/latest)"
    )
    report.add_argument("--out", metavar="DIR", help="write them into DIR instead of the run's own folder")
    report.add_argument("--open", action="store_true", help="show readiness.html in a browser")

    share = commands.add_parser("share", help="copy a run under other names, to show it to others", allow_abbrev=False)
    share.add_argument("run", metavar="RUN", help="the folder of a run, like reports/latest")
    share.add_argument("--out", metavar="DIR", help="a new folder for the copy (RUN-shared if not given)")
    share.add_argument("--map", metavar="FILE", help="write what each alias stands for, for yourself only")
    share.add_argument("--baseline", metavar="FILE", help="the baseline of the run, if it was another one")
    share.add_argument(
        "--seed", metavar="NUMBER", type=int, help=argparse.SUPPRESS
    )  # the same aliases each time: tests

    commands.add_parser(
        "export-script", help="print the PowerShell script with which an administrator exports", allow_abbrev=False
    )

    collect = commands.add_parser("collect", help="ask and keep, without judging", allow_abbrev=False)
    collect.add_argument("--target", metavar="FILE", required=True, help="who is asked")
    collect.add_argument("--report-dir", metavar="DIR", help="put snapshot.json right into DIR")

    docs = commands.add_parser("docs", allow_abbrev=False)  # for the project's own documents: not listed
    what = docs.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write the generated documents")
    what.add_argument("--check", action="store_true", help="say which of them are out of date")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, 1 (documents are out of date), 10 (collect: not all answered) or 4."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")  # a console with an old code page must not end a listing
    asked = _parser().parse_args(arguments)

    try:
        return _run(asked)
    except BrokenPipeError:  # `fedready controls | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(asked: argparse.Namespace) -> int:
    if asked.command in ("controls", "explain") and asked.baseline is None:
        from fedready.index import ready_made

        said = ready_made(asked.command, control=getattr(asked, "control", ""), as_json=getattr(asked, "json", False))
        if said is not None:
            print(said, end="")
            if asked.command == "explain":
                _latest(asked)
            sys.stdout.flush()
            return 0

    from fedready.yamlmarks import Mistake

    try:
        own = {"report": _report, "share": _share, "export-script": _export_script, "collect": _collect}
        return own.get(asked.command, _from_baseline)(asked)
    except Mistake as mistake:
        print(mistake, file=sys.stderr)
        return USAGE_ERROR


def _latest(asked: argparse.Namespace) -> None:
    """What the latest run said of the control, if there is one."""
    from pathlib import Path

    if Path(asked.reports).is_dir():
        from fedready.latest import said_of

        print(said_of(asked.control, Path(asked.reports)), end="")


def _report(asked: argparse.Namespace) -> int:
    from pathlib import Path

    from fedready.tell.again import run_folder, run_of
    from fedready.tell.folder import CannotWrite, open_run_folder
    from fedready.tell.reports import write_reports

    named = run_folder(Path(asked.run))
    run = run_of(named)
    try:
        with open_run_folder(
            run.target.name, run.started, report_dir=Path(asked.out) if asked.out else named
        ) as folder:
            written = write_reports(run, folder)
    except CannotWrite as wrong:
        print(str(wrong).replace("--report-dir DIR", "--out DIR"), file=sys.stderr)
        return USAGE_ERROR
    for path in written.values():
        print(path)
    if asked.open:
        import webbrowser

        page = written["readiness.html"].resolve()
        if not webbrowser.open(page.as_uri()):
            print(f"No browser could be started here. Open {page} yourself.", file=sys.stderr)
    return 0


def _share(asked: argparse.Namespace) -> int:
    import random
    from pathlib import Path

    from fedready.sharing.edition import share_folder

    drawn = random.SystemRandom() if asked.seed is None else random.Random(asked.seed)
    said = share_folder(
        Path(asked.run),
        out=Path(asked.out) if asked.out else None,
        map_file=Path(asked.map) if asked.map else None,
        baseline=Path(asked.baseline) if asked.baseline else None,
        drawn=drawn,
    )
    print("\n".join(said))
    return 0


def _export_script(asked: argparse.Namespace) -> int:
    from fedready.catalogue import load_baseline
    from fedready.export_script import export_script

    print(export_script(_everything(), load_baseline().clouds), end="")
    sys.stdout.flush()
    return 0


def _everything() -> tuple[Inquiry, ...]:
    """What an audit of all controls asks."""
    from fedready.handles import ASKED

    return tuple(dict.fromkeys(inquiry for inquiries in ASKED.values() for inquiry in inquiries))


def _collect(asked: argparse.Namespace) -> int:
    from pathlib import Path

    from fedready.collect import ANSWERED, NOT_ALL, collect, unanswered
    from fedready.tell.folder import CannotWrite
    from fedready.yamlmarks import visible

    report_dir = Path(asked.report_dir) if asked.report_dir else None
    try:
        snapshot, path = collect(Path(asked.target), _everything(), report_dir)
    except CannotWrite as wrong:
        print(wrong, file=sys.stderr)
        return USAGE_ERROR
    silent = unanswered(snapshot)
    for line in [*silent, *snapshot.notes]:
        print(visible(line))
    answered = sum(entry.state == "answered" for entry in snapshot.entries.values())
    print(f"{answered} answers, {len(silent)} without one: {path}")
    return NOT_ALL if silent else ANSWERED


def _from_baseline(asked: argparse.Namespace) -> int:
    from fedready import manual

    if asked.command == "docs":
        stale = manual.write() if asked.write else manual.stale()
        for path in stale:
            print(f"{path}: {'written' if asked.write else 'out of date; `make docs` writes it'}")
        return 1 if stale and asked.check else 0

    from fedready.catalogue import DEFAULT_BASELINE, load_baseline

    baseline = load_baseline(asked.baseline or DEFAULT_BASELINE)
    if asked.command == "explain":
        print(manual.explained(baseline, asked.control), end="")
        _latest(asked)
    elif asked.json:
        print(manual.controls_as_json(baseline), end="")
    else:
        print(manual.controls_as_table(baseline), end="")
    sys.stdout.flush()
    return 0
