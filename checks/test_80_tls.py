"""Mutual TLS on port 5061 between the Access Edge and the federation proxy that the article names."""

from fedready.check import Unseen, control, every, fail, note, said, show

SOON = 30  # days
TOO_LATE = 7


@control("TLS-01")
def test_sipfed_answers(sipfed_tls):
    """It shows its certificate; that it asks for ours and goes no further without is how mutual TLS works."""
    answers(sipfed_tls)
    is_trusted(sipfed_tls)


@control("TLS-02", per="certificate_name")
def test_edge_answers_with_the_right_certificate(edge_tls, certificate_name, audited):
    """Partners check the certificate against the name that DNS gave them, and know public authorities only."""
    names = edge_tls.names()
    if certificate_name not in names:
        if not edge_tls.hold(certificate_name):
            fail(f"no certificate of the Edge holds {certificate_name}", case="name-missing", observed="none")
        show(f"a certificate of the Edge holds {certificate_name}")
        return
    handshake = edge_tls.federation(certificate_name)
    fault = handshake.fault()
    if fault is not None and fault["too_old"]:
        raise Unseen(f"no certificate was shown: {fault['text']}", caused_by=("TLS-04",))
    answers(handshake)
    problem = handshake.problem()
    if problem is None:
        show(f"issued by {said(handshake.issuer())}, for {said(handshake.names())}")
        if audited.ca_file is not None:
            note(f"ca_file was trusted too, which partners do not have: see that {said(handshake.issuer())} is public")
        return
    if handshake.has_expired():
        fail(f"the certificate at {handshake.place} has run out", case="expired", observed=problem)
    if not handshake.is_for(certificate_name):
        held = handshake.names()
        fail(f"the certificate holds {said(held)}, not {certificate_name}", case="name-missing", observed=held)
    fail(f"the certificate at {handshake.place} is refused: {problem}", case="untrusted", observed=problem)


@control("TLS-03", per="edge")
def test_edge_certificate(edge_server):
    """The certificate as the Edge itself has it, and the same one on every server of the pool."""
    certificate = edge_server.certificate()
    if not certificate.is_there():
        fail("the Edge has no external certificate", case="none", observed="none")
    days = certificate.days_left()
    if days < TOO_LATE:
        text = f"the certificate runs out in {days} days" if days >= 0 else "the certificate has run out"
        fail(text, case="expired", observed=certificate.shows().NotAfter)
    mine = certificate.thumbprint()
    others = {}
    unseen = None
    for other in edge_server.other_certificates():
        try:
            if other.is_there():  # the finding of that server says so
                others[other.server] = other.thumbprint()
        except Unseen as not_read:
            unseen = unseen or not_read
    different = [server for server, thumbprint in others.items() if thumbprint != mine]
    if different:
        pools = edge_server.pools()
        same_pool(certificate.server, different, pools, mine)
    if unseen is not None:
        raise unseen
    until = certificate.shows().NotAfter
    if days < SOON:
        fail(f"the certificate runs out in {days} days", case="expires-soon", observed=until)
    show(f"until {until}, {days} days left")


def same_pool(server, different, pools, mine):
    """Servers of different pools may have different certificates."""
    for other in different:
        if server not in pools or other not in pools:
            unknown = [name for name in (server, other) if name not in pools]
            raise Unseen(f"the topology does not name {said(unknown)}, so it is not known whether they are one pool")
        if pools[server] == pools[other]:
            fail(f"{server} and {other} of the pool {pools[server]} have different certificates",
                 case="different", observed=mine)  # fmt: skip


@control("TLS-04", per="edge_name")
def test_edge_speaks_tls_1_2(edge_tls, edge_name):
    """What was negotiated with this machine, which itself accepts nothing older."""
    edge_tls.names()
    negotiated = []

    def judge(handshake):
        fault = handshake.fault()
        if fault is None:
            negotiated.append(f"{handshake.version()} on port {handshake.port}")
            show(list(negotiated))
            if handshake.version() not in ("TLSv1.2", "TLSv1.3"):
                fail(f"{handshake.place} negotiates {handshake.version()}", observed=handshake.version())
        elif fault["too_old"]:
            fail(fault["text"], observed="older than TLSv1.2")
        elif handshake.port == 443:
            note(f"{handshake.place} was not judged, because nothing speaks TLS there: {fault['text']}")
        else:
            raise Unseen(f"no version was negotiated: {fault['text']}", caused_by=("TLS-02",))

    every(edge_tls.on_both_ports(edge_name), judge)


@control("TLS-05")
def test_webdir_answers(webdir_tls):
    """The handshake alone, as a proxy that inspects TLS would show itself."""
    answers(webdir_tls)
    is_trusted(webdir_tls)


def is_trusted(handshake):
    problem = handshake.problem()
    if problem is not None:
        fail(f"the certificate of {handshake.place} is not valid: {problem}", case="certificate", observed=problem)
    show(f"{handshake.version()}, certificate for {said(handshake.names())}")


def answers(handshake):
    """A name that does not exist is no connection either."""
    fault = handshake.fault()
    if fault is not None:
        fail(fault["text"], case="tls" if fault["stage"] == "tls" else "tcp", observed=fault["text"])
