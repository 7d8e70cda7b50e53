"""Import-Module SkypeOnlineConnector; $cred = Get-Credential; New-CsOnlineSession; Import-PSSession -AllowClobber"""

from fedready.check import advise, control, fail, note, reads, said, show

MOVES_NEED = (6, 2, 1)


@control("SESS-01")
def test_online_session(tenant, audited):
    """The session is open, and it is the right tenant's."""
    tenant_id = tenant.TenantId
    if not tenant_id:
        fail("the session shows no tenant", case="no-tenant")
    wanted = audited.tenant_id
    if wanted is not None and str(tenant_id).casefold() != wanted.casefold():
        fail(f"the session shows the tenant {said(tenant_id)}, the target file names {wanted}", case="other-tenant")


@control("SESS-02")
def test_module(modules):
    """The connector of the article is retired; MicrosoftTeams takes its place (DESIGN ruling 8)."""
    rows = modules()
    names = {str(row.Name).casefold() for row in rows}
    versions = [str(row.Version) for row in rows if str(row.Name).casefold() == "microsoftteams"]
    if not versions:
        if names:
            advise("only the retired connector is installed", observed=sorted(names))
        fail("neither MicrosoftTeams nor the connector is installed", case="missing", observed="none")
    newest = max(versions, key=version)
    if version(newest) < MOVES_NEED:
        fail(
            f"MicrosoftTeams {said(newest)} is older than 6.2.1, which Move-CsUser needs",
            case="old-module",
            observed=newest,
        )
    show(f"MicrosoftTeams {newest}")
    note(f"superseded: the article's connector is retired, MicrosoftTeams {said(newest)} works in its place")


def version(text):
    """`6.2.1-preview` counts as 6.2.1."""
    return tuple(int(part) if part.isdigit() else 0 for part in text.partition("-")[0].split("."))


@control("SESS-03")
def test_reading_accounts(writing_commands):
    """Neither session offers a command that writes. What a session hides proves more than what it shows."""
    shown = [row.Name for row in writing_commands()]
    if shown:
        fail(f"the audit's sessions offer {said(shown)}", case="can-write", observed=shown)
    show("no writing command is offered")


@control("SESS-04")
def test_each_session_its_own_side(wrong_side_answers):
    """Importing one session over the other, as the article does with -AllowClobber, would audit the wrong side."""
    for question in wrong_side_answers():
        side = question.partition(":")[0]
        case = "tenant-onprem" if side == "onprem" else "onprem-tenant"
        fail(f"{question} was answered, which only the other side should do", case=case, observed=question)
    show("neither session answers for the other side")


@control("SESS-05")
def test_onprem_session(sip_domain_list):
    """The session is open and shows this deployment."""
    if not sip_domain_list():
        fail("the session is open, but shows no SIP domain", observed="none")
    show("the session answers")


@control("SESS-06")
def test_only_reading_commands(sent):
    """Every command, recorded where it left this machine, is on the allow-list."""
    commands = sent.commands()
    written = [f"{side}: {command}" for side, command in commands if not reads(command)]
    if written:
        fail(f"sent although it does not read: {said(written)}", observed=written)
    show(f"{len(commands)} commands, all reading")


@control("SESS-07", per="replica")
def test_replica_is_up_to_date(replica, expected):
    """A server does what its replica says, not what the store says."""
    assert replica.UpToDate is expected


@control("SESS-08")
def test_reads_the_central_store(stores):
    """A shell can be pointed at another store for a while; the report would describe a copy."""
    connected, central = stores.connected(), stores.central()
    if connected != central:
        text = f"the session reads from {store(connected)}, the central store is {store(central)}"
        fail(text, observed=store(connected))
    show(store(connected))


def store(place):
    return "\\".join(place)
