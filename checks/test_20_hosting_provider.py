"""New-CsHostingProvider -Identity SkypeforBusinessOnline -ProxyFqdn "sipfed.online.lync.com" -Enabled $true ...

The provider is found by its ProxyFqdn: its Identity changed over the years, and nothing hangs on it.
"""

from fedready.check import bind, control, fail, note, said, same_fqdn, same_url

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
