"""Other names for everything that has a name: the same thing always gets the same one, and its form and relations stay.

A host keeps its labels in number and order, so what lies in a domain still does and what only looks so still does not.
An address stays public or private. Names are drawn at random for each edition: nobody can guess them from a list.
"""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Callable, Iterable, Mapping

from fedready.compare import in_domain
from fedready.model import CloudNames
from fedready.questions import NotAllowed, a_label
from fedready.sharing.addresses import Addresses
from fedready.sharing.vocabulary import KEPT_HOSTS, KEPT_SUFFIXES, LABELS, TOKEN, Vocabulary

_HEX = re.compile(r"[0-9a-f]{8,}", re.IGNORECASE)
_OURS = re.compile(
    r"(?:timeouts|endpoints|evidence|edge)\.[a-z]+|autodiscoverservice\.svc|(?:target|waivers)\.yaml|microsoft\.powershell"
)
_VERSION = re.compile(r"(?:TLSv|v)?\d+(?:\.\d+)+", re.IGNORECASE)
_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_DOTTED = rf"{TOKEN}(?:\.{TOKEN})+"
_NAME = rf"{TOKEN}(?:\.{TOKEN})*"
_ALIVE = r"[0-9A-Fa-f]"
_PIECES = re.compile(
    rf"""
      (?P<moment> (?<![\w.-])\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-]))
    | (?P<guid>   (?<![\w-]){_ALIVE}{{8}}(?:-{_ALIVE}{{4}}){{3}}-{_ALIVE}{{12}}(?![\w-]))
    | (?P<bytes>  (?<![\w:-]){_ALIVE}{{2}}(?:[:-]{_ALIVE}{{2}}){{5,}}(?![\w:]))
    | (?P<six>    (?<![\w:.])(?:{_ALIVE}{{1,4}})?(?::{_ALIVE}{{0,4}}){{2,8}}(?:(?<=:)\d+(?:\.\d+){{3}})?(?![\w:]))
    | (?P<account>{_NAME}\\{_NAME})
    | (?P<mail>   {TOKEN}(?:[.+]{TOKEN})*@{_DOTTED})
    | (?P<dotted> {_DOTTED})
    | (?P<token>  {TOKEN})
    """,
    re.VERBOSE,
)
_RDN = re.compile(r"(?P<key>(?:^|(?<=[,+]))\s*[A-Za-z][A-Za-z0-9.]*\s*=\s*)(?P<value>\"[^\"]*\"|(?:\\.|[^,+\\])*)")


class Aliases:
    """One edition's other names.

    Args:
        known: the words that stay.
        clouds: the Microsoft 365 clouds; names below their suffixes stay.
        taken: words of the input in lower case: no alias is called so.
        drawn: where the names come from: the system's randomness, or a seeded one for tests.
    """

    def __init__(
        self, known: Vocabulary, clouds: Mapping[str, CloudNames], taken: Iterable[str], drawn: random.Random
    ) -> None:
        self._known, self._drawn = known, drawn
        self._clouds = tuple(cloud.suffix for cloud in clouds.values())
        self._used = set(taken)
        self._given: dict[tuple[str, str], str] = {}
        self._named: set[str] = set()  # words that somebody is called by, harmless or not
        self._phrases: dict[str, str] = {}
        self._addresses = Addresses(drawn)
        self._seen: dict[str, str] = {}

    # ------------------------------------------------------------- what callers rewrite

    def text(self, text: str) -> str:
        """Any text: each name in it replaced, everything between the names as it was."""
        if text not in self._seen:
            self._seen[text] = self._around_phrases(text)
        return self._seen[text]

    def account(self, text: str) -> str:
        r"""`CONTOSO\auditor`, `auditor@contoso.com` or `auditor`; replaced everywhere, even if it is a common word."""
        domain, slash, user = text.rpartition("\\")
        name, at, host = user.partition("@")
        self._name(name)
        return (
            (self.text(domain) if "." in domain else self._word(domain))
            + slash
            + self._word(name)
            + at
            + self.text(host)
        )

    def side(self, name: str) -> str:
        """The name of an Edge or resolver in the target file: no alias where it is one of our own words."""
        if name.lower() not in self._known.keywords:
            self._name(name)
        return self._word(name)

    def whole(self, kind: str, text: str) -> str:
        """A text that is a name or a secret as a whole; its alias is the kind and a number, `reason 3`.

        One of several words is replaced inside other texts too, unless all of them are harmless.
        """
        if not text:
            return text
        alias = self._alias(kind, text)
        if " " in text.strip() and not all(map(self._harmless, text.split())):
            self._phrases.setdefault(text.strip().lower(), alias)
        return alias

    def distinguished(self, text: str) -> str:
        """An X.500 name: keys stay, hosts are hosts, every other value is a name as a whole."""
        if "=" not in text:
            return self.text(text)
        return _RDN.sub(lambda m: m["key"] + self._rdn(m["value"]), text)

    def again(self) -> None:
        """Everything has been seen once: texts that were rewritten before a name was known are rewritten anew."""
        self._seen.clear()

    @property
    def originals(self) -> dict[str, str]:
        """Alias -> what it stands for."""
        back = {alias: original for (_, original), alias in self._given.items() if alias != original}
        return dict(sorted({**back, **self._addresses.originals}.items()))

    # ------------------------------------------------------------- pieces of texts

    def _around_phrases(self, text: str) -> str:
        if self._phrases:
            lower = text.lower()
            for phrase, alias in self._phrases.items():
                place = lower.find(phrase) if len(lower) == len(text) else -1
                if place >= 0:
                    end = place + len(phrase)
                    return self._around_phrases(text[:place]) + alias + self._around_phrases(text[end:])
        return _PIECES.sub(self._piece, text)

    def _piece(self, match: re.Match[str]) -> str:
        kind, text = match.lastgroup or "", match[0]
        rewrite: Callable[[str], str] = getattr(self, f"_{kind}")
        return rewrite(text)

    def _moment(self, text: str) -> str:
        return text

    def _guid(self, text: str) -> str:
        digits = self._hex(text.replace("-", ""))
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _bytes(self, text: str) -> str:
        digits = self._hex(re.sub("[:-]", "", text))
        return text[2].join(digits[i : i + 2] for i in range(0, len(digits), 2))

    def _six(self, text: str) -> str:
        try:
            return self._addresses.alias(ipaddress.ip_address(text))
        except ValueError:  # a time of day, say
            return ":".join(_PIECES.sub(self._piece, part) for part in text.split(":"))

    def _account(self, text: str) -> str:
        return self.account(text) if text.count("\\") == 1 else text

    def _mail(self, text: str) -> str:
        user, _, host = text.rpartition("@")
        self._name(user)
        return f"{self._word(user)}@{self._dotted(host)}"

    def _dotted(self, text: str) -> str:
        if _QUAD.fullmatch(text):
            octets = [int(part) for part in text.split(".")]
            if max(octets) < 256:
                return self._addresses.alias(ipaddress.IPv4Address(".".join(map(str, octets))))
        lower = text.lower()
        if _VERSION.fullmatch(text) or _OURS.fullmatch(lower):
            return text
        if lower.startswith("endpoints.edges."):
            return text[:16] + self._token(text[16:])
        return self._host(text)

    def _token(self, text: str) -> str:
        if not text.isascii():
            try:
                if "." in a_label(text):  # IDNA knows other dots than ours
                    return self._host(text)
            except NotAllowed:
                pass
        return self._word(text)

    # ------------------------------------------------------------- names

    def _name(self, text: str) -> None:
        if text and text.lower() not in self._known.keywords:
            self._named.add(text.casefold())

    def _harmless(self, word: str) -> bool:
        """Is this a word of the documentation or of this program, or a small number?"""
        lower = word.lower().strip("-")
        return self._is_known(lower) or all(map(self._is_known, filter(None, re.split("[-_]", lower))))

    def _is_known(self, word: str) -> bool:
        known = word in self._known.keywords or (word in self._known.words and word not in self._named)
        return known or (word.isascii() and word.isdigit() and len(word) < 6)

    def _word(self, text: str, kind: str = "name") -> str:
        """One word. Upper case stays upper case: `CONTOSO` and `contoso` are the same name."""
        if not text:
            return text
        if text.casefold() not in self._named and self._harmless(text):
            return text
        if _HEX.fullmatch(text):
            return self._hex(text)
        if text.isascii() and text.isdigit():
            return self._digits(text)
        return _in_case_of(text, self._alias(kind, text.casefold()))

    def _host(self, text: str) -> str:
        try:
            name, valid = a_label(text), True
        except NotAllowed:
            name, valid = text.lower(), False
        if "." not in name:
            return self._word(text)
        if name.endswith((".in-addr.arpa", ".ip6.arpa")):
            return self._addresses.reverse(name)
        alias = self._given.get(("whole host", name))
        if alias is None:
            labels = self._labels(name)
            if not valid and _is_host(".".join(labels)):
                labels[0] = "-" + labels[0]  # what was no host name does not become one
            alias = self._given["whole host", name] = ".".join(labels)
        if alias == name:
            return text
        if not text.isascii():
            alias = _unicode(alias)
        return _in_case_of(text, alias)

    def _labels(self, name: str) -> list[str]:
        if name in KEPT_HOSTS or any(in_domain(name, suffix) for suffix in self._clouds):
            return name.split(".")
        for suffix in KEPT_SUFFIXES:
            if in_domain(name, suffix):
                below = name.removesuffix(suffix).rstrip(".")
                return [*map(self._label, filter(None, below.split("."))), *suffix.split(".")]
        *hosts, second, top = name.split(".")
        domain = self._alias("domain", f"{second}.{top}", idn=second.startswith("xn--"))
        return [*map(self._label, hosts), domain, "example"]

    def _label(self, label: str) -> str:
        if label in LABELS:
            return label
        return self._alias("host", label, idn=label.startswith("xn--"))

    def _alias(self, kind: str, original: str, *, idn: bool = False) -> str:
        """The alias of a thing, made when it is first met: a kind and a number drawn at random."""
        key = (kind, original)
        while key not in self._given:
            alias = f"{kind}{self._drawn.randint(1, 99 + 9 * len(self._given))}"
            if idn:
                alias = _punycode(f"ö{alias}")
            if alias.lower() not in self._used:
                self._used.add(alias.lower())
                self._given[key] = alias
        return self._given[key]

    def _hex(self, text: str) -> str:
        key = ("hex", text.lower())
        if key not in self._given:
            self._given[key] = "".join(self._drawn.choice("0123456789abcdef") for _ in text)
        return self._given[key].upper() if text.isupper() else self._given[key]

    def _digits(self, text: str) -> str:
        key = ("digits", text)
        if key not in self._given:
            self._given[key] = "".join(self._drawn.choice("123456789") for _ in text)
        return self._given[key]

    def _rdn(self, value: str) -> str:
        bare = value.strip().strip('"')
        if _is_host(bare.removeprefix("*.")) and "." in bare:
            return self.text(value)
        return value.replace(bare, self.whole("name ", bare)) if bare else value


def _is_host(text: str) -> bool:
    try:
        a_label(text)
    except NotAllowed:
        return False
    return True


def _punycode(label: str) -> str:
    import idna

    return idna.encode(label).decode("ascii")


def _unicode(host: str) -> str:
    import idna

    return ".".join(idna.decode(label) if label.startswith("xn--") else label for label in host.split("."))


def _in_case_of(original: str, alias: str) -> str:
    if original == original.lower():
        return alias
    return alias.upper() if original == original.upper() else alias.title()
