"""Which places are shaken hands with: the clouds' federation proxies and web hosts, and the own Access Edge."""

from __future__ import annotations

from fedready.asked.topology import EDGE_SERVICES, FEDERATION_PORT, edge_names
from fedready.inquiry import Inquiry, asked_once
from fedready.questions import Tls

CLIENT_PORT = 443

SIPFED_TLS = Inquiry(
    "handshakes with sipfed", lambda known: [Tls(cloud.sipfed, FEDERATION_PORT) for cloud in known.clouds.values()]
)
WEBDIR_TLS = Inquiry(
    "handshakes with webdir", lambda known: [Tls(cloud.webdir, CLIENT_PORT) for cloud in known.clouds.values()]
)
EDGE_TLS = Inquiry(
    "handshakes with the Access Edge",
    lambda known: [Tls(name, port) for name in edge_names(known) for port in (FEDERATION_PORT, CLIENT_PORT)],
    (asked_once(EDGE_SERVICES),),
)
