"""What the article's values need of DNS: the federation proxy, the way back to the Edge, the host of Autodiscover."""

from fedready.check import control, every, fail, in_domain, is_global, note, said, same_fqdn

PORT = 5061


@control("DNS-01")
def test_sipfed_resolves(sipfed):
    """The Edge finds Microsoft's federation proxy, on the public Internet."""
    every(sipfed.views(), resolves_to_public_addresses)


@control("DNS-08")
def test_webdir_resolves(webdir):
    """Clients of moved users find the host they are sent to."""
    every(webdir.views(), resolves_to_public_addresses)


def resolves_to_public_addresses(view):
    addresses = view.all()
    if not addresses:
        fail(f"{view.name} has no address at the resolver {view.resolver}", case="missing", observed="no address")
    private = [address for address in addresses if not is_global(address)]
    if private:
        fail(f"{view.name} resolves to {said(private)} at the resolver {view.resolver}, which is not public",
             case="private", observed=private)  # fmt: skip


@control("DNS-02", per="sip_domain")
def test_federation_srv(federation_srv, sip_domain, phase, cloud):
    """Partners and Microsoft 365 find the deployment: at the Edge while hybrid lasts, in the cloud afterwards."""

    def judge(view):
        records = view.records()
        seen = [f"{r.priority} {r.weight} {r.port} {r.target or '.'}" for r in records]
        where = f"{view.name} at the resolver {view.resolver}"
        if phase == "hybrid-disabled":
            if not records or not all(same_fqdn(r.target, cloud.sipfed) and r.port == PORT for r in records):
                fail(f"{where} does not lead to {cloud.sipfed} only", case="not-cloud", observed=seen or "no record")
            return
        if not records:
            case = "missing-default-domain" if federation_srv.is_default_domain else "missing"
            fail(f"{where} does not exist", case=case, observed="no record")
        if any(not r.target for r in records):
            fail(
                f"{where} has the target '.', which says that federation is not offered",
                case="not-offered",
                observed=seen,
            )
        to_cloud = [r for r in records if any(same_fqdn(r.target, name) for name in federation_srv.sipfed_of_any_cloud)]
        if to_cloud:
            case = "points-to-cloud" if len(to_cloud) == len(records) else "mixed"
            fail(f"{where} leads to Microsoft 365 although hybrid is on", case=case, observed=seen)
        if any(r.port != PORT for r in records):
            fail(f"{where} names another port than {PORT}", case="wrong-port", observed=seen)
        outside = [r.target for r in records if not in_domain(r.target, sip_domain)]
        if outside:
            fail(f"{where}: {said(outside)} is not inside {sip_domain}", case="outside-domain", observed=seen)
        astray = [r.target for r in records if not view.reaches_edge(r.target)]
        if astray:
            fail(f"{where}: {said(astray)} does not reach the Access Edge", case="not-edge", observed=seen)
        if view.from_wildcard():
            note(
                f"any name below _tcp.{sip_domain} exists at the resolver {view.resolver}: a wildcard may be answering"
            )

    every(federation_srv.deciding(), judge)
