"""What must not be found in a share edition, and every disguise in which it is looked for. Knows nothing of how aliases are made."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

HOST = re.compile(r"(?<![\w.-])(?:[\w-]+\.)+[a-z]{2,}(?![\w-])", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
SIX = re.compile(r"(?<![0-9a-f:])(?:[0-9a-f]{1,4}:){2,7}:?[0-9a-f]{1,4}(?![0-9a-f:])", re.IGNORECASE)
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
HASH = re.compile(r"\b[0-9a-f]{16,64}\b", re.IGNORECASE)


OURS = {"9.9.9.9"}
"""The public resolver that the baseline's own commands name; it says nothing of anybody."""


def secrets_in(folder: Path, domains: tuple[str, ...], more: tuple[str, ...]) -> set[str]:
    """Everything secret in a run's folder: hosts below `domains`, addresses, ids, hashes, accounts, and `more`."""
    found = set(more) | set(domains)
    for path in folder.iterdir():
        if path.suffix in (".json", ".xml"):
            text = path.read_text(encoding="utf-8")
            found |= {h for h in HOST.findall(text) if h.lower().endswith(tuple(f".{d}" for d in domains))}
            found |= {
                n
                for n in NUMBER.findall(text)
                if not n.startswith("127.0.0.1") and all(int(o) < 256 for o in n.split("."))
            }
            found |= {s for s in SIX.findall(text) if not re.fullmatch(r"\d\d:\d\d:\d\d", s)}
            found |= set(GUID.findall(text))
    snapshot = json.loads((folder / "snapshot.json").read_text(encoding="utf-8"))
    for entry in snapshot["entries"].values():
        found |= set(HASH.findall(json.dumps(entry["value"])))
        if entry["as"]:
            found |= {entry["as"], *re.split(r"[\\@]", entry["as"])}
    findings = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    for waiver in [f["waiver"] for f in findings["findings"] if f["waiver"]] + findings["unused_waivers"]:
        found |= {waiver[key] for key in ("reason", "owner", "ticket", "approver")}
    found.add(findings["evidence_digest"].partition(":")[2])
    found |= {run_id for run_id in (snapshot["run"]["id"],) if "-" in run_id}
    return {secret for secret in found if len(secret) > 2} - OURS


def disguises(secret: str) -> Iterator[str]:
    """One secret as it may hide in a file; texts are compared without regard to case."""
    spellings = {secret, secret.upper(), secret.lower(), *_idna(secret)}
    if "." in secret and " " not in secret:
        spellings.add(".".join(reversed(secret.split("."))))  # reversed-DNS form
    for text in spellings:
        yield text
        yield quote(text, safe="")
        yield text.replace(".", "%2e")
        yield "".join(f"%{byte:02x}" for byte in text.encode())
        yield html.escape(text)
        yield json.dumps(text)[1:-1]
        yield text.encode("punycode").decode() if not text.isascii() else text
        yield text.encode("utf-16-le").hex()
        yield text.encode().hex()


def in_base64(secret: str) -> Iterator[str]:
    """The characters that base64 shows of a secret wherever it begins; case matters here."""
    for text in {secret, secret.upper(), secret.lower(), *_idna(secret)}:
        for before in range(3):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                shown = encode(b"\0" * before + text.encode()).decode().rstrip("=")
                yield shown[(before * 8 + 5) // 6 : -1]


def _idna(text: str) -> set[str]:
    try:
        return {text.encode("idna").decode(), text.encode("ascii").decode("idna")} - {text}
    except UnicodeError:
        try:
            return {text.encode("idna").decode()}
        except UnicodeError:
            return set()


def left_in(folder: Path, secrets: set[str]) -> list[tuple[str, str, str]]:
    """(file, secret, disguise) of everything that is still there.

    A host is found by the domain that it ends with: every disguise of the host contains the same disguise of the domain.
    """
    lowered = {secret.lower() for secret in secrets}
    secrets = {s for s in secrets if not any(s.lower()[n + 1 :] in lowered for n, c in enumerate(s) if c == ".")}
    found = []
    for path in sorted(folder.rglob("*")):
        content = path.name + "\n" + path.read_text(encoding="utf-8")
        lower = content.lower()
        for secret in secrets:
            for text in set(disguises(secret)):
                if text.lower() in lower:
                    found.append((path.name, secret, text))
            found += [(path.name, secret, text) for text in set(in_base64(secret)) if len(text) > 5 and text in content]
    return found
