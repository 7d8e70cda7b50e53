"""`Get-CsHostingProvider`, found by ProxyFqdn, never by Identity."""

from __future__ import annotations

from urllib.parse import urlsplit

from fedready.asked import HOSTING_PROVIDERS, probes
from fedready.compare import fqdn, same_fqdn
from fedready.desk import Desk, Row
from fedready.model import Unseen


class Providers:
    """`Get-CsHostingProvider`: found by ProxyFqdn, never by Identity (DESIGN ruling 1)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def rows(self) -> list[Row]:
        return self._desk.rows(HOSTING_PROVIDERS)

    def of_cloud(self) -> list[Row]:
        """The rows whose ProxyFqdn is the cloud's."""
        return [row for row in self.rows() if same_fqdn(row.ProxyFqdn, self._desk.names.sipfed)]

    def in_hybrid_form(self) -> list[Row]:
        """The rows that claim the shared SIP address space and host users: a provider for hybrid, whatever its proxy."""
        return [row for row in self.rows() if row.EnabledSharedAddressSpace is True and row.HostsOCSUsers is True]

    def for_hybrid(self) -> list[Row]:
        """The rows that are meant for hybrid: the cloud's, or, when there is none, those in hybrid form.

        Raises:
            Unseen: no row is; HOST-01 says so.
        """
        rows = self.of_cloud() or self.in_hybrid_form()
        if not rows:
            raise Unseen(
                f"{HOSTING_PROVIDERS.text}: no provider is meant for hybrid", question=HOSTING_PROVIDERS.text,
                caused_by=("HOST-01",),
            )  # fmt: skip
        return rows

    def claiming_hybrid(self) -> list[Row]:
        """The cloud's rows and those in hybrid form; a voicemail provider is neither."""
        cloud = self._desk.names.sipfed
        return [
            row
            for row in self.rows()
            if same_fqdn(row.ProxyFqdn, cloud) or (row.EnabledSharedAddressSpace is True and row.HostsOCSUsers is True)
        ]

    def of_this_cloud(self) -> Row:
        """The one row with the cloud's proxy.

        Raises:
            Unseen: there is none, or more than one; HOST-01 says so.
        """
        rows = self.of_cloud()
        if len(rows) != 1:
            raise Unseen(
                f"{HOSTING_PROVIDERS.text}: {len(rows)} rows have the proxy {self._desk.names.sipfed}, so there is no "
                "single row to judge",
                question=HOSTING_PROVIDERS.text,
                caused_by=("HOST-01",),
            )
        row = rows[0]
        self._desk.bound["identity"] = row.peek("Identity")
        return row

    def autodiscover_url(self) -> str:
        """The AutodiscoverUrl of the cloud's provider.

        Raises:
            Unseen: it is empty or no address that may be probed; HOST-08 says so.
        """
        url = self.of_this_cloud().AutodiscoverUrl
        if not isinstance(url, str) or not probes(url, self._desk.known.clouds):
            raise Unseen(
                "the provider's AutodiscoverUrl is not an address of Microsoft 365, so it was not probed",
                question=HOSTING_PROVIDERS.text,
                caused_by=("HOST-08",),
            )
        return url

    def autodiscover_host(self) -> str:
        return fqdn(urlsplit(self.autodiscover_url()).hostname)
