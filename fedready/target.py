"""The target file -> Target: who is asked. Everything that can be wrong with it is said before anything is asked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fedready.model import Endpoint, EvidenceSource, Target
from fedready.questions import NotAllowed, a_label, asks_something
from fedready.yamlmarks import Marked, load_marked, shown

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")
_MODULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SECRET_WORD = re.compile(r"(?:password|passwd|pwd|passphrase|secret|token|apikey|credential|passwort|kennwort)s?$")
_USERINFO = re.compile(r"://[^/?#\s]*@")
_MOST_RUNSPACES = 50
_LONGEST_WAIT = 86_400  # seconds
_OLDEST = 87_600  # hours: ten years

_TAKEN_NAMES = frozenset({"latest", "sample", "con", "prn", "aux", "nul"})
_TAKEN_SIDES = frozenset({"onprem", "tenant", "dns", "https", "tls"})


def load_target(path: str | Path) -> Target:
    """Read a target file. Paths in it are relative to the file; the Target holds them joined with its folder.

    Raises:
        Mistake: anything that a person has to mend: wrong keys, types, names, addresses, files, or a secret.
    """
    marked = load_marked(path)
    if marked.data is None:
        raise marked.mistake("the file is empty", "Write at least `name:` and `endpoints:`.")
    refuse_secrets(marked)
    target = marked.as_struct(Target, hidden=("assumed",))
    _names(marked, target)
    for side, endpoint, at in _endpoints(target):
        _endpoint(marked, side, endpoint, at)
    _addresses(marked, target)
    for name, seconds in msgspec.structs.asdict(target.timeouts).items():
        if not 1 <= seconds <= _LONGEST_WAIT:
            mend = f"Write seconds, from 1 to {_LONGEST_WAIT}."
            raise marked.mistake(f"the timeout {name} is {seconds}", mend, "timeouts", name)
    if target.max_age_hours is not None and not 1 <= target.max_age_hours <= _OLDEST:
        mend = f"Write hours, from 1 to {_OLDEST}."
        raise marked.mistake(f"max_age_hours is {target.max_age_hours}", mend, "max_age_hours")
    return _with_files(marked, target)


def refuse_secrets(marked: Marked) -> None:
    """Refuse a file that holds a secret. The secret itself is never repeated.

    Raises:
        Mistake: a key is named like a secret, a URL carries a user, or a text is a private key.
    """
    mend = (
        "Take it out and change it, for it has been on disk; credentials come from FEDREADY_ONPREM_USER and "
        "FEDREADY_ONPREM_PASSWORD (likewise TENANT and each Edge), from Kerberos or from a prompt."
    )
    for path, value in _walk(marked.data, ()):
        name = path[-1] if path else ""
        if isinstance(name, str) and _names_a_secret(name):
            raise marked.mistake(f"the key {name} holds a secret", mend, *path)
        if isinstance(value, str) and _USERINFO.search(value):
            raise marked.mistake("a web address holds a user or password", mend, *path)
        if isinstance(value, str) and "PRIVATE KEY-----" in value:
            raise marked.mistake("a private key stands in this file", mend, *path)


def _names_a_secret(key: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(key)]
    return any(_SECRET_WORD.search(word) for word in [*words, "".join(words[-2:])])


def _walk(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, index))


def _names(marked: Marked, target: Target) -> None:
    if not _NAME.fullmatch(target.name) or target.name in _TAKEN_NAMES:
        mend = "Write small letters, digits and hyphens; it names the folder of the reports."
        raise marked.mistake(f"the name {shown(target.name)} cannot be used", mend, "name")
    if target.tenant_id is not None and not _GUID.fullmatch(target.tenant_id):
        mend = "Write the tenant's GUID, like 00000000-0000-0000-0000-000000000000, or null."
        raise marked.mistake(f"tenant_id is {shown(target.tenant_id)}", mend, "tenant_id")
    _hosts(marked, target.edge.names, "edge", "names")
    if target.sip_domains != "discover":
        if not target.sip_domains:
            raise marked.mistake("sip_domains is an empty list", "Name a SIP domain, or write discover.", "sip_domains")
        _hosts(marked, target.sip_domains, "sip_domains")
    for name in target.endpoints.edges:
        if not _NAME.fullmatch(name) or name in _TAKEN_SIDES:
            mend = "Write small letters, digits and hyphens, like edge01; onprem, tenant, dns, https and tls are taken."
            raise marked.mistake(f"the Edge's name {shown(name)} cannot be used", mend, "endpoints", "edges", name)
    for name in target.resolvers:
        if not _NAME.fullmatch(name) or name == "system":
            mend = "Write small letters, digits and hyphens, like public; system means the machine's own."
            raise marked.mistake(f"the resolver's name {shown(name)} cannot be used", mend, "resolvers", name)


def _hosts(marked: Marked, names: tuple[str, ...], *at: str) -> None:
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        try:
            label = a_label(name)
        except NotAllowed:
            mend = "Write a name in DNS, like sip.contoso.com, without scheme, port or wildcard."
            raise marked.mistake(f"{shown(name)} is no host name", mend, *at, index) from None
        if label in seen:
            line = marked.line_of(*at, seen[label])
            raise marked.mistake(f"{label} stands here twice (first on line {line})", "Keep one.", *at, index)
        seen[label] = index


def _endpoints(target: Target) -> Iterator[tuple[str, Endpoint, tuple[str, ...]]]:
    for side in ("onprem", "tenant"):
        endpoint = getattr(target.endpoints, side)
        if endpoint is not None:
            yield side, endpoint, ("endpoints", side)
    for name, endpoint in target.endpoints.edges.items():
        yield name, endpoint, ("endpoints", "edges", name)


def _endpoint(marked: Marked, side: str, endpoint: Endpoint, at: tuple[str, ...]) -> None:
    scheme = _web_address(marked, endpoint.url, *at, "url")
    if scheme == "http" and endpoint.auth in ("basic", "certificate"):
        mend = "Write https:// in the url, or another auth."
        raise marked.mistake(f"{endpoint.auth} over http would show the credentials to the network", mend, *at, "url")
    if endpoint.kind == "ocspowershell":
        for name in ("modules", "connect"):
            if getattr(endpoint, name):
                mend = "Remove it, or write kind: winrm; an OcsPowershell endpoint takes single cmdlets only."
                raise marked.mistake(f"{name} does not go with kind: ocspowershell", mend, *at, name)
    for index, module in enumerate(endpoint.modules):
        if not _MODULE.fullmatch(module):
            mend = "Write the name of an installed module, like MicrosoftTeams."
            raise marked.mistake(f"{shown(module)} is no name of a module", mend, *at, "modules", index)
    if not 1 <= endpoint.max_runspaces <= _MOST_RUNSPACES:
        mend = f"Write a number from 1 to {_MOST_RUNSPACES}; 3 is the careful default."
        raise marked.mistake(f"max_runspaces is {endpoint.max_runspaces}", mend, *at, "max_runspaces")
    _certificate_and_connect(marked, side, endpoint, at)


def _certificate_and_connect(marked: Marked, side: str, endpoint: Endpoint, at: tuple[str, ...]) -> None:
    for name in ("certificate_pem", "certificate_key_pem"):
        given = getattr(endpoint, name) is not None
        if given and endpoint.auth != "certificate":
            mend = "Write auth: certificate, or remove it."
            raise marked.mistake(f"{name} does not go with auth: {endpoint.auth}", mend, *at, name)
        if not given and endpoint.auth == "certificate":
            mend = f"Add {name}: FILE."
            raise marked.mistake(f"auth: certificate needs {name}", mend, *at, "auth")
    if (connect := endpoint.connect) is None:
        return
    if side != "tenant":
        raise marked.mistake(f"connect does not belong to {side}", "Move it to the tenant endpoint.", *at, "connect")
    if "MicrosoftTeams" not in endpoint.modules:
        mend = "Add modules: [MicrosoftTeams], which brings Connect-MicrosoftTeams."
        raise marked.mistake("connect has no module to connect with", mend, *at, "connect")
    for name, form, example in (
        ("application_id", _GUID, "a GUID, like 00000000-0000-0000-0000-000000000000"),
        ("tenant_id", _GUID, "a GUID, like 00000000-0000-0000-0000-000000000000"),
        ("certificate_thumbprint", _THUMBPRINT, "the 40 hexadecimal digits of the certificate's thumbprint"),
    ):
        if not form.fullmatch(getattr(connect, name)):
            raise marked.mistake(f"{name} is not as it should be", f"Write {example}.", *at, "connect", name)


def _web_address(marked: Marked, url: str, *at: str) -> str:
    """See that a url is one, and return its scheme."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        good = parts.scheme in ("http", "https") and url.isprintable() and " " not in url and not parts.fragment
        if not _is_address(host):
            a_label(host)
    except (ValueError, NotAllowed):
        good = False
    if not good:
        mend = "Write it like https://pool.contoso.com/OcsPowershell."
        raise marked.mistake(f"{shown(url)} is no web address", mend, *at)
    return parts.scheme


def _addresses(marked: Marked, target: Target) -> None:
    for name, text in target.resolvers.items():
        if not _is_address_and_port(text):
            mend = 'Write an address and a port in quotes, like "9.9.9.9:53" or "[2620:fe::fe]:53".'
            raise marked.mistake(f"the resolver {name} is {shown(text)}", mend, "resolvers", name)
    for place, text in (target.connect_to or {}).items():
        host, _, port = place.rpartition(":")
        try:
            good = bool(a_label(host)) and _is_port(port)
        except NotAllowed:
            good = False
        if not good:
            mend = 'Write a host and a port in quotes, like "webdir.online.lync.com:443".'
            raise marked.mistake(f"{shown(place)} is no host and port", mend, "connect_to", place)
        if not _is_address_and_port(text):
            mend = 'Write an address and a port in quotes, like "127.0.0.1:4443".'
            raise marked.mistake(f"{shown(text)} is no address and port", mend, "connect_to", place)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535


def _is_address_and_port(text: str) -> bool:
    address, _, port = text.rpartition(":")
    bracketed = address.startswith("[") and address.endswith("]")
    return _is_port(port) and _is_address(address[1:-1] if bracketed else address) and bracketed == (":" in address)


# --------------------------------------------------------------------------- files that the target file names


def _with_files(marked: Marked, target: Target) -> Target:
    """The target with its paths joined to its folder, each seen to exist."""
    endpoints = target.endpoints
    return msgspec.structs.replace(
        target,
        ca_file=_file(marked, target.ca_file, "ca_file"),
        endpoints=msgspec.structs.replace(
            endpoints,
            onprem=_endpoint_with_files(marked, endpoints.onprem, "endpoints", "onprem"),
            tenant=_endpoint_with_files(marked, endpoints.tenant, "endpoints", "tenant"),
            edges={
                name: _endpoint_with_files(marked, edge, "endpoints", "edges", name)
                for name, edge in endpoints.edges.items()
            },
        ),
        evidence={side: _evidence(marked, target, side, source) for side, source in target.evidence.items()},
    )


def _endpoint_with_files(marked: Marked, endpoint: Any, *at: str) -> Any:
    if endpoint is None:
        return None
    paths = {n: _file(marked, getattr(endpoint, n), *at, n) for n in ("certificate_pem", "certificate_key_pem")}
    return msgspec.structs.replace(endpoint, **paths)


def _evidence(marked: Marked, target: Target, side: str, source: EvidenceSource) -> EvidenceSource:
    known = (*target.sides, "dns", *(f"dns@{name}" for name in target.vantage_points), "https", "tls")
    if side not in known and not (asks_something(side) and _side_of(side) in known):
        mend = f'Write one of {", ".join(known)}, or a question such as "onprem: Get-CsHostingProvider".'
        raise marked.mistake(f"{shown(side)} is no side of this target", mend, "evidence", side)
    if (source.export is None) == (source.snapshot is None):
        mend = "Write {export: FOLDER} or {snapshot: FILE}."
        raise marked.mistake(f"the evidence of {side} needs one source", mend, "evidence", side)
    return EvidenceSource(
        export=_file(marked, source.export, "evidence", side, "export", folder=True),
        snapshot=_file(marked, source.snapshot, "evidence", side, "snapshot"),
    )


def _side_of(question: str) -> str:
    """Which side a question's text is put to, as `evidence:` names sides."""
    if question.startswith(("GET ", "TLS ")):
        return "https" if question.startswith("GET ") else "tls"
    return question.partition(": ")[0]


def _file(marked: Marked, text: str | None, *at: str, folder: bool = False) -> str | None:
    if text is None:
        return None
    path = marked.path.parent / text
    try:
        there = path.is_dir() if folder else path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        noun = "folder" if folder else "file"
        mend = f"Give the path of a {noun} that exists, relative to this target file."
        raise marked.mistake(f"{at[-1]} names no {noun}: {shown(text)}", mend, *at)
    return path.as_posix()
