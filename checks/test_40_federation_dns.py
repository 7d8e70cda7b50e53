"""What the article's values need of DNS: the federation proxy, the way back to the Edge, the hosts that clients ask."""

from fedready.check import (
    Unseen,
    advise,
    control,
    every,
    fail,
    in_domain,
    is_global,
    note,
    said,
    same_fqdn,
    show,
)

FEDERATION_PORT = 5061
CLIENT_PORT = 443


@control("DNS-01")
def test_sipfed_resolves(sipfed):
    """The Edge finds Microsoft's federation proxy, on the public Internet."""
    every(sipfed.views(), resolves_to_public_addresses)


@control("DNS-02", per="sip_domain")
def test_federation_srv(federation_srv, sip_domain, phase, cloud, cloud_suffixes):
    """Partners and Microsoft 365 find the deployment: at the Edge while hybrid lasts, in the cloud afterwards."""
    sight = federation_srv.sight()
    note(f"split horizon: {sight.text()}" if sight.split() else sight.text())
    if sight.split():
        note("an Edge that asks the internal view is told so too")

    def judge(view):
        where, seen = start(view)
        records = view.records()
        if phase == "hybrid-disabled":
            leads_to_cloud_only(records, cloud.sipfed, FEDERATION_PORT, where, seen)
            return
        case = "missing-default-domain" if not records and federation_srv.is_default_domain else "missing"
        leads_to_the_edge(view, records, FEDERATION_PORT, cloud_suffixes, where, seen, missing=case, inside=sip_domain)

    every(federation_srv.deciding(), judge)


@control("DNS-03", per="sip_domain")
def test_addresses_of_the_srv_target(federation_srv):
    """The host that the record names has the Edge's addresses, and nobody outside is given a private one."""

    def judge(view):
        targets = [record.target for record in view.records() if record.target]
        if not targets:
            raise Unseen(f"{view.name} names no host at the resolver {view.resolver}", caused_by=("DNS-02",))
        for target in targets:
            addresses = view.target(target).all()
            show(addresses)
            where = f"{target}, to which {view.name} leads, has"
            if not addresses:
                fail(f"{where} no address at the resolver {view.resolver}", case="missing", observed="no address")
            reachable(addresses, where, view.resolver)
            strange = view.not_of_the_edge(addresses)
            if strange:
                fail(f"{where} {said(strange)} at the resolver {view.resolver}, which is no address of the Edge names "
                     "in the target file", case="other-address", observed=addresses)  # fmt: skip

    every(federation_srv.deciding(), judge)


@control("DNS-04", per="sip_domain")
def test_federation_srv_as_the_edge_sees_it(edge_dns, federation_srv):
    """With split DNS the world sees the right record and the Edge sees none, or an old one."""
    views = [{(r.port, r.target) for r in view.records()} for view in federation_srv.deciding()]

    def judge(server):
        records = server.records()
        seen = [f"{r.priority} {r.weight} {r.port} {r.target or '.'}" for r in records]
        if not records:
            fail(f"{server.server} finds no federation SRV record", case="missing", observed="no record")
        if {(r.port, r.target) for r in records} not in views:
            fail(
                f"{server.server} is told {said(seen)}, which is not the public record", case="different", observed=seen
            )
        show(seen)

    every(edge_dns.servers(), judge)


@control("DNS-05", per="sip_domain")
def test_sip_host(sip_host, phase, cloud):
    """The host that clients fall back to."""

    def judge(view):
        where, seen = f"{view.name} at the resolver {view.resolver}", view.seen()
        show(seen or "no record")
        if phase == "hybrid-disabled":
            is_alias_of(view, cloud.sipdir, where)
            return
        is_there(view, where, seen)
        reachable(view.all(), f"{view.name} has", view.resolver)
        if not view.reaches_edge():
            fail(f"{where} leads to {said(seen)}, which is not the Access Edge", case="not-edge", observed=seen)

    split_horizon(sip_host)
    every(sip_host.deciding(), judge)


@control("DNS-06", per="sip_domain")
def test_client_srv(client_srv, phase, cloud, cloud_suffixes):
    """Clients outside find their sign-in, on 443 and not on the port of federation."""

    def judge(view):
        where, seen = start(view)
        records = view.records()
        if phase == "hybrid-disabled":
            leads_to_cloud_only(records, cloud.sipdir, CLIENT_PORT, where, seen)
            return
        leads_to_the_edge(view, records, CLIENT_PORT, cloud_suffixes, where, seen)

    split_horizon(client_srv)
    every(client_srv.deciding(), judge)


@control("DNS-07", per="sip_domain")
def test_lyncdiscover_host(lyncdiscover_host, phase, cloud):
    """Clients, and the tenant, ask this host where the users of a domain live."""

    def judge(view):
        where, seen = f"{view.name} at the resolver {view.resolver}", view.seen()
        show(seen or "no record")
        if phase == "hybrid-disabled":
            is_alias_of(view, cloud.webdir, where)
            return
        is_there(view, where, seen)
        reachable(view.all(), f"{view.name} has", view.resolver)

    split_horizon(lyncdiscover_host)
    every(lyncdiscover_host.deciding(), judge)


@control("DNS-08")
def test_webdir_resolves(webdir):
    """Clients of moved users find the host they are sent to."""
    every(webdir.views(), resolves_to_public_addresses)


@control("DNS-09")
def test_edge_service_names(edge_service_hosts):
    """Meetings and media use Edge services with names of their own."""
    missing, resolved = [], []

    def judge(view):
        addresses = view.all()
        (resolved if addresses else missing).append(f"{view.name} ({view.resolver})")
        if view.resolver != "internal":
            reachable(addresses, f"{view.name} has", view.resolver)

    try:
        every(edge_service_hosts.views(), judge)
    except Unseen:
        if not missing:
            raise
    if missing:
        fail(f"without an address: {said(missing)}", case="missing", observed=missing)
    show(resolved)


@control("DNS-10", per="sip_domain")
def test_no_internal_records_left(internal_records):
    """Clients inside ask these names first, and wait for servers that are gone."""

    def judge(point):
        left = internal_records.left(point)
        if left:
            fail(f"still there at the resolver {point}: {said(left)}", observed=left)

    every(internal_records.points(), judge)
    show("none of them")


@control("DNS-11", per="sip_domain")
def test_resolvers_agree(federation_srv, cloud_suffixes):
    """One answer for everybody. An internal view of its own is split horizon, which DNS-02 names."""
    answers = {}

    def look(view):
        records = view.records()
        answers[view.resolver] = sorted(map(str, records))
        cloud = [in_cloud(record, cloud_suffixes) for record in records]
        if any(cloud) and not all(cloud):
            fail(f"{view.name} leads partly to Microsoft 365 and partly elsewhere at the resolver {view.resolver}",
                 case="leftover", observed=answers[view.resolver])  # fmt: skip

    try:
        every(federation_srv.deciding(), look)
    except Unseen:
        if not differ(answers):
            raise
    if differ(answers):
        told = [f"{resolver}: {said(records) if records else 'no record'}" for resolver, records in answers.items()]
        fail(f"the public resolvers do not say the same: {'; '.join(told)}", observed=told)
    show(next(iter(answers.values())))
    if len(answers) == 1:
        note("one public resolver only, so there was nothing to compare it with")


@control("DNS-12", per="sip_domain")
def test_srv_target_is_no_alias(federation_srv, client_srv, cloud_suffixes):
    """RFC 2782 asks for a name with addresses of its own. Microsoft's own names are Microsoft's matter."""
    found = []

    def look(view):
        for record in view.records():
            if record.target and not in_cloud(record, cloud_suffixes):
                aliases = view.target(record.target).aliases()
                found.extend(f"{record.target} is an alias of {said(alias)}" for alias in aliases[:1])

    every([*federation_srv.deciding(), *client_srv.deciding()], look)
    found = list(dict.fromkeys(found))
    if found:
        advise(f"the target of an SRV record is an alias: {said(found)}", observed=found)
    show("no alias")


@control("DNS-13", per="sip_domain")
def test_priorities_and_weights(federation_srv, client_srv, cloud_suffixes):
    """Documented for Microsoft 365 only: priority 100, weight 1."""
    note(f"federation: {federation_srv.sight().text()}")
    note(f"clients: {client_srv.sight().text()}")
    seen, other = [], []

    def look(view):
        for record in view.records():
            seen.append(f"{view.name} {record}")
            if in_cloud(record, cloud_suffixes) and (record.priority, record.weight) != (100, 1):
                other.append(f"{view.name} {record}")

    every([*federation_srv.deciding(), *client_srv.deciding()], look)
    seen, other = list(dict.fromkeys(seen)), list(dict.fromkeys(other))
    if other:
        advise(f"not priority 100 and weight 1: {said(other)}", observed=other)
    show(seen or "no record")


# --------------------------------------------------------------------------- what several controls ask


def resolves_to_public_addresses(view):
    addresses = view.all()
    show(addresses)
    if not addresses:
        fail(f"{view.name} has no address at the resolver {view.resolver}", case="missing", observed="no address")
    private = [address for address in addresses if not is_global(address)]
    if private:
        fail(f"{view.name} resolves to {said(private)} at the resolver {view.resolver}, which is not public",
             case="private", observed=private)  # fmt: skip


def reachable(addresses, where, resolver):
    """A public view that gives a private address leads nobody anywhere."""
    private = [address for address in addresses if not is_global(address)]
    if private:
        fail(f"{where} {said(private)} at the resolver {resolver}, which nobody outside can reach",
             case="private", observed=private)  # fmt: skip


def split_horizon(name):
    """Name it where the internal view says something else; the public one decides, and inside nothing need be there."""
    sight = name.sight()
    if sight.split() == "different":
        note(f"split horizon: {sight.text()}")


def start(view):
    """Where a view looks and what it sees, as the finding shows it."""
    seen = [str(record) for record in view.records()]
    show(seen or "no record")
    return f"{view.name} at the resolver {view.resolver}", seen


def no_wildcard(view, where, seen):
    """What only a wildcard answers is not there."""
    wildcard = view.wildcard()
    if wildcard == "only":
        fail(f"{where} does not exist; a wildcard answers for it", case="wildcard", observed=seen)
    if wildcard == "beside":
        note(f"a wildcard answers for made-up names at the resolver {view.resolver}; this record is its own")


def in_cloud(record, cloud_suffixes):
    return any(in_domain(record.target, suffix) for suffix in cloud_suffixes)


def differ(answers):
    return len({tuple(records) for records in answers.values()}) > 1


def leads_to_cloud_only(records, host, port, where, seen):
    if not records or not all(same_fqdn(record.target, host) and record.port == port for record in records):
        fail(f"{where} does not lead to {host} only", case="not-cloud", observed=seen or "no record")


def leads_to_the_edge(view, records, port, cloud_suffixes, where, seen, *, missing="missing", inside=None):
    if not records:
        fail(f"{where} does not exist", case=missing, observed="no record")
    no_wildcard(view, where, seen)
    if any(not record.target for record in records):
        fail(f"{where} has the target '.', which says that it is not offered", case="not-offered", observed=seen)
    to_cloud = [record for record in records if in_cloud(record, cloud_suffixes)]
    if to_cloud:
        case, partly = ("points-to-cloud", "") if len(to_cloud) == len(records) else ("mixed", "partly ")
        fail(f"{where} leads {partly}to Microsoft 365 although hybrid is on", case=case, observed=seen)
    if any(record.port != port for record in records):
        fail(f"{where} names another port than {port}", case="wrong-port", observed=seen)
    outside = [record.target for record in records if inside is not None and not in_domain(record.target, inside)]
    if outside:
        fail(f"{where}: {said(outside)} is not inside {inside}", case="outside-domain", observed=seen)
    astray = [record.target for record in records if not view.reaches_edge(record.target)]
    if astray:
        fail(f"{where}: {said(astray)} does not reach the Access Edge", case="not-edge", observed=seen)


def is_alias_of(view, host, where):
    if not any(same_fqdn(alias, host) for alias in view.aliases()):
        fail(f"{where} is no alias of {host}", case="not-cloud", observed=view.seen() or "no record")


def is_there(view, where, seen):
    if not seen:
        fail(f"{where} does not exist", case="missing", observed="no record")
    no_wildcard(view, where, seen)
    if view.leads_to_cloud():
        fail(f"{where} leads to Microsoft 365 although hybrid is on", case="points-to-cloud", observed=seen)
    if not view.all():
        fail(f"{where} is an alias of {said(seen)}, which has no address", case="missing", observed=seen)
