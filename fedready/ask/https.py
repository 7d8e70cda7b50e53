"""Anonymous GET of Autodiscover addresses: who answered, with which certificate, status and document.

Nothing is sent that signs anyone in. Redirects are followed by hand: where they lead is what is being looked at.
A fault on the way (no such name, refused, certificate, http) is an observation. What could not be seen is `failed`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from fedready import __version__
from fedready.ask.certificate import facts
from fedready.ask.clock import Clock, utc_text
from fedready.ask.https_faults import Fault, NotSeen, explain
from fedready.ask.https_shape import MAX_TEXT, clean, excerpt, shape_of
from fedready.ask.pinning import ConnectTo, Peer, PinnedAdapter, peer_of
from fedready.ask.trust import ssl_context
from fedready.ask.workers import Workers
from fedready.compare import in_domain, same_fqdn
from fedready.model import Cause, Evidence, Json
from fedready.questions import Get

ACCEPT = "application/json, application/vnd.microsoft.rtc.autodiscover+xml;v=1;q=0.8"
REDACTABLE = ("x-ms-server-fqdn",)
"""Headers that name a server inside: the pseudonymised edition and the redaction option know them."""
AT_ONCE = 16
"""Probes at the same time."""
MAX_BODY = 256 * 1024
MAX_REDIRECTS = 5
MAX_HEADERS = 40
_REDIRECTS = (301, 302, 303, 307, 308)


class Prober:
    """Asks web addresses, a few at a time.

    Args:
        suffixes: the domains of the clouds (`online.lync.com`); a redirect must stay inside the one of the probed host.
            The redirects of `lyncdiscover.<domain>` may lead inside that domain, or into a cloud.
        connect_to: the target's map, see `routes.route`.
        ca_file: a PEM file trusted beside the system's CAs.
        timeout: seconds for one address, its redirects included.
        clock: seconds since 1970 for `Evidence.asked`.
        at_once: probes at the same time.
    """

    def __init__(
        self,
        suffixes: Iterable[str],
        *,
        connect_to: ConnectTo | None = None,
        ca_file: str | None = None,
        timeout: float = 10.0,
        clock: Clock = time.time,
        at_once: int = AT_ONCE,
    ) -> None:
        self._suffixes = tuple(suffixes)
        self._connect_to, self._ca_file, self._timeout, self._clock = connect_to, ca_file, timeout, clock
        self._workers = Workers[str]("https", "GET", self._probe, at_once=at_once)

    def ask(self, question: Get) -> Future[Evidence]:
        """Probe one address. The future never carries an exception."""
        if urlsplit(question.url).scheme != "https":
            text = "the address is http: nobody connects to it, and the documented one is https"
            value: Json = {"hops": [], "fault": {"stage": "scheme", "text": text}, "certificate": None}
            future: Future[Evidence] = Future()
            future.set_result(self._evidence("answered", utc_text(self._clock()), time.monotonic(), value=value))
            return future
        return self._workers.ask(question.url)

    def close(self) -> None:
        """Stop. What has no answer yet is `not_asked`, cause interrupted. Never waits for a server."""
        self._workers.close()

    def _probe(self, url: str) -> Evidence:
        asked, begun = utc_text(self._clock()), time.monotonic()
        try:
            value = self._walk(url, begun + self._timeout)
        except NotSeen as why:
            return self._evidence("failed", asked, begun, cause=why.cause)
        except Exception as slip:  # a question must never be lost to a mistake of ours
            cause = Cause(kind="malformed", text=clean(f"could not be asked: {type(slip).__name__}: {slip}"))
            return self._evidence("failed", asked, begun, cause=cause)
        return self._evidence("answered", asked, begun, value=value)

    def _evidence(
        self, state: Any, asked: str, begun: float, *, value: Json = None, cause: Cause | None = None
    ) -> Evidence:
        ms = round((time.monotonic() - begun) * 1000)
        return Evidence(state=state, value=value, cause=cause, asked=asked, ms=ms, source="GET")

    def _walk(self, url: str, ends: float) -> Json:
        """Ask an address and those that it redirects to."""
        try:
            context = ssl_context(self._ca_file)
        except OSError as wrong:
            text = f"ca_file {self._ca_file} cannot be used: {wrong.strerror or wrong}"
            raise NotSeen("absent", f"{text}; name a PEM file of CA certificates") from None
        adapter = PinnedAdapter(self._connect_to, context, cap=MAX_BODY, deadline=self._timeout)
        adapter.ends = ends
        value: dict[str, Json] = {"hops": [], "fault": None, "certificate": None}
        if urlsplit(url).username is not None:
            raise NotSeen("malformed", "the address holds a user name; probes are anonymous, so it is not asked")
        seen = {url}
        homes = _homes(urlsplit(url).hostname or "", self._suffixes)
        try:
            while True:
                hop, peer, location = _get(adapter, url)
                value["hops"].append(hop)
                value["certificate"] = None if peer is None else facts(peer.certificate, peer.version)
                if hop["status"] not in _REDIRECTS or not location:
                    break
                url = _next(url, location, homes)
                if url in seen:
                    raise Fault("redirect", f"the redirects go round in a circle: {url}")
                if len(seen) > MAX_REDIRECTS:
                    raise Fault("redirect", f"more than {MAX_REDIRECTS} redirects")
                seen.add(url)
        except Fault as fault:
            value["fault"] = fault.value
        finally:
            adapter.close()
        return value


def _get(adapter: PinnedAdapter, url: str) -> tuple[dict[str, Json], Peer | None, str | None]:
    """One request: the hop as evidence holds it, who answered, and the redirect's address.

    The adapter is asked directly: a requests.Session would read cookies, redirects and user names into it.
    """
    headers = {"Accept": ACCEPT, "Accept-Encoding": "identity", "User-Agent": f"fedready/{__version__}"}
    host = urlsplit(url).hostname or ""
    try:
        request = requests.Request("GET", url, headers=headers).prepare()
    except ValueError:  # requests' own InvalidURL is one; so is what idna says of a name
        raise NotSeen("malformed", f"{url} is no address that can be asked") from None
    try:
        answer = adapter.send(request)
    except Exception as error:
        raise explain(error, host) from None
    try:
        with answer:
            body = answer.content
    except Exception as error:
        why = explain(error, host)
        raise Fault("http", f"the answer of {host} broke off") if isinstance(why, Fault) else why from None
    if len(body) > MAX_BODY:
        raise NotSeen("malformed", f"the answer is longer than {MAX_BODY} bytes")
    hop = {
        "url": clean(url),
        "status": answer.status_code,
        "headers": _headers(answer.headers),
        "shape": shape_of(body),
        "excerpt": excerpt(body),
    }
    return hop, peer_of(answer), answer.headers.get("Location")


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    kept = sorted((clean(name, 80).lower(), clean(value)) for name, value in headers.items())
    return dict(kept[:MAX_HEADERS])


def _homes(host: str, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    """The domains that the redirects of a probed host may lead to; empty: to the host itself only."""
    cloud = max((s for s in suffixes if in_domain(host, s)), key=len, default=None)
    if cloud is not None:
        return (cloud,)
    label, _, domain = host.lower().partition(".")
    return (domain, *suffixes) if label == "lyncdiscover" and domain else ()


def _next(url: str, location: str, homes: tuple[str, ...]) -> str:
    """Where a redirect leads.

    Raises:
        Fault: to http, out of the homes of the host that was asked, or to nowhere.
    """
    shown = clean(location, 200)
    try:
        here, there = urlsplit(url), urlsplit(urljoin(url, location))
        there_port = there.port
    except ValueError:
        raise Fault("redirect", f"it redirects to {shown!r}, which is no address") from None
    if there.scheme == "http":
        raise Fault("scheme", f"it redirects to http: {shown}")
    if there.scheme != "https" or not there.hostname or there.username is not None or len(location) > 4 * MAX_TEXT:
        raise Fault("redirect", f"it redirects to {shown!r}, which is no https address")
    if not (any(in_domain(there.hostname, home) for home in homes) or same_fqdn(here.hostname, there.hostname)):
        out_of = "its domain and of Microsoft 365" if len(homes) > 1 else "its cloud"
        raise Fault("redirect", f"it redirects out of {out_of}: from {here.hostname} to {clean(there.hostname)}")
    port = "" if there_port is None else f":{there_port}"
    return there._replace(netloc=f"{there.hostname}{port}", fragment="").geturl()
