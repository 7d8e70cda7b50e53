"""The parts of a deployment that switching hybrid on or off changes one after the other (XS-07)."""

from __future__ import annotations

from fedready.asked import TENANT_FEDERATION
from fedready.compare import in_domain
from fedready.desk import Desk, Row
from fedready.model import Unseen
from fedready.sources import views_of
from fedready.views.dns import SrvView
from fedready.views.federation import SipDomains
from fedready.views.providers import Providers


class PhaseParts:
    """Which parts say that hybrid is on. Each look leaves readings; a part that cannot be seen raises Unseen."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def provider(self) -> bool:
        """Is a provider of this cloud switched on and the home of users in the shared address space?

        After hybrid any provider of this cloud that is still enabled counts, whatever its form (HOST-14).
        """
        rows = Providers(self._desk).of_cloud()
        if rows:
            self._desk.bound["identity"] = rows[0].peek("Identity")
        if self._desk.phase == "hybrid-disabled":
            return any([row.Enabled is not False for row in rows])
        return any([_in_hybrid_form(row) for row in rows])

    def shared(self) -> bool:
        """Does the tenant share the SIP address space?"""
        shared = self._desk.only(TENANT_FEDERATION).SharedSipAddressSpace
        if not isinstance(shared, bool):
            text = f"{TENANT_FEDERATION.text}: SharedSipAddressSpace is neither True nor False"
            raise Unseen(text, question=TENANT_FEDERATION.text)
        return shared

    def sees_dns(self) -> bool:
        """Does this machine see DNS as the deployment does? If not, DNS is no part of the verdict (DESIGN ruling 13)."""
        return "dns" in views_of(self._desk.target)

    def in_cloud(self) -> dict[str, bool]:
        """SIP domain -> does a federation SRV record of it, in the public view, lead to a Microsoft 365 cloud?"""
        points = self._desk.target.vantage_points
        public = [point for point in points if point not in ("internal", "edge")] or list(points)
        return {domain: self._leads_to_cloud(public, domain) for domain in sorted(SipDomains(self._desk).own())}

    def _leads_to_cloud(self, points: list[str], domain: str) -> bool:
        suffixes = [cloud.suffix for cloud in self._desk.known.clouds.values()]
        records = [record for point in points for record in SrvView(self._desk, point, domain).records()]
        return any(in_domain(record.target, suffix) for record in records for suffix in suffixes)


def _in_hybrid_form(row: Row) -> bool:
    return all([row.Enabled is True, row.EnabledSharedAddressSpace is True, row.HostsOCSUsers is True])
