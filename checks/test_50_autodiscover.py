"""-AutodiscoverUrl https://webdir.online.lync.com/Autodiscover/AutodiscoverService.svc/root, and where clients begin.

Each address is asked once, anonymously.
"""

from fedready.check import advise, control, fail, host_of, in_domain, note, said, show


@control("AUTO-01")
def test_reachable(autodiscover):
    """DNS, TCP, TLS and certificate: the connection comes about."""
    fault = autodiscover.fault("dns", "tcp", "tls", "certificate")
    if fault is not None:
        fail(fault, case=autodiscover.stage(), observed=fault)


@control("AUTO-02")
def test_https(autodiscover):
    """https, and no redirect to http."""
    fault = autodiscover.fault("scheme")
    if fault is not None:
        fail(fault, case="redirect" if autodiscover.was_redirected() else None, observed=fault)


@control("AUTO-03")
def test_stays_in_the_cloud(autodiscover, cloud):
    """Neither a redirect nor a link of the answer leads to another domain."""
    fault = autodiscover.fault("redirect")
    if fault is not None:
        fail(fault, observed=fault)
    for token, link in autodiscover.last_hop()["shape"]["links"].items():
        if token == "redirect" and not in_domain(host_of(link), cloud.suffix):
            fail(f"the answer sends clients on to {said(link)}", observed=link)


@control("AUTO-04")
def test_documented_shape(autodiscover):
    """JSON with _links or an XML AutodiscoverResponse; without status 200 there is nothing to expect of the body."""
    hop = autodiscover.last_hop()
    if hop["status"] != 200:
        advise(
            f"the answer has status {hop['status']}, so its body is no Autodiscover document", observed=hop["status"]
        )
    if hop["shape"]["kind"] not in ("json", "xml") or not {"self", "user", "redirect"} & set(hop["shape"]["links"]):
        advise("the body is neither of the two documented documents", observed=hop["shape"]["kind"])


@control("AUTO-05")
def test_status(autodiscover):
    """Nobody documents today's answer, so whatever is unexpected is told and blocks nothing."""
    fault = autodiscover.fault("http")
    if fault is not None:
        advise(fault, observed=fault)
    hop = autodiscover.last_hop()
    if hop["status"] != 200:
        advise(f"the address answers with status {hop['status']}", observed=hop["status"])
    if hop["shape"]["kind"] not in ("json", "xml"):
        advise("the address answers with something that is no Autodiscover document", observed=hop["shape"]["kind"])


@control("AUTO-06", per="sip_domain")
def test_on_premises_answers(on_premises_autodiscover):
    """Every client begins here while hybrid lasts."""
    fault = on_premises_autodiscover.fault()
    if fault is not None:
        stage, text = fault
        cases = {"certificate": "certificate", "http": "shape", "redirect": "elsewhere", "scheme": "elsewhere"}
        fail(text, case=cases.get(stage, "unreachable"), observed=text)
    hop = on_premises_autodiscover.last_hop()
    show(hop["status"])
    if hop["status"] != 200:
        fail(f"the answer has status {hop['status']}", case="shape", observed=hop["status"])
    if hop["shape"]["kind"] not in ("json", "xml") or not {"self", "user", "redirect"} & set(hop["shape"]["links"]):
        fail("the body is neither of the two documented documents", case="shape", observed=hop["shape"]["kind"])
    if on_premises_autodiscover.names_a_server(hop):
        note("the answer tells everybody the internal name of a server (X-MS-Server-Fqdn)")


@control("AUTO-07", per="sip_domain")
def test_on_premises_knows_the_way(on_premises_autodiscover, cloud):
    """A redirect to the cloud, or a link for hybrid."""
    ways = on_premises_autodiscover.ways_on()
    show(ways)
    if not any(in_domain(host, cloud.suffix) for host in ways):
        advise(f"the answer holds no link for hybrid and no redirect below {cloud.suffix}", observed=ways)
