"""The topology, the builds of its servers, and the replicas of its central store."""

from __future__ import annotations

from fedready.questions import Cmdlet

EDGE_SERVICES = Cmdlet("onprem", "Get-CsService", (("EdgeServer", True),))
REPLICAS = Cmdlet("onprem", "Get-CsManagementStoreReplicationStatus")
MANAGEMENT_CONNECTION = Cmdlet("onprem", "Get-CsManagementConnection")
STORE_LOCATION = Cmdlet("onprem", "Get-CsConfigurationStoreLocation")
PATCH_VERSIONS = Cmdlet("onprem", "Get-CsServerPatchVersion")
