"""Runs made by hand, so that every writer can be tried on what a pipeline would only give on a bad day."""

from __future__ import annotations

from typing import Any

import msgspec

from fedready.model import (
    Baseline,
    Cause,
    CloudNames,
    Control,
    Counts,
    Edge,
    Endpoint,
    Endpoints,
    Evidence,
    Finding,
    Headline,
    NotRun,
    Reading,
    Reads,
    Run,
    RunFacts,
    Section,
    Sent,
    Severity,
    Snapshot,
    Target,
    Verdict,
    Waiver,
)

ONPREM_PROVIDER = "onprem: Get-CsHostingProvider"
ONPREM_EDGE = "onprem: Get-CsAccessEdgeConfiguration"
TENANT_FEDERATION = "tenant: Get-CsTenantFederationConfiguration"
WEBDIR = "https://webdir.online.lync.com/Autodiscover/AutodiscoverService.svc/root"

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>",
    "javascript:alert(3)",
    "safe\u202egnp.exe\u2066 \u200b\ufeff",
    "nul\x00bell\x07esc\x1b[31mred\x1b]0;title\x07",
    "x" * 50_000,
    "lone \ud800 surrogate",
    "=HYPERLINK(1)",
    "{{ 7 * 7 }}{% raw %}",
    "]]>&amp;<!--",
    "עברית and العربية",
    "`code` and `more",
    "a\nb\r\nc\u2028d",
)


def _control(name: str, title: str, severity: str, expected: Any, owner: str, fix: str, **more: Any) -> Control:
    words = {
        "why": "The documentation fixes this value for a deployment that shares its SIP address space with Microsoft 365.",
        "symptom": "Presence stays unknown and messages fail between colleagues on both sides.",
        "verify": "Run the audit again.",
        "source": "Configure federation with Skype for Business Online; `Set-CsAccessEdgeConfiguration`",
        "certainty": "verified",
        "scope": "article",
    }
    return Control(
        id=name,
        title=title,
        severity=Severity(severity),
        expected={"*": expected},
        owner=owner,
        fix=fix,
        **{**words, **more},
    )  # type: ignore[arg-type]


def _edge(parameter: str) -> str:
    return f"Set-CsAccessEdgeConfiguration -{parameter} $true"


def _provider(parameter: str) -> str:
    return (
        f"Get-CsHostingProvider | Where-Object ProxyFqdn -eq sipfed.online.lync.com | Set-CsHostingProvider {parameter}"
    )


SECTIONS = (
    Section(
        id="access-edge",
        title="Access Edge",
        article="Configure your on-premises Edge service for federation",
        controls=(
            _control("EDGE-01", "Remote user access is allowed", "high", True, "on-premises", _edge("AllowOutsideUsers")),
            _control("EDGE-02", "Federated user access is allowed", "critical", True, "on-premises", _edge("AllowFederatedUsers")),
            _control(
                "EDGE-03", "Partner discovery is on", "high", True, "on-premises",
                "Set-CsAccessEdgeConfiguration -UseDnsSrvRouting -EnablePartnerDiscovery $true",
            ),
            _control(
                "EDGE-04", "The Edge routes by DNS SRV", "critical", "UseDnsSrvRouting", "on-premises",
                "Set-CsAccessEdgeConfiguration -UseDnsSrvRouting -EnablePartnerDiscovery $true",
            ),
        ),
    ),
    Section(
        id="hosting-provider",
        title="Hosting provider",
        article="New-CSHostingProvider",
        controls=(
            _control("HOST-01", "There is one provider for the cloud", "critical", 1, "on-premises", "Remove-CsHostingProvider"),
            _control(
                "HOST-02", "ProxyFqdn is the cloud's", "critical", "sipfed.online.lync.com", "on-premises",
                _provider("-ProxyFqdn sipfed.online.lync.com"),
            ),
            _control("HOST-03", "The provider is enabled", "critical", True, "on-premises", _provider("-Enabled $true")),
            _control(
                "HOST-06", "The source of messages is verified", "high", "UseSourceVerification", "on-premises",
                _provider("-VerificationLevel UseSourceVerification"),
            ),
            _control("HOST-08", "AutodiscoverUrl is the cloud's", "high", WEBDIR, "on-premises", _provider(f"-AutodiscoverUrl {WEBDIR}")),
        ),
    ),
    Section(
        id="shared",
        title="Shared SIP address space",
        article="Configure your tenant for a shared SIP address space",
        controls=(
            _control(
                "TEN-01", "The tenant shares the SIP address space", "critical", True, "tenant",
                "Set-CsTenantFederationConfiguration -SharedSipAddressSpace $true",
                symptom="Move-CsUser : HostedMigration fault: Error=(510)",
            ),
            _control("TEN-02", "It stays shared while users are on-premises", "critical", True, "tenant", "Move the users first."),
        ),
    ),
    Section(
        id="dns",
        title="Federation DNS",
        article="ProxyFqdn",
        controls=(
            _control(
                "DNS-01", "The federation name of the cloud resolves", "critical", ">= 1 address", "dns",
                "Mend the resolver.", scope="suite",
            ),
            _control(
                "DNS-02", "The federation SRV reaches the Edge", "high", "0 0 5061 sip.<domain>", "dns",
                "Change the record in the zone:", scope="suite",
            ),
            _control("DNS-08", "The Autodiscover host resolves", "high", ">= 1 address", "dns", "Mend the resolver.", scope="suite"),
        ),
    ),
    Section(
        id="autodiscover",
        title="Autodiscover",
        article="AutodiscoverUrl",
        controls=(
            _control("AUTO-01", "The Autodiscover address answers", "high", "HTTP 200", "network", "Open 443 to webdir.", scope="suite"),
            _control("AUTO-05", "The answer is a known document", "low", "a known shape", "network", "Look at the proxy.", scope="suite"),
        ),
    ),
    Section(
        id="sessions",
        title="Sessions and the audit itself",
        controls=(
            _control("SESS-01", "A session with the tenant opens", "critical", "a session", "auditor", "Mend the session."),
            _control("SESS-05", "A session with the on-premises pool opens", "critical", "a session", "auditor", "Mend the session."),
            _control("SESS-06", "Only reading commands were sent", "critical", "0 writes", "auditor", "Report this as a bug."),
        ),
    ),
)  # fmt: skip

BASELINE = Baseline(
    version="2026.1",
    title="Configure federation with Skype for Business Online",
    clouds={
        "worldwide": CloudNames(
            sipfed="sipfed.online.lync.com",
            sipdir="sipdir.online.lync.com",
            webdir="webdir.online.lync.com",
            autodiscover=WEBDIR,
            suffix="online.lync.com",
            source="the article",
        )
    },
    sections=SECTIONS,
    digest="sha256:" + "b" * 64,
)

WAIVER = Waiver(
    control="HOST-06",
    subject="deployment",
    accepts="AlwaysVerifiable",
    reason="The partner's gateway cannot be verified before its renewal.",
    owner="Ada Lovelace",
    ticket="CHG-1815",
    approver="Charles Babbage",
    expires="2026-03-31",
)


def domains(count: int) -> tuple[str, ...]:
    """SIP domains as a target would list them."""
    return ("contoso.com", "fabrikam.com", *(f"d{n:04}.example.com" for n in range(2, count)))[:count]


def passing(control: Control, subject: str = "deployment") -> Finding:
    """What a healthy estate gives for one control and subject."""
    expected = control.expected["*"]
    if control.id == "DNS-02":
        expected = f"0 0 5061 sip.{subject}"
    question = {"EDGE": ONPREM_EDGE, "HOST": ONPREM_PROVIDER, "TEN": TENANT_FEDERATION}.get(
        control.id.partition("-")[0]
    )
    if control.id == "DNS-02":
        question = f"dns@public: SRV _sipfederationtls._tcp.{subject}"
    if control.id.startswith("AUTO"):
        question = f"GET {WEBDIR}"
    readings = (Reading(question=question, path="[0]", value=expected),) if question else ()
    return Finding(
        control=control.id,
        subject=subject,
        verdict=Verdict.PASS,
        severity=control.severity,
        expected=expected,
        observed=expected,
        readings=readings,
        symptom=control.symptom,
        fix=control.fix,
        verify=control.verify,
    )


def healthy(count: int = 2) -> list[Finding]:
    """A pass for every control, DNS-02 once per SIP domain."""
    return [
        passing(control, subject)
        for section in SECTIONS
        for control in section.controls
        for subject in (domains(count) if control.id == "DNS-02" else ("deployment",))
    ]


def change(findings: list[Finding], control: str, subject: str | None = None, **new: Any) -> list[Finding]:
    """The same findings with some of them replaced in part; at least one must be meant."""
    meant = [f for f in findings if f.control == control and subject in (None, f.subject)]
    assert meant, f"no finding {control} {subject}"
    return [msgspec.structs.replace(f, **new) if f in meant else f for f in findings]


def fail(findings: list[Finding], control: str, observed: Any, subject: str | None = None, **new: Any) -> list[Finding]:
    """One control turned red."""
    return change(
        findings, control, subject, verdict=Verdict.FAIL, observed=observed,
        rollback=f"Put back what was there: {observed}" if isinstance(observed, str) else "",
        message=new.pop("message", ""), **new,
    )  # fmt: skip


def blind(findings: list[Finding], control: str, kind: str, text: str, **new: Any) -> list[Finding]:
    """One control that could not be looked at."""
    cause = Cause(kind=kind, text=text)  # type: ignore[arg-type]
    return change(findings, control, verdict=Verdict.UNKNOWN, observed=None, cause=cause, message=text, **new)


def snapshot(count: int, failed: dict[str, Cause] | None = None) -> Snapshot:
    """Evidence that fits `healthy`."""
    pool = "https://pool.contoso.com/OcsPowershell"
    host = "https://mgmt.contoso.com:5986/wsman"

    def entry(value: Any, source: str, account: str | None = None, ms: int = 41) -> Evidence:
        return Evidence(
            state="answered", value=value, asked="2026-01-02T03:04:06Z", ms=ms, source=source, account=account
        )

    entries = {
        ONPREM_EDGE: entry(
            [{"#type": "Microsoft.Rtc.Management.WritableConfig.Settings.Edge.DisplayAccessEdgeSettingsDnsSrvRouting",
              "AllowOutsideUsers": True, "AllowFederatedUsers": True, "EnablePartnerDiscovery": True,
              "RoutingMethod": "UseDnsSrvRouting"}],
            pool, "CONTOSO\\auditor"),
        ONPREM_PROVIDER: entry(
            [{"#type": "HostingProvider", "Identity": "SkypeforBusinessOnline", "ProxyFqdn": "sipfed.online.lync.com",
              "VerificationLevel": "UseSourceVerification", "Enabled": True, "AutodiscoverUrl": WEBDIR}],
            pool, "CONTOSO\\auditor"),
        "onprem: Get-CsSipDomain": entry(
            [{"#type": "SipDomain", "Name": d, "IsDefault": d == "contoso.com"} for d in domains(count)], pool, "CONTOSO\\auditor"),
        "tenant: Get-CsTenant": entry(
            [{"#type": "Tenant", "TenantId": "11111111-2222-3333-4444-555555555555", "DisplayName": "Contoso"}],
            host, "CONTOSO\\auditor", 812),
        TENANT_FEDERATION: entry([{"#type": "TenantFederationSettings", "SharedSipAddressSpace": True}], host, "CONTOSO\\auditor", 640),
        f"GET {WEBDIR}": entry(
            {"hops": [{"url": WEBDIR, "status": 200, "headers": {"content-type": "application/json"},
                       "shape": {"kind": "json", "links": {"self": WEBDIR}}, "excerpt": "{\"_links\": {}}"}],
             "fault": None, "certificate": None}, "webdir.online.lync.com"),
    }  # fmt: skip
    for domain in domains(count):
        text = f"dns@public: SRV _sipfederationtls._tcp.{domain}"
        value = {"rcode": "NOERROR", "answers": [f"0 0 5061 sip.{domain}"], "ttl": 3600, "chain": [], "over": "udp"}
        entries[text] = entry(value, "9.9.9.9:53", None, 18)
    for text, cause in (failed or {}).items():
        entries[text] = Evidence(
            state="failed",
            cause=cause,
            asked="2026-01-02T03:04:06Z",
            ms=60_000,
            source=entries[text].source,
            account=None,
        )
    return Snapshot(
        tool="fedready 2026.11.0",
        run=RunFacts(id="r1", started="2026-01-02T03:04:05Z", ended="2026-01-02T03:04:19Z"),
        target=target(),
        entries=entries,
        sent=tuple(
            Sent(to=t.partition(":")[0], command=t.partition(": ")[2]) for t in entries if t[:3] in ("onp", "ten")
        ),
        digest="sha256:" + "4f1c9ae2" * 8,
    )


def target() -> Target:
    return Target(
        name="contoso",
        phase="hybrid",
        cloud="worldwide",
        edge=Edge(names=("sip.contoso.com",)),
        from_here=("dns", "https"),
        resolvers={"public": "9.9.9.9:53"},
        endpoints=Endpoints(
            onprem=Endpoint(kind="ocspowershell", url="https://pool.contoso.com/OcsPowershell"),
            tenant=Endpoint(kind="winrm", url="https://mgmt.contoso.com:5986/wsman"),
        ),
    )


def run(findings: list[Finding], headline: Headline, count: int = 2, **new: Any) -> Run:
    """A run that holds these findings, with counts that fit them."""
    verdicts = [f.verdict for f in findings]
    roots = [f for f in findings if f.is_root and f.verdict in (Verdict.FAIL, Verdict.UNKNOWN) and not f.waived]
    shot = new.pop("snapshot", None) or snapshot(count)
    failed = sum(e.state == "failed" for e in shot.entries.values())
    not_run: tuple[NotRun, ...] = new.get("not_run", ())
    facts: dict[str, Any] = {
        "id": "r1",
        "started": "2026-01-02T03:04:05Z",
        "ended": "2026-01-02T03:04:19Z",
        "judged": "2026-01-02T03:04:20Z",
        "tool": "fedready 2026.11.0",
        "target": target(),
        "phase": "hybrid",
        "cloud": "worldwide",
        "baseline": BASELINE,
        "snapshot": shot,
        "exit_code": {Headline.NOT_READY: 1, Headline.UNDETERMINED: 10}.get(headline, 0),
        "counts": Counts(
            passed=verdicts.count(Verdict.PASS), fail=verdicts.count(Verdict.FAIL), unknown=verdicts.count(Verdict.UNKNOWN),
            na=verdicts.count(Verdict.NA), error=verdicts.count(Verdict.ERROR), waived=sum(f.waived for f in findings),
            roots=len(roots), not_run=len(not_run),
        ),
        "reads": Reads(sent=len(shot.entries), answered=len(shot.entries) - failed, failed=failed, writes=0),
    }  # fmt: skip
    return Run(**{**facts, **new}, headline=headline, findings=tuple(findings))


def ready(count: int = 2) -> Run:
    return run(healthy(count), Headline.READY, count)


def ready_with_waivers() -> Run:
    findings = fail(healthy(), "HOST-06", "AlwaysVerifiable", waiver=WAIVER)
    findings = fail(findings, "AUTO-05", "HTTP 403", message="The address answers 403, which no document describes.")
    return run(findings, Headline.READY_WITH_WAIVERS)


def not_ready() -> Run:
    """Eight deviations, two dependants, one waiver, two that cannot be judged from here."""
    findings = healthy()
    findings = fail(findings, "EDGE-02", False)
    findings = fail(findings, "EDGE-03", None, caused_by=("EDGE-04",), message="Absent under default routing.")
    findings = fail(findings, "EDGE-04", "UseDefaultRouting")
    findings = fail(findings, "HOST-02", "sipfed.online.lync.example", message="The provider points to another host.")
    findings = fail(findings, "HOST-03", None, caused_by=("HOST-02",))
    findings = fail(findings, "HOST-06", "AlwaysVerifiable", waiver=WAIVER)
    findings = fail(findings, "HOST-08", "https://webdir.example.com/root")
    findings = fail(findings, "TEN-01", False)
    for domain in domains(2):
        findings = fail(
            findings, "DNS-02", "NXDOMAIN", domain, expected=f"0 0 5061 sip.{domain}",
            message=f"There is no _sipfederationtls._tcp.{domain}.",
            fix=f"Add to the zone:\n_sipfederationtls._tcp.{domain}. 3600 IN SRV 0 0 5061 sip.{domain}.",
            verify=f"Resolve-DnsName -Type SRV _sipfederationtls._tcp.{domain}",
        )  # fmt: skip
    findings = blind(findings, "DNS-08", "servfail", "dns@public answered SERVFAIL for webdir.online.lync.com")
    findings = fail(findings, "AUTO-05", "HTTP 403", message="The address answers 403, which no document describes.")
    findings = change(findings, "AUTO-01", verdict=Verdict.NA, message="not from here: this machine cannot judge https")
    return run(findings, Headline.NOT_READY)


def undetermined() -> Run:
    findings = healthy()
    text = "mgmt.contoso.com:5986 refused the connection; open TCP 5986 from this machine or name another host"
    findings = blind(findings, "SESS-01", "unreachable", text)
    for control in ("TEN-01", "TEN-02"):
        findings = blind(findings, control, "unreachable", text, caused_by=("SESS-01",))
    cause = Cause(kind="unreachable", text=text)
    shot = snapshot(2, {TENANT_FEDERATION: cause, "tenant: Get-CsTenant": cause})
    return run(
        findings, Headline.UNDETERMINED, snapshot=shot, qualifiers=("partial: 17 of 19 controls", "assumed: phase hybrid"),
        not_run=(NotRun(control="EDGE-99", reason="deselected by -k"),),
        baseline=msgspec.structs.replace(BASELINE, sections=(*SECTIONS, _extension())),
    )  # fmt: skip


def _extension() -> Section:
    row = _control("EDGE-99", "Something wider", "medium", True, "on-premises", "Nothing.", scope="extension")
    return Section(id="extension", title="Beyond the article", controls=(row,))


def many(count: int) -> Run:
    """Six findings a domain, one domain in a hundred without its record, one in two hundred unanswered."""
    controls = BASELINE.controls
    rows = [f for f in healthy() if f.control != "DNS-02"]
    for number, domain in enumerate(domains(count)):
        for name in ("DNS-01", "DNS-02", "DNS-08", "AUTO-01", "AUTO-05", "EDGE-01"):
            finding = passing(controls[name], domain)
            if name == "DNS-02" and number % 100 == 99:
                finding = msgspec.structs.replace(
                    finding, verdict=Verdict.FAIL, observed="NXDOMAIN", message=f"There is no _sipfederationtls._tcp.{domain}.",
                    fix=f"_sipfederationtls._tcp.{domain}. 3600 IN SRV 0 0 5061 sip.{domain}.",
                )  # fmt: skip
            if name == "DNS-02" and number % 200 == 50:
                text = f"dns@public did not answer within 5 s for _sipfederationtls._tcp.{domain}"
                finding = msgspec.structs.replace(
                    finding,
                    verdict=Verdict.UNKNOWN,
                    observed=None,
                    message=text,
                    cause=Cause(kind="timeout", text=text),
                )
            rows.append(finding)
    return run(rows, Headline.NOT_READY, count)


def hostile() -> Run:
    """Every text that an endpoint, a zone or a waiver file could have chosen is an attack."""
    attack = " ".join(HOSTILE)
    findings = []
    for number, finding in enumerate(healthy()):
        bad = HOSTILE[number % len(HOSTILE)]
        verdict = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NA, Verdict.ERROR)[number % 5]
        findings.append(
            msgspec.structs.replace(
                finding, subject=bad[:300], verdict=verdict, observed=[bad, {"Name": bad}], expected=bad, message=attack, note=bad,
                readings=(Reading(question=ONPREM_PROVIDER, path=bad, value={"Name": [bad]}),),
                cause=Cause(kind="malformed", text=bad), fix=attack, rollback=bad, verify=bad, symptom=attack,
                waiver=msgspec.structs.replace(WAIVER, reason=bad, owner=bad, ticket=bad) if number % 10 == 0 else None,
            )
        )  # fmt: skip
    shot = snapshot(2)
    entries = dict(shot.entries)
    for number, bad in enumerate(HOSTILE):
        entries[f"onprem: {bad[:300]} {number}"] = Evidence(
            state="answered",
            value=[{"Name": bad, bad[:300]: bad}],
            source=bad,
            account=bad,
            asked="2026-01-02T03:04:06Z",
        )
    tenant = Evidence(state="answered", value=[{"TenantId": HOSTILE[2], "DisplayName": HOSTILE[0]}])
    entries["tenant: Get-CsTenant"] = tenant
    return run(
        findings, Headline.NOT_READY, snapshot=msgspec.structs.replace(shot, entries=entries), qualifiers=(HOSTILE[0], HOSTILE[2]),
    )  # fmt: skip
