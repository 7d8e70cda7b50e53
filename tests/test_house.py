"""The constitution: what must hold of the files of this project, whoever changes them."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedready import manual

ROOT = Path(__file__).parent.parent
MADE_BY_MACHINES = ("requirements", "reports/sample/", "fixtures/snapshots/")


def committed() -> list[str]:
    """The files of the project: what is committed, or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    return sorted(name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file())


FILES = committed()
PYTHON = [name for name in FILES if name.endswith(".py")]


def imports(path: str) -> Iterator[str]:
    """Every module that a file imports, dotted; `from a import b` counts as a and a.b."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(package: str) -> set[str]:
    return {
        path
        for path in PYTHON
        if path.startswith("fedready/") and any(m == package or m.startswith(package + ".") for m in imports(path))
    }


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("pypsrp", r"fedready/ask/(powershell\w*|clixml)\.py"),
        ("spnego", r"fedready/ask/powershell\w*\.py"),
        ("dns", r"fedready/ask/dns\w*\.py"),
        ("requests", r"fedready/ask/(https\w*|pinning|dialling|powershell\w*)\.py"),
        ("urllib3", r"fedready/ask/(https\w*|pinning|dialling|powershell\w*)\.py"),
        ("pytest", r"fedready/(plugin|reporting|stash|check|handles/(registry|situation))\.py"),
        ("pytest_html", r"fedready/(plugin|reporting|tell/html_table)\.py"),
        ("yaml", r"fedready/yamlmarks\.py"),
        ("subprocess", r"(?!)"),
        ("lab", r"(?!)"),
    ],
)
def test_each_library_has_its_room(package: str, rooms: str) -> None:
    assert {path for path in importers(package) if not re.fullmatch(rooms, path)} == set()


def test_checks_import_only_what_a_check_may() -> None:
    checks = [path for path in PYTHON if path.startswith("checks/")]
    strangers = {
        f"{path}: {module}"
        for path in checks
        for module in imports(path)
        if module not in ("__future__", "fedready.check") and not module.startswith(("__future__.", "fedready.check."))
    }
    assert strangers == set()


def test_checks_only_judge() -> None:
    """A check is a sentence: only what could not be seen is caught, there is no class and no module state."""
    for path in (path for path in PYTHON if path.startswith("checks/")):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            assert not isinstance(node, ast.ClassDef | ast.Global), f"{path}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ExceptHandler):
                assert isinstance(node.type, ast.Name), f"{path}:{node.lineno} catches everything"
                assert node.type.id == "Unseen", f"{path}:{node.lineno}"
        for node in tree.body:
            plain = isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef)
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            assert plain or docstring or is_constant(node), f"{path}:{node.lineno} holds more than functions"


def is_constant(node: ast.stmt) -> bool:
    """`PORT = 5061`: a name in capitals for a literal that cannot be changed."""
    if not isinstance(node, ast.Assign) or not all(isinstance(t, ast.Name) and t.id.isupper() for t in node.targets):
        return False
    try:
        return isinstance(ast.literal_eval(node.value), str | int | tuple)
    except ValueError:
        return False


def test_the_generated_documents_are_fresh() -> None:
    assert manual.stale() == []


LOCKS = [name for name in FILES if re.fullmatch(r"requirements[\w-]*\.txt", name)]


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_no_index_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        assert re.match(r"[a-z0-9._-]+==\S+( ;[^-]*)?( +--hash=sha256:[0-9a-f]{64})+ *$", line), line[:80]


def test_the_locks_agree() -> None:
    assert {f"requirements{name}.txt" for name in ("", "-build", "-dev", "-lab")} == set(LOCKS)
    audit, lab, dev = pins("requirements.txt"), pins("requirements-lab.txt"), pins("requirements-dev.txt")
    assert audit.items() <= lab.items() <= dev.items()
    assert len(audit) <= 28


def test_what_is_locked_is_what_is_asked_for() -> None:
    def asked(name: str) -> set[str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return {line.lower() for line in lines if line and not line.startswith(("#", "-"))}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {name.lower() for name in project["dependencies"]} == asked("requirements.in")
    for name in ("", "-lab", "-dev", "-build"):
        assert asked(f"requirements{name}.in") <= set(pins(f"requirements{name}.txt"))


def words_of_people() -> Iterator[tuple[str, str]]:
    for name in FILES:
        if name.startswith(MADE_BY_MACHINES) and not name.endswith(".in"):
            continue
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


REGISTRIES = ("py" + "pi", "python" + "hosted", "npm" + "js", "ruby" + "gems", "cra" + "tes", "con" + "da")
"""In pieces, so that this file is not the first to name one."""
REGISTRY = re.compile(rf"(?:{'|'.join(REGISTRIES)})\.[a-z]{{2,}}|--(?:extra-)?index-url[ =]")
MACHINE = re.compile(r"(?<![\w.:])/(?:opt|work|root|home)/\w")


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, text in words_of_people() if REGISTRY.search(text)] == []
    assert [name for name in LOCKS if re.search(r"https?:|index|find-links", (ROOT / name).read_text("utf-8"))] == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    assert [(name, m[0]) for name, text in words_of_people() for m in MACHINE.finditer(text)] == []


MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
USERINFO = re.compile(r"://[^/\s]*@")
EXAMPLES = re.compile(r"@(?:[\w-]+\.)*(?:contoso|fabrikam|adatum|example|litware|invalid)(?:\.[a-z]+)?$", re.IGNORECASE)


def test_no_file_holds_a_mail_address_of_a_person() -> None:
    found = [
        (name, mail)
        for name, text in words_of_people()
        for mail in MAIL.findall(USERINFO.sub("://", text))
        if not EXAMPLES.search(mail) and not mail.startswith("dns@")
    ]
    assert found == []


def test_no_file_of_the_package_is_too_long_to_read() -> None:
    rooms = [name for name in PYTHON if name.startswith("fedready/")]
    lengths = {name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in rooms}
    assert {name: length for name, length in lengths.items() if length > 450} == {}


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    written = [Path(name).name for name in FILES if name.startswith("docs/adr/") and not name.endswith("README.md")]
    assert written
    assert [name for name in written if name not in listed] == []


LINK = re.compile(r"\[[^\]]*\]\(([^)#\s:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", [name for name in FILES if name.endswith(".md")])
def test_every_relative_link_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (ROOT / page).parent.joinpath(link).exists()] == []
