"""The topology: Edge pools, replicas of the central store, the store itself, and the builds of a server."""

from __future__ import annotations

from fedready.asked import (
    EDGE_SERVICES,
    FEDERATION_PORT,
    MANAGEMENT_CONNECTION,
    PATCH_VERSIONS,
    REPLICAS,
    STORE_LOCATION,
)
from fedready.compare import fqdn
from fedready.desk import Desk, Row
from fedready.model import Unseen


class EdgePools:
    """`Get-CsService -EdgeServer`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def federating(self) -> list[Row]:
        """The Edge pools that take federation: those with port 5061 outside. A pool without a port there takes none.

        Raises:
            Unseen: the answer has a row whose port cannot be read.
        """
        return [row for row in self._desk.rows(EDGE_SERVICES) if self._federation_port(row) == FEDERATION_PORT]

    def _federation_port(self, row: Row) -> int | None:
        port = row.AccessEdgeExternalSipPort
        if port is not None and (isinstance(port, bool) or not isinstance(port, int)):
            text = f"{EDGE_SERVICES.text}: AccessEdgeExternalSipPort is no number"
            raise Unseen(text, question=EDGE_SERVICES.text)
        return port

    def the_federating(self) -> list[Row]:
        """As `federating`, for what cannot be judged without one.

        Raises:
            Unseen: no Edge pool federates; EDGE-10 says so.
        """
        pools = self.federating()
        if not pools:
            raise Unseen(
                f"{EDGE_SERVICES.text}: no Edge pool federates", question=EDGE_SERVICES.text, caused_by=("EDGE-10",)
            )
        return pools

    def external_names(self) -> list[str]:
        """AccessEdgeExternalFqdn of each federating pool; empty where one has none."""
        return [fqdn(row.AccessEdgeExternalFqdn or "") for row in self.the_federating()]


class Replica:
    """The subject's row of `Get-CsManagementStoreReplicationStatus`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def row(self) -> Row:
        rows = [row for row in self._desk.rows(REPLICAS) if fqdn(row.ReplicaFqdn) == self._desk.subject]
        if len(rows) != 1:
            text = f"{REPLICAS.text}: {len(rows)} rows are about {self._desk.subject}"
            raise Unseen(text, question=REPLICAS.text)
        return rows[0]


class Stores:
    """Where this session reads from, and where Active Directory says that the central store is."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def connected(self) -> tuple[str, str]:
        """Server and instance that the session reads from, in small letters."""
        row = self._desk.only(MANAGEMENT_CONNECTION)
        return _store(f"{row.SqlServer or ''}\\{row.SqlInstance or ''}")

    def central(self) -> tuple[str, str]:
        """Server and instance of the central store, in small letters. The cmdlet answers with an object or a text."""
        value = self._desk.value(STORE_LOCATION)
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            self._desk.saw(STORE_LOCATION.text, "[0]", value[0])
            return _store(value[0])
        location = self._desk.only(STORE_LOCATION).BackEndServer
        if not isinstance(location, str) or not location:
            raise Unseen(f"{STORE_LOCATION.text}: BackEndServer is no text", question=STORE_LOCATION.text)
        return _store(location)


def _store(path: str) -> tuple[str, str]:
    server, _, instance = path.replace("/", "\\").partition("\\")
    return fqdn(server), instance.casefold()


class Builds:
    """`Get-CsServerPatchVersion`: the components of the server that answered."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def by_component(self) -> dict[str, tuple[int, ...]]:
        """The build of each component.

        Raises:
            Unseen: no row, or one without a readable build.
        """
        found = {str(row.ComponentName): build(row.Version) for row in self._desk.rows(PATCH_VERSIONS)}
        if not found:
            raise Unseen(f"{PATCH_VERSIONS.text} returned nothing", question=PATCH_VERSIONS.text)
        return found


def build(text: object) -> tuple[int, ...]:
    """`7.0.2046.385` as numbers.

    Raises:
        Unseen: it is no build.
    """
    parts = str(text).split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise Unseen(f"{PATCH_VERSIONS.text}: a build cannot be read", question=PATCH_VERSIONS.text)
    return tuple(int(part) for part in parts)
