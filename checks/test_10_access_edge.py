"""Set-CsAccessEdgeConfiguration -AllowOutsideUsers 1 -AllowFederatedUsers 1 -EnablePartnerDiscovery 1 -UseDnsSrvRouting"""

from fedready.check import control, fail, note, said, same_fqdn, show

FOUR = ("AllowOutsideUsers", "AllowFederatedUsers", "RoutingMethod", "EnablePartnerDiscovery")
INTERNAL_PORT = 5061


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
    """On in open federation, off in closed; under default routing it does not exist at all (DESIGN ruling 2)."""
    if access_edge.RoutingMethod == "UseDefaultRouting" and not access_edge.has("EnablePartnerDiscovery"):
        fail("EnablePartnerDiscovery does not exist, because the Edge uses default routing", case="default-routing")
    discovers = access_edge.EnablePartnerDiscovery
    if expected is False and discovers is not False:
        fail(f"EnablePartnerDiscovery is {said(discovers)}, expected False in closed federation", case="closed-model")
    assert discovers is expected


@control("EDGE-04")
def test_use_dns_srv_routing(access_edge, expected):
    """UseDnsSrvRouting is a switch that is only written; it is read back as RoutingMethod."""
    assert access_edge.RoutingMethod == expected


@control("EDGE-05")
def test_discovered_partner_verification_level(access_edge, expected):
    """No page requires the level, so another one is an advisory."""
    level = access_edge.DiscoveredPartnerVerificationLevel
    if level != expected:
        case = "always-verifiable" if level == "AlwaysVerifiable" else "always-unverifiable"
        fail(f"DiscoveredPartnerVerificationLevel is {said(level)}, usual is {expected}", case=case)


@control("EDGE-06")
def test_be_clearing_house(access_edge, expected):
    """Only Microsoft's support asks for it."""
    assert access_edge.BeClearingHouse is expected


@control("EDGE-07")
def test_no_default_route(access_edge):
    """The object of default routing is another one; what it says is the evidence for EDGE-04."""
    routing, kind = access_edge.RoutingMethod, access_edge.type_name
    leftovers = {name: access_edge[name] for name in ("DefaultRouteFqdn", "IsPublicProvider") if access_edge.has(name)}
    shown = ", ".join(f"{name} {said(value)}" for name, value in leftovers.items())
    if routing == "UseDefaultRouting":
        fail(f"default routing is in use: {shown or 'the next hop is not shown'}", observed=shown or routing)
    if kind.endswith("DefaultRoute"):
        fail(
            f"RoutingMethod is {said(routing)}, but the object is that of default routing",
            case="other-object",
            observed=kind,
        )
    if leftovers:
        note(f"{shown}: without effect while RoutingMethod is {said(routing)}")


@control("EDGE-08")
def test_allow_anonymous_users(access_edge, expected):
    """Moved users join meetings on-premises anonymously; a company may want that closed, so it is an advisory."""
    if access_edge.AllowAnonymousUsers is not expected:
        fail(f"AllowAnonymousUsers is {said(access_edge.AllowAnonymousUsers)}, usual in hybrid is True", case="closed")


@control("EDGE-12", per="policy")
def test_external_access_policy(onprem_policies, policy):
    """Federation on the Edge enables nobody by itself."""
    row = onprem_policies.of_subject()
    values = {name: row[name] for name in ("EnableFederationAccess", "EnableOutsideAccess")}
    wrong = [f"{name} is {said(value)}" for name, value in values.items() if value is not True]
    if wrong:
        case = "global" if policy.casefold() == "global" else "tagged"
        fail(f"{', '.join(wrong)}; {onprem_policies.holders()}", case=case, observed=wrong)


@control("EDGE-09", per="edge")
def test_edge_runs_with_the_central_settings(access_edge, local_settings):
    """An Edge obeys its own copy of the store."""
    for name in FOUR:
        store, edge = value(access_edge, name), value(local_settings, name)
        if type(store) is not type(edge) or store != edge:
            fail(f"{name} is {said(edge)} on the Edge and {said(store)} in the central store", observed=edge)
    show({name: value(local_settings, name) for name in FOUR})


def value(settings, name):
    """Under default routing there is no EnablePartnerDiscovery, by documentation (DESIGN ruling 2)."""
    if name == "EnablePartnerDiscovery" and settings.RoutingMethod == "UseDefaultRouting" and not settings.has(name):
        return None
    return getattr(settings, name)


@control("EDGE-10")
def test_one_edge_pool_federates(edge_pools):
    """None is no federation at all, and with several Move-CsUser fails."""
    names = [str(pool.PoolFqdn) for pool in edge_pools.federating()]
    if not names:
        fail("no Edge pool has AccessEdgeExternalSipPort 5061", case="none", observed="none")
    if len(names) > 1:
        fail(f"{len(names)} Edge pools federate: {said(names)}", case="several", observed=names)


@control("EDGE-11")
def test_names_and_ports_of_the_edge(edge_pools, audited):
    """The name that DNS and certificate have to carry, and the port where the servers inside find the Edge."""
    for pool in edge_pools.the_federating():
        name = pool.AccessEdgeExternalFqdn
        if not name:
            fail(f"the Edge pool {said(pool.PoolFqdn)} has no external name", case="no-external-name", observed=name)
        port = pool.AccessEdgeInternalSipPort
        if port != INTERNAL_PORT:
            fail(
                f"AccessEdgeInternalSipPort is {said(port)}, expected {INTERNAL_PORT}",
                case="internal-port",
                observed=port,
            )
        if audited.edge.names and not any(same_fqdn(name, known) for known in audited.edge.names):
            note(f"the topology calls the Edge {said(name)}, which is none of the Edge names of the target file")
        show(f"{said(name)}, internal port {port}")
