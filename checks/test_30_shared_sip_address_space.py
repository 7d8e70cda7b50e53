"""Set-CsTenantFederationConfiguration -SharedSipAddressSpace $true, and the Note: until no users remain on-premises."""

from fedready.check import Unseen, control, fail, note


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
