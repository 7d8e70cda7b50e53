"""New-CsHostingProvider -Identity SkypeforBusinessOnline -ProxyFqdn "sipfed.online.lync.com" -Enabled $true ...

The provider is found by its ProxyFqdn: its Identity changed over the years, and nothing hangs on it.
"""

from fedready.check import Unseen, bind, control, fail, in_domain, note, said, same_fqdn, same_url

ARTICLE_NAME = "SkypeforBusinessOnline"


@control("HOST-01")
def test_one_provider(hosting_providers, cloud):
    """Exactly one provider leads to the cloud."""
    rows = hosting_providers.of_cloud()
    if not rows:
        fail(f"no hosting provider has the ProxyFqdn {cloud.sipfed}", case="missing", observed="none")
    names = [row.Identity for row in rows]
    if len(rows) > 1:
        fail(f"{len(rows)} hosting providers have the ProxyFqdn {cloud.sipfed}", case="duplicate", observed=names)
    if names[0] != ARTICLE_NAME:
        note(f"the provider is called {said(names[0])}; the article calls it {ARTICLE_NAME}, which makes no difference")


@control("HOST-02")
def test_proxy_fqdn(hosting_providers, expected):
    """Traffic to users in the cloud goes to Microsoft's federation proxy."""
    for row in hosting_providers.for_hybrid():
        bind(identity=row.peek("Identity"))
        if not same_fqdn(row.ProxyFqdn, expected):
            fail(f"ProxyFqdn is {said(row.ProxyFqdn)}, expected {expected}")


@control("HOST-03")
def test_enabled(hosting_provider, expected):
    """The provider is switched on."""
    assert hosting_provider.Enabled is expected


@control("HOST-04")
def test_enabled_shared_address_space(hosting_provider, expected):
    """Users of one SIP domain may live on both sides."""
    assert hosting_provider.EnabledSharedAddressSpace is expected


@control("HOST-05")
def test_hosts_ocs_users(hosting_provider, expected):
    """The provider is a home of SIP users, not a service such as voicemail."""
    assert hosting_provider.HostsOCSUsers is expected


@control("HOST-06")
def test_verification_level(hosting_provider, expected):
    """Who a message says it is from is checked, neither believed nor dropped."""
    assert hosting_provider.VerificationLevel == expected


@control("HOST-07")
def test_is_local(hosting_provider, expected):
    """The proxy is no server of the own topology."""
    assert hosting_provider.IsLocal is expected


@control("HOST-08")
def test_autodiscover_url(hosting_provider, expected, cloud_suffixes):
    """Clients of moved users are sent on to Microsoft 365."""
    url = hosting_provider.AutodiscoverUrl
    compared = same_url(url, expected, cloud_suffixes)
    if not compared.same:
        fail(compared.text, case=compared.case)
    if compared.note:
        note(compared.note)


@control("HOST-09")
def test_all_on_one_provider(hosting_providers, documented, cloud_suffixes):
    """The eight values of the article stand on one provider; two that are half right do not add up."""
    wanted = {
        "ProxyFqdn": lambda value: same_fqdn(value, documented("HOST-02")),
        "Enabled": lambda value: value is documented("HOST-03"),
        "EnabledSharedAddressSpace": lambda value: value is documented("HOST-04"),
        "HostsOCSUsers": lambda value: value is documented("HOST-05"),
        "VerificationLevel": lambda value: value == documented("HOST-06"),
        "IsLocal": lambda value: value is documented("HOST-07"),
        "AutodiscoverUrl": lambda value: same_url(value, documented("HOST-08"), cloud_suffixes).same,
    }
    rows = hosting_providers.claiming_hybrid()
    held = [{name for name, fits in wanted.items() if fits(row[name])} for row in rows]
    if any(len(names) == len(wanted) for names in held):
        return
    if rows:
        bind(identity=rows[held.index(max(held, key=len))].peek("Identity"))
    missing = sorted(set(wanted) - max(held, key=len, default=set()))
    if set().union(*held) == set(wanted):
        fail(
            "the documented values are spread over several providers; none has them all",
            case="spread",
            observed=missing,
        )
    fail(f"no provider has all the documented values; the nearest one lacks {', '.join(missing)}", observed=missing)


@control("HOST-10")
def test_sip_client_port(hosting_provider, expected):
    """The ninth setting, which the article leaves alone."""
    assert hosting_provider.SipClientPort == expected


@control("HOST-11")
def test_no_second_home(hosting_providers):
    """A provider that shares the address space and hosts nobody, such as the one for voice mail, is no home of users."""
    claims = [
        row.Identity
        for row in hosting_providers.rows()
        if all([row.Enabled is True, row.EnabledSharedAddressSpace is True, row.HostsOCSUsers is True])
    ]
    if not claims:
        for row in hosting_providers.of_cloud()[:1]:
            bind(identity=row.peek("Identity"))
        fail("no provider is enabled, shares the address space and hosts users", case="none", observed="none")
    if len(claims) > 1:
        fail(
            f"{len(claims)} providers claim to host the users of the shared address space: {said(claims)}",
            observed=claims,
        )


@control("HOST-12")
def test_no_public_provider_in_its_place(hosting_providers, public_providers, cloud):
    """Name and proxy are unique over both kinds of providers."""
    taken = {str(row.Identity).casefold() for row in hosting_providers.of_cloud()}
    for row in public_providers():
        identity, proxy = row.Identity, row.ProxyFqdn
        if same_fqdn(proxy, cloud.sipfed) or str(identity).casefold() in taken:
            bind(identity=identity)
            fail(f"the public provider {said(identity)} has the proxy {said(proxy)}", observed=identity)


@control("HOST-13")
def test_no_pinned_domain(onprem_domains, own_sip_domains, cloud_suffixes):
    """An allowed domain with a proxy of its own bypasses DNS and the hosting provider."""
    pinned = onprem_domains.pinned()
    own = own_sip_domains.own()
    for case, found in (
        ("own-domain", [(domain, proxy) for domain, proxy in pinned if domain in own]),
        (None, [(domain, proxy) for domain, proxy in pinned if leads_to_cloud(proxy, cloud_suffixes)]),
    ):
        if found:
            shown = [f"{domain} to {proxy}" for domain, proxy in found]
            bind(domain=[domain for domain, _ in found])
            fail(f"pinned: {said(shown)}", case=case, observed=shown)


def leads_to_cloud(proxy, suffixes):
    return proxy.startswith("sipfed.") or any(in_domain(proxy, suffix) for suffix in suffixes)


@control("HOST-14")
def test_disabled_after_hybrid(hosting_providers, cloud):
    """A provider that is gone is as good as a disabled one."""
    for row in hosting_providers.of_cloud():
        if row.Enabled is not False:
            bind(identity=row.peek("Identity"))
            fail(f"the provider {said(row.peek('Identity'))} with the proxy {cloud.sipfed} is still enabled")


@control("HOST-15")
def test_form_of_hybrid(hosting_providers, cloud):
    """Both off is the form for federation with companies that are wholly online: right provider, wrong article."""
    rows = hosting_providers.of_cloud()
    if not rows:
        raise Unseen(f"no provider has the proxy {cloud.sipfed}, so there is no form to judge", caused_by=("HOST-01",))
    forms = [(row.Identity, row.EnabledSharedAddressSpace, row.HostsOCSUsers) for row in rows]
    for identity, shares, hosts in forms:
        if shares is False and hosts is False:
            bind(identity=identity)
            fail(
                f"the provider {said(identity)} has the form of plain federation: EnabledSharedAddressSpace and "
                "HostsOCSUsers are both False. It was made after another article",
                observed=[shares, hosts],
            )
