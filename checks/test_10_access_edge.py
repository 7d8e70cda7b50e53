"""Set-CsAccessEdgeConfiguration -AllowOutsideUsers 1 -AllowFederatedUsers 1 -EnablePartnerDiscovery 1 -UseDnsSrvRouting"""

from fedready.check import control, fail


@control("EDGE-01")
def test_allow_outside_users(access_edge, expected):
    """Remote users, and Microsoft 365 on behalf of its users, are let in."""
    assert access_edge.AllowOutsideUsers is expected


@control("EDGE-02")
def test_allow_federated_users(access_edge, expected):
    """Also lets through the traffic between moved and unmoved colleagues."""
    assert access_edge.AllowFederatedUsers is expected


@control("EDGE-03")
def test_enable_partner_discovery(access_edge, expected):
    """Under default routing the property does not exist at all (DESIGN ruling 2)."""
    if access_edge.RoutingMethod == "UseDefaultRouting" and not access_edge.has("EnablePartnerDiscovery"):
        fail("EnablePartnerDiscovery does not exist, because the Edge uses default routing", case="default-routing")
    assert access_edge.EnablePartnerDiscovery is expected


@control("EDGE-04")
def test_use_dns_srv_routing(access_edge, expected):
    """UseDnsSrvRouting is a switch that is only written; it is read back as RoutingMethod."""
    assert access_edge.RoutingMethod == expected
