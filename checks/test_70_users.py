"""The Note of the article: until moving is final and no users remain on-premises. Users are only counted here."""

from fedready.check import Unseen, control, every, fail, note, said, same_fqdn, show

HERE = "SRV:"


@control("USER-01")
def test_users_homed_onprem(onprem_users, expected):
    """The count behind the Note."""
    nobody_left(onprem_users.number(), expected, "users are homed on-premises")


@control("USER-02")
def test_online_users_with_an_onprem_home(online_users_with_onprem_home, expected):
    """Attributes go on saying where a home was when the servers are gone."""
    nobody_left(online_users_with_onprem_home.number(), expected, "users online carry an on-premises home")


def nobody_left(number, expected, text):
    if expected is not None and number != expected:
        fail(f"{number} {text}, expected {expected}", observed=number)


@control("USER-03")
def test_every_home_exists(all_onprem_users, cloud):
    """Here, or at the provider of this cloud; nobody else routes."""
    homes = all_onprem_users.counts("HostingProvider")
    elsewhere = {h: n for h, n in homes.items() if n and h != HERE and not same_fqdn(h, cloud.sipfed)}
    if elsewhere:
        told = said([f"{n} at {'no home' if home == '#empty' else home}" for home, n in sorted(elsewhere.items())])
        fail(f"{sum(elsewhere.values())} users have a home that does not exist: {told}", observed=elsewhere)
    show(homes)


@control("USER-04", per="sip_domain")
def test_online_users_are_known_onprem(all_online_users, all_onprem_users, sip_domain):
    """On-premises routes to a colleague online by the colleague's own object."""
    online = all_online_users.addresses("SipAddress", sip_domain)
    strangers = online.without(all_onprem_users.addresses("SipAddress", sip_domain))
    if strangers:
        text = f"{strangers} of {len(online.hashes)} addresses of {sip_domain} online do not exist on-premises"
        fail(text, observed=strangers)
    show(f"all {len(online.hashes)} addresses online exist on-premises")


@control("USER-05")
def test_no_validation_errors(all_online_users, expected):
    """Why the directory's wish could not be provisioned."""
    wrong = all_online_users.filled("UserValidationErrors")
    if wrong != expected:
        fail(f"{wrong} users online have validation errors", observed=wrong)
    show(wrong)


@control("USER-06")
def test_nothing_else_is_homed_onprem(homed_things, expected):
    """Phones, rooms and hotlines are counted for themselves."""

    numbers = {}

    def judge(thing):
        name, things = thing
        number = numbers[name] = things.number()
        if number and expected is not None:
            fail(f"{name} still shows {number}", observed=number)
        if number:
            note(f"{name} shows {number}, to move or retire before hybrid is switched off")

    every(homed_things.items(), judge)
    show(numbers)


@control("USER-07")
def test_licences(users_to_move, expected):
    """Users are counted by plan: a plan has an old and a new name, and a user could hold either or both."""
    number = users_to_move.number()
    held = {}
    for name, users in users_to_move.holding("AssignedPlan").items():
        held[name.casefold()] = held.get(name.casefold(), 0) + users
    known = {name.casefold() for names in expected.values() for name in names}
    if held and not any(name in known or name.startswith("mco") for name in held):
        raise Unseen(f"the plans have names that are not known here: {said(sorted(held))}")

    def judge(plan):
        counts = [held.get(name.casefold(), 0) for name in expected[plan]]
        if sum(counts) < number:
            fail(f"at least {number - sum(counts)} of {number} users lack {plan}", observed=sum(counts))
        if max(counts) < number:
            raise Unseen(f"whether each of {number} users has {plan} cannot be told from {said(counts)} by name")

    every(expected, judge)


@control("USER-08", per="sip_domain")
def test_synchronised_attributes(all_online_users, all_onprem_users, sip_domain):
    """The tenant knows the same on-premises addresses as the directory on-premises."""
    online = all_online_users.addresses("OnPremSipAddress", sip_domain)
    onprem = all_onprem_users.addresses("SipAddress", sip_domain)
    unsynchronised, left_over = onprem.differing(online)
    if unsynchronised or left_over:
        text = f"{unsynchronised} addresses of {sip_domain} on-premises are not known online"
        fail(f"{text}, {left_over} known online are not there", observed=unsynchronised or left_over)
    show(f"all {len(onprem.hashes)} addresses on-premises are known online")


@control("USER-09")
def test_builds(builds, expected):
    """An update raises only the components that it changes, so the newest component tells which update is there."""
    newest = {}
    for component in builds.by_component().values():
        newest[component[0]] = max(component, newest.get(component[0], component))
    told = [shown(build) for _, build in sorted(newest.items())]
    show(told)
    if not isinstance(expected, dict):
        return
    floors = {int(floor.partition(".")[0]): floor for floor in expected.values()}
    if len(newest) > 2:
        fail(f"{len(newest)} versions of the server: {said(told)}", case="three-versions", observed=told)
    for major, build in sorted(newest.items()):
        if major in floors and build < tuple(int(part) for part in floors[major].split(".")):
            text = f"the newest component has build {shown(build)}, older than {floors[major]}"
            fail(text, case="too-old", observed=shown(build))
        if major < min(floors):
            fail(
                f"build {shown(build)} belongs to a version before {min(floors)}", case="too-old", observed=shown(build)
            )


def shown(build):
    return ".".join(str(part) for part in build)


MOVERS = ("csserveradministrator", "csuseradministrator")


@control("USER-10")
def test_roles_for_moves(admin_roles):
    """Which roles exist; who holds them a reader's account cannot say."""
    names = [str(row.Identity) for row in admin_roles()]
    if not any(name.casefold() in MOVERS for name in names):
        fail(f"there is neither CsServerAdministrator nor CsUserAdministrator among {said(names)}", observed=names)
    show([name for name in names if name.casefold() in MOVERS])
    note("the roles exist; a reader's account does not see who holds them, nor the roles online")
