"""The article configures each side by itself; that the two have to agree is written in "Plan hybrid connectivity"."""

from fedready.check import Unseen, bind, control, every, fail, host_of, in_domain, note, said, show

NOT_COMPARED_ONPREM = ("push.lync.com",)
NOT_COMPARED_ONLINE = ("hotmail.com", "live.com", "msn.com", "messenger.com", "passport.com", "outlook.com")


@control("XS-01")
def test_both_sides_are_open_or_closed(access_edge, tenant_domains, audited):
    """Both sides look for partners they do not know, or both keep to a list; the target file says which is meant."""
    discovers, allowed = access_edge.EnablePartnerDiscovery, tenant_domains.allowed()
    onprem = "open" if discovers is True else "closed"
    online = "open" if allowed.reading == "open" else "closed"
    if (onprem, online) == (audited.federation_model, audited.federation_model):
        return
    seen = f"EnablePartnerDiscovery is {said(discovers)}, AllowedDomains is {told(allowed)}"
    if onprem == online:
        fail(
            f"{seen}; the target file says {audited.federation_model} federation", case=f"both-{onprem}", observed=seen
        )
    fail(seen, case=f"{onprem}-onprem-{online}-online", observed=seen)


def told(allowed):
    """`open`, `a list of 5 domains`, `an empty list`."""
    return {"open": "open", "list": f"a list of {len(allowed.domains)} domains", "nobody": "an empty list"}[
        allowed.reading
    ]


@control("XS-02")
def test_allowed_lists(onprem_domains, tenant_domains, own_sip_domains):
    """Exact, both ways, but for what is documented to stand on one side only."""
    onprem, online = onprem_domains.allowed(), tenant_domains.allowed()
    if online.reading == "open":
        fail("the tenant keeps no list of allowed domains", case="no-list-online", observed="open")
    left_out = [f"{domain} on-premises" for domain in sorted(onprem) if domain in NOT_COMPARED_ONPREM]
    left_out += [f"{domain} online" for domain in sorted(online.domains) if is_consumer(domain)]
    if left_out:
        note(f"not compared: {said(left_out)}")
    here = {domain for domain in onprem if domain not in NOT_COMPARED_ONPREM}
    there = {domain for domain in online.domains if not is_consumer(domain)}
    compare(here, there, case_of_ten_05(here - there, there - here, own_sip_domains))


@control("XS-03")
def test_blocked_lists(onprem_domains, tenant_domains, own_sip_domains, audited):
    """Whether somebody is blocked must not depend on where a user lives."""
    here, there = onprem_domains.blocked(), tenant_domains.blocked()
    closed = audited.federation_model == "closed"
    compare(here, there, "closed-federation" if closed else case_of_ten_05(there - here, here - there, own_sip_domains))


def case_of_ten_05(theirs, others, own_sip_domains):
    """Where only own SIP domains differ, and in the way that TEN-05 speaks of, this is its line to tell."""
    try:
        return "own-domains" if theirs and not others and theirs <= own_sip_domains.own() else None
    except Unseen:
        return None


def is_consumer(domain):
    return any(in_domain(domain, consumer) for consumer in NOT_COMPARED_ONLINE)


def compare(onprem, online, case=None):
    """Two lists of domains, as sets."""
    missing_online, missing_onprem = sorted(onprem - online), sorted(online - onprem)
    if not missing_online and not missing_onprem:
        return
    seen = [f"missing online: {said(missing_online)}"] if missing_online else []
    seen += [f"missing on-premises: {said(missing_onprem)}"] if missing_onprem else []
    if len(seen) == 1:
        bind(domain=missing_online or missing_onprem)
        case = case or ("missing-online" if missing_online else "missing-onprem")
    fail("; ".join(seen), case=case, observed=seen)


@control("XS-04", per="shared_domain")
def test_sip_domains_of_both_sides(both_sip_domains, shared_domain):
    """Users of a shared domain may live on either side, so both have to know it."""
    onprem, online = both_sip_domains.onprem(), both_sip_domains.online()
    if shared_domain not in onprem:
        fail(
            f"{shared_domain} is enabled online and no SIP domain on-premises",
            case="online-only",
            observed="online only",
        )
    if not online.get(shared_domain, False):
        fail(f"{shared_domain} is a SIP domain on-premises and not enabled online", case="onprem-only",
             observed="on-premises only")  # fmt: skip


@control("XS-05")
def test_federation_is_on_on_both_sides(access_edge, tenant_federation):
    """Each master switch opens only half of the way."""
    switches = {"on-premises": access_edge.AllowFederatedUsers, "online": tenant_federation.AllowFederatedUsers}
    off = [side for side, value in switches.items() if value is not True]
    if off:
        fail(f"AllowFederatedUsers is not True {said(off)}", observed=off)


@control("XS-06")
def test_provider_is_of_the_tenant_s_cloud(hosting_providers, cloud):
    """Names of another cloud send messages to where nobody knows the tenant."""
    for row in hosting_providers.for_hybrid():
        proxy, url = row.ProxyFqdn, row.AutodiscoverUrl
        if not in_domain(proxy, cloud.suffix):
            fail(f"ProxyFqdn {said(proxy)} is not below {cloud.suffix}", observed=proxy)
        if not host_of(url):
            raise Unseen(f"AutodiscoverUrl {said(url)} names no host", caused_by=("HOST-08",))
        if not in_domain(host_of(url), cloud.suffix):
            fail(f"AutodiscoverUrl {said(url)} is not below {cloud.suffix}", observed=url)


@control("XS-07")
def test_all_parts_are_in_one_phase(phase_parts, phase):
    """Switching hybrid on or off takes several steps. What stopped between two of them looks finished from one side."""
    provider, shared = phase_parts.provider(), phase_parts.shared()
    in_cloud = phase_parts.in_cloud() if phase_parts.sees_dns() else {}
    seen = f"provider {'on' if provider else 'off'}, address space {'' if shared else 'not '}shared"
    if in_cloud:
        there = [domain for domain, is_there in in_cloud.items() if is_there]
        seen += f", DNS in the cloud for {said(there)}" if there else ", DNS at the Edge"
    else:
        note("DNS is not seen from here, so it was left out")
    if phase == "pre-hybrid":
        note(seen)
        return
    on = phase != "hybrid-disabled"
    # What each part contributes that does not fit the phase, and whether it does so wholly.
    parts = {
        "provider-off" if on else "not-shared": (provider is not on, provider is not on),
        "not-shared" if on else "provider-off": (shared is not on, shared is not on),
    }
    if in_cloud:
        astray = [is_there is on for is_there in in_cloud.values()]
        parts["dns-first" if on else "dns-last"] = (any(astray), all(astray))
    wrong = [case for case, (deviates, _) in parts.items() if deviates]
    if not wrong:
        return
    if len(wrong) == 1:
        fail(f"half-way: {seen}", case=wrong[0], observed=seen)
    if all(wholly for _, wholly in parts.values()):
        fail(
            f"everything is {'off' if on else 'on'}, but the phase is {phase}: {seen}",
            case="other-phase",
            observed=seen,
        )
    fail(f"half-way: {seen}", case="half-way", observed=seen)


@control("XS-08", per="sip_domain")
def test_srv_target_is_the_edge_of_the_topology(federation_srv, edge_pools, edge_tls, sip_domain):
    """Equal to the topology's name, or at least a name that the Edge's certificate holds."""
    names = edge_pools.external_names()

    def judge(view):
        targets = [record.target for record in view.records() if record.target]
        if not targets:
            raise Unseen(f"{view.name} names no host at the resolver {view.resolver}", caused_by=("DNS-02",))
        show(targets)
        for target in targets:
            if not in_domain(target, sip_domain):
                fail(f"{said(target)} is not inside {sip_domain}", observed=target)
            if target not in names and not edge_tls.hold(target):
                due = target == f"sip.{sip_domain}" or target in edge_tls.names()
                text = f"{said(target)} is not {said(names)} of the topology, and no certificate of the Edge holds it"
                fail(text, case="not-on-certificate" if due else "other-host", observed=target)

    every(federation_srv.deciding(), judge)
