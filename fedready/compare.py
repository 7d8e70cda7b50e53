"""The only places where two texts are compared. Every rule here is the catalogue's, with its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from fedready.questions import NotAllowed, a_label


def fqdn(name: object) -> str:
    """The comparable form of a host name: A-label, lower case, no final dot; what is no host name stays as typed.

    >>> fqdn("SipFed.Online.Lync.Com.")
    'sipfed.online.lync.com'
    """
    text = "" if name is None else str(name)
    try:
        return a_label(text)
    except NotAllowed:
        return text.strip().casefold()


def same_fqdn(one: object, other: object) -> bool:
    """Do two names mean the same host? Case and final dot do not matter, IDN and punycode are the same name."""
    return bool(fqdn(one)) and fqdn(one) == fqdn(other)


def in_domain(name: object, domain: object) -> bool:
    """Is `name` the domain itself or a name below it? On label boundaries: evilcontoso.com is not in contoso.com.

    Source: strict name matching of PLAN (catalogue section 4, rule 1).
    """
    host, zone = fqdn(name), fqdn(domain)
    return bool(zone) and (host == zone or host.endswith("." + zone))


def covers(names: Iterable[object], host: object) -> bool:
    """Does a certificate with these names hold for a host? A `*` stands for exactly the first label (RFC 6125, 6.4.3).

    >>> covers(["sip.contoso.com", "*.fabrikam.com"], "SIP.fabrikam.com"), covers(["*.contoso.com"], "a.b.contoso.com")
    (True, False)
    """
    wanted = fqdn(host)
    rest = wanted.partition(".")[2]
    return any(
        same_fqdn(name, wanted) or (str(name).startswith("*.") and bool(rest) and same_fqdn(str(name)[2:], rest))
        for name in names
    )


def same_domains(one: Iterable[object], other: Iterable[object]) -> bool:
    """Are two lists the same set of domains? Order, case, final dot, IDN and the `Domain=` wrapper do not matter."""
    return domain_set(one) == domain_set(other)


def domain_set(names: Iterable[object]) -> frozenset[str]:
    """The comparable form of a list of domains.

    >>> sorted(domain_set(["Domain=Contoso.com", "fabrikam.com."]))
    ['contoso.com', 'fabrikam.com']
    """
    return frozenset(fqdn(str(n).strip().removeprefix("Domain=").removeprefix("domain=")) for n in names if n)


def same_policy(one: str, other: str) -> bool:
    """Do two names mean the same policy? `Tag:NoFederation` is shown at people as `NoFederation`.

    >>> same_policy("Tag:NoFederation", "nofederation"), same_policy("Site:Redmond", "Redmond")
    (True, False)
    """
    return one.strip().casefold().removeprefix("tag:") == other.strip().casefold().removeprefix("tag:")


def host_of(url: object) -> str:
    """The host of a web address in comparable form; "" where there is none, or no address.

    >>> host_of("https://WebDir.online.lync.com/x"), host_of("https://[not/an/address")
    ('webdir.online.lync.com', '')
    """
    try:
        return fqdn(urlsplit(str(url)).hostname)
    except ValueError:
        return ""


@dataclass(frozen=True)
class UrlComparison:
    """How an AutodiscoverUrl relates to the documented one (HOST-08)."""

    same: bool
    note: str | None = None
    case: str | None = None
    text: str = ""


def same_url(observed: object, expected: str, cloud_suffixes: Iterable[str]) -> UrlComparison:
    """Compare an AutodiscoverUrl by the rules of HOST-08.

    Scheme, host and path without regard to case, one final slash ignored. A forest host (`webdir2e.online.lync.com`) of
    the expected cloud is the same address with a note. Each documented way to get it wrong has a case of its own.
    """
    suffixes = tuple(cloud_suffixes)
    if observed is None or not str(observed).strip():
        return UrlComparison(False, case="empty", text="AutodiscoverUrl is empty")
    if not isinstance(observed, str):
        return UrlComparison(False, case="other", text="AutodiscoverUrl is not a text")
    try:
        seen, want = urlsplit(observed.strip()), urlsplit(expected)
        port_ok = seen.port in (None, 443)
    except ValueError:
        return UrlComparison(False, case="other", text="AutodiscoverUrl is not a web address")
    if seen.scheme.lower() == "http":
        return UrlComparison(False, case="http", text="AutodiscoverUrl is http, not https")
    if "autodisccover" in seen.path.lower():
        return UrlComparison(False, case="double-c", text='AutodiscoverUrl has the misprint "Autodisccover" (double c)')
    host, wanted = fqdn(seen.hostname), fqdn(want.hostname)
    suffix = next((s for s in suffixes if in_domain(wanted, s)), "")
    if suffix and not in_domain(host, suffix) and any(in_domain(host, s) for s in suffixes):
        return UrlComparison(False, case="other-cloud", text=f"AutodiscoverUrl is of another cloud: {host}")
    if seen.scheme.lower() != "https" or not port_ok or seen.username or not _same_path(seen, want):
        return UrlComparison(False, case="other", text="AutodiscoverUrl is not the documented address")
    if host == wanted:
        return UrlComparison(True)
    if suffix and host.removesuffix("." + suffix).startswith("webdir") and host.count(".") == wanted.count("."):
        return UrlComparison(True, note=f"{host} is a forest's own host; the documented one is {wanted}")
    return UrlComparison(False, case="other", text=f"AutodiscoverUrl names {host}, not {wanted}")


def _same_path(one: SplitResult, other: SplitResult) -> bool:
    def tidy(path: str) -> str:
        return path.lower().removesuffix("/")

    return (tidy(one.path), one.query, one.fragment) == (tidy(other.path), other.query, other.fragment)
