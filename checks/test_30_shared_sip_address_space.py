"""Set-CsTenantFederationConfiguration -SharedSipAddressSpace $true, and the Note: until no users remain on-premises."""

from fedready.check import Unseen, control, fail, in_domain, note, said, show

HOUR = 3600
NOTED_AFTER = 3
STALE_AFTER = 24
MODES = (
    "islands",
    "legacy",
    "sfbonly",
    "sfbwithteamscollab",
    "sfbwithteamscollabandmeetings",
    "teamsonly",
)


@control("TEN-01")
def test_shared_sip_address_space(tenant_federation, expected):
    """Without it Move-CsUser ends with error 510."""
    shared = tenant_federation.SharedSipAddressSpace
    if shared is True and expected is False:
        fail("SharedSipAddressSpace is still True although hybrid is switched off", case="still-on")
    assert shared is expected


@control("TEN-02")
def test_shared_until_nobody_is_left(tenant_federation, onprem_users, online_users_with_onprem_home, phase):
    """The whole table: the setting, users homed on-premises, users online who still carry an on-premises home, the phase.

    Where a count cannot be read the verdict stands only if every possible count gives it (DESIGN ruling 12).
    """
    shared = tenant_federation.SharedSipAddressSpace
    if not isinstance(shared, bool):
        raise Unseen(f"SharedSipAddressSpace is {shared!r}, not True or False")
    unseen = None
    counts = []
    for users in (onprem_users, online_users_with_onprem_home):
        try:
            counts.append(users.number())
        except Unseen as missing:
            unseen = unseen or missing
            counts.append(None)
    possible = [
        rule(shared, onprem, online, phase)
        for onprem in ((0, 1) if counts[0] is None else (counts[0],))
        for online in ((0, 1) if counts[1] is None else (counts[1],))
    ]
    failing = [case for case, _ in possible if case]
    if unseen is not None and failing and len(failing) < len(possible):
        raise unseen
    seen = f"SharedSipAddressSpace is {shared}, users on-premises: {told(counts[0])}, "
    seen += f"users online with an on-premises home: {told(counts[1])}"
    if failing:
        fail(seen, case=failing[0] if unseen is None else "not-counted", observed=seen)
    show(seen)
    if unseen is not None:
        note("the rule is not fully provable: a count could not be read, but none would make it wrong")
    elif possible[0][1]:
        note(possible[0][1])


def told(count):
    return "not known" if count is None else count


def rule(shared, onprem, online, phase):
    """One line of the table: (case that fails or None, remark or None)."""
    if phase == "pre-hybrid":
        return None, None
    if shared and onprem:
        return None, None
    if shared and online:
        return None, "nobody is homed on-premises, but attributes of users online were not cleaned"
    if shared:
        may_end = "nobody is left on-premises: the address space need not be shared any longer"
        return (
            ("still-hybrid", None) if phase == "hybrid-disabled" else (None, may_end if phase == "migrated" else None)
        )
    if onprem:
        return "on-prem-users-remain", None
    if online:
        return "attributes-remain", None
    return (None, None) if phase == "hybrid-disabled" else ("switched-off", None)


@control("TEN-03")
def test_allow_federated_users(tenant_federation, expected):
    """The master switch over every list and policy of the tenant."""
    assert tenant_federation.AllowFederatedUsers is expected


@control("TEN-04")
def test_allowed_domains(tenant_domains):
    """Everybody, a list, or nobody: an empty list is not "everybody" (DESIGN ruling 4)."""
    allowed = tenant_domains.allowed()
    if allowed.reading == "nobody":
        fail("AllowedDomains is an empty list, which means nobody", observed="nobody")


@control("TEN-05", per="sip_domain")
def test_own_domain_is_let_in(tenant_domains, own_sip_domains, sip_domain):
    """While there is a list of allowed domains only that list counts, otherwise the block list does."""
    own_sip_domains.own()
    allowed = tenant_domains.allowed()
    if allowed.reading != "open":
        if sip_domain not in allowed.domains:
            fail(
                f"{sip_domain} is not on the tenant's list of allowed domains",
                case="not-on-closed-list",
                observed="absent",
            )
        return
    blocked = tenant_domains.blocked()
    if sip_domain in blocked:
        fail(f"{sip_domain} is on the tenant's block list", case="blocked", observed=sip_domain)
    parents = sorted(domain for domain in blocked if in_domain(sip_domain, domain))
    if parents and tenant_domains.blocks_subdomains():
        fail(f"{said(parents)} is blocked with everything below it", case="parent-blocked", observed=parents)


@control("TEN-06")
def test_block_list_takes_effect(tenant_domains):
    """A list of allowed domains makes the block list idle."""
    allowed, blocked = tenant_domains.allowed(), tenant_domains.blocked()
    if allowed.reading == "list" and blocked:
        fail(
            f"{said(sorted(blocked))} on the block list: without effect beside a list of allowed domains",
            observed=sorted(blocked),
        )


@control("TEN-07")
def test_treat_discovered_partners_as_unverified(tenant_federation, expected):
    """First messages of partners are delivered."""
    assert tenant_federation.TreatDiscoveredPartnersAsUnverified is expected


@control("TEN-08", per="sip_domain")
def test_sip_domain_is_enabled_online(both_sip_domains, own_sip_domains, sip_domain):
    """Users of the domain can be provisioned online."""
    own_sip_domains.own()
    online = both_sip_domains.online()
    if sip_domain not in online:
        fail(f"{sip_domain} is not a SIP domain of the tenant", case="absent", observed="absent")
    if not online[sip_domain]:
        fail(f"{sip_domain} is disabled online", case="disabled", observed="Disabled")


@control("TEN-09")
def test_directory_is_synchronised(tenant, synchronisation):
    """Ages count from the moment at which the tenant was asked; how old is too old is recalled, so it is an advisory."""
    if tenant.DirSyncEnabled is not True:
        fail(f"DirSyncEnabled is {said(tenant.DirSyncEnabled)}", case="off")
    age = synchronisation.age()
    if age is None:
        fail("the directory was never synchronised", case="stale", observed="never")
    if age > STALE_AFTER * HOUR:
        fail(f"the last synchronisation was {age // HOUR} hours before the tenant was asked", case="stale")
    if age > NOTED_AFTER * HOUR:
        note(f"the last synchronisation was {age // HOUR} hours before the tenant was asked")


@control("TEN-10")
def test_mode_of_the_tenant(tenant, upgrade_policy, phase):
    """Each user becomes TeamsOnly with the move; the tenant as a whole when hybrid is switched off."""
    effective = tenant.TeamsUpgradeEffectiveMode
    if phase == "hybrid-disabled":
        if mode(effective, "TeamsUpgradeEffectiveMode") != "teamsonly":
            fail(f"TeamsUpgradeEffectiveMode is {said(effective)}, expected TeamsOnly", case="not-teams-only")
        return
    override = tenant.TeamsUpgradeOverridePolicy
    if override == "UpgradeToTeams":
        fail("TeamsUpgradeOverridePolicy is UpgradeToTeams: the tenant was provisioned as TeamsOnly", case="override")
    if override:
        note(f"TeamsUpgradeOverridePolicy is {said(override)}")
    policy = upgrade_policy.Mode
    seen = f"TeamsUpgradeEffectiveMode is {said(effective)}, the Global policy's Mode {said(policy)}"
    if "teamsonly" in (mode(effective, "TeamsUpgradeEffectiveMode"), mode(policy, "Mode")):
        fail(f"the whole tenant is TeamsOnly: {seen}", case="teams-only", observed=seen)


def mode(value, name):
    """A mode of coexistence in lower case; a word that is none is not guessed at."""
    if not isinstance(value, str) or value.casefold() not in MODES:
        raise Unseen(f"{name} is {said(value)}, which is no mode of coexistence")
    return value.casefold()


@control("TEN-11")
def test_global_policy_of_the_tenant(tenant_policies):
    """The tenant's own policy, not the on-premises one of the same name."""
    row = tenant_policies.of_tenant()
    if row.EnableFederationAccess is not True:
        fail(f"EnableFederationAccess of Global is {said(row.EnableFederationAccess)}", case="federation-off")
    if row.CommunicationWithExternalOrgs != "OrganizationDefault":
        fail(
            f"CommunicationWithExternalOrgs of Global is {said(row.CommunicationWithExternalOrgs)}",
            case="other-organizations",
        )


@control("TEN-12")
def test_nothing_retired(tenant_federation):
    """Shown where it still appears, never judged."""
    shown = tenant_federation.Identity
    if tenant_federation.has("AllowPublicUsers"):
        shown = tenant_federation.AllowPublicUsers
        note(f"AllowPublicUsers is {said(shown)}; it has been out of use since 5 May 2025 and says nothing")


@control("TEN-13")
def test_one_tenant(tenant, own_sip_domains, audited):
    """Another tenant's answers would be true of the wrong company."""
    tenant_id = tenant.TenantId
    if not tenant_id:
        raise Unseen("the session shows no tenant", caused_by=("SESS-01",))
    if audited.tenant_id is not None and str(tenant_id).casefold() != audited.tenant_id.casefold():
        fail(f"the tenant is {said(tenant_id)}, the target file names {audited.tenant_id}", case="other-tenant")
    own, theirs = own_sip_domains.own(), own_sip_domains.of_tenant()
    if not own & theirs:
        fail(f"none of {said(sorted(own))} is among the tenant's {said(sorted(theirs))}", case="foreign-domains",
             observed=sorted(theirs))  # fmt: skip
    if audited.tenant_id is None:
        note(f"the target file names no tenant_id; the session shows {said(tenant_id)}")
