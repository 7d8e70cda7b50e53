"""The PowerShell script with which an administrator exports what an audit reads, made from what the controls ask.

It holds `Get-` cmdlets of the allow-list and Resolve-DnsName, each with the parameters that an audit would send, and writes
every answer into a file of its own. Of people it writes numbers only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fedready import __version__
from fedready.allowed import Reduction
from fedready.ask.export_names import about_the_session, file_of, wildcard_probes
from fedready.asked import HOSTING_PROVIDERS
from fedready.inquiry import Inquiry, Known
from fedready.model import CloudNames, Endpoint, Endpoints, Evidence, Target, Unseen
from fedready.questions import Cmdlet, Lookup, Question, Wildcard
from fedready.words import literal

DOMAIN = "sip-domain.invalid"
"""Stands for each SIP domain while the questions are derived; in the script it is $domain."""
EDGE = "this-edge"
_ONE_NAME_TWO_MODULES = {"onprem": "SkypeForBusiness", "tenant": "MicrosoftTeams"}
_NARROWED = {"Get-Module": "Select-Object -Property 'Name', 'Version'"}
"""Cmdlets whose objects hold half of a machine; of the others whole objects are written."""


def export_script(inquiries: Iterable[Inquiry], clouds: dict[str, CloudNames]) -> str:
    """The script as text.

    Args:
        inquiries: everything that an audit of all controls asks.
        clouds: the names of the Microsoft 365 clouds, from the baseline.
    """
    questions = derived(inquiries, clouds)
    cmdlets = [q for q in questions if isinstance(q, Cmdlet) and not about_the_session(q)]
    lookups = [q for q in questions if isinstance(q, Lookup)]
    for question in questions:
        lookups += wildcard_probes(question) if isinstance(question, Wildcard) else ()
    fixed = [f"{q.rdtype} {q.name}" for q in lookups if not q.name.endswith(DOMAIN)]
    labels = [f"{q.rdtype} {q.name.removesuffix('.' + DOMAIN)}" for q in lookups if q.name.endswith("." + DOMAIN)]
    sides = {
        side: "\n".join(_saved(q) for q in cmdlets if q.side == side and not _per_domain(q))
        for side in ("onprem", "tenant", EDGE)
    }
    per_domain = "\n".join(_saved(q, "        ") for q in cmdlets if q.side == EDGE and _per_domain(q))
    parts = {
        "version": __version__,
        "onprem": sides["onprem"],
        "tenant": sides["tenant"],
        "edge": sides[EDGE],
        "edge_per_domain": per_domain,
        "fixed": _lines(fixed, " " * 8),
        "labels": _lines(labels, " " * 12),
    }
    script = SCRIPT
    for name, text in parts.items():
        script = script.replace(f"<<{name}>>", text)
    return script


def derived(inquiries: Iterable[Inquiry], clouds: dict[str, CloudNames]) -> list[Question]:
    """Every question of a deployment with one SIP domain and one Edge, as far as it follows from no other answer."""
    target = Target(
        name="export",
        sip_domains=(DOMAIN,),
        endpoints=Endpoints(edges={EDGE: Endpoint(kind="winrm", url=f"https://{EDGE}/")}),
    )
    providers = [{"AutodiscoverUrl": cloud.autodiscover} for cloud in clouds.values()]
    known = Known(target, clouds, {HOSTING_PROVIDERS.text: Evidence(state="answered", value=providers)})
    found: dict[str, Question] = {}
    for inquiry in _with_needs(inquiries):
        try:
            found |= {question.text: question for question in inquiry.questions(known)}
        except Unseen:
            continue  # it follows from an answer; the script follows it there
    return list(found.values())


def _with_needs(inquiries: Iterable[Inquiry]) -> Iterator[Inquiry]:
    for inquiry in inquiries:
        yield from _with_needs(inquiry.needs)
        yield inquiry


def _per_domain(question: Cmdlet) -> bool:
    return any(isinstance(value, str) and value.endswith(DOMAIN) for _, value in question.parameters)


def _lines(records: list[str], indent: str) -> str:
    """A list of texts, some to a line."""
    items = [literal(record) for record in dict.fromkeys(records)]
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) < 108:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return f",\n{indent}".join(lines)


def _saved(question: Cmdlet, indent: str = "    ") -> str:
    """`Save 'onprem: Get-CsSipDomain' 'onprem/Get-CsSipDomain.xml' { Get-CsSipDomain -ErrorAction Stop }`"""
    text, file = (_put_in(literal(words)) for words in (question.text, f"{file_of(question)}.xml"))
    reduction = question.allowed.reduces
    if reduction is None:
        ends = f" | {_NARROWED[question.name]}" if question.name in _NARROWED else ""
        return f"{indent}Save {text} {file} {{ {_command(question)}{ends} }}"
    if not (reduction.counted or reduction.filled or reduction.held):
        return (
            f"{indent}Save {text} {file} {{ {_command(question)} | Measure-Object | Select-Object -Property 'Count' }}"
        )
    inner = indent + "    "
    lines = [
        f"{indent}Save {text} {file} {{",
        f"{inner}$people = @({_command(question)})",
        f"{inner}[pscustomobject]@{{",
        f"{inner}    Count = $people.Count",
        *(f"{inner}    {line}" for line in _numbers(reduction)),
        f"{inner}}}",
        f"{indent}}}",
    ]
    return "\n".join(lines)


def _numbers(reduction: Reduction) -> Iterator[str]:
    for names, tally in ((reduction.counted, "ByValue"), (reduction.filled, "ByFilled"), (reduction.held, "ByItem")):
        for name in names:
            yield f"{name} = @(Group-{tally} $people '{name}')"


def _command(question: Cmdlet) -> str:
    """The command as it is typed, with its module where two modules have the name."""
    both = {"onprem", "tenant"} <= set(question.allowed.sides) and question.allowed.known_to is None
    module = f"{_ONE_NAME_TWO_MODULES[question.side]}\\" if both else ""
    words = [f"{module}{question.name}"]
    for key, value in question.parameters:
        words.append(f"-{key}" if value is True else f"-{key} {_argument(str(value))}")
    return " ".join([*words, "-ErrorAction Stop"])


def _argument(value: str) -> str:
    several = "," in value and " " not in value
    return ", ".join(literal(part) for part in value.split(",")) if several else _put_in(literal(value))


def _put_in(text: str) -> str:
    """A quoted text with the script's own variables in place of what stands for them."""
    name, file = DOMAIN, DOMAIN.replace(".", "_")
    if not any(mark in text for mark in (name, file, EDGE)):
        return text
    return text.replace(name, "$domain").replace(file, "$safe").replace(EDGE, "${Edge}").replace("'", '"')


SCRIPT = """\
# Exports what an audit by fedready <<version>> reads. For Windows PowerShell 5.1 and PowerShell 7.
#
# It asks with Get- cmdlets and Resolve-DnsName, changes nothing, and writes one file for each answer into $Folder.
# Of people it writes how many there are of each kind: no name, no address. Read it before you run it.
#
# Before: for onprem, a shell with the module SkypeForBusiness and the role CsViewOnlyAdministrator; for tenant,
# Connect-MicrosoftTeams with Teams Reader or Global Reader. Sides on different machines: run it on each, one -Side at
# a time, and put the folders together.
param(
    [string]   $Folder   = 'fedready-export',
    [string[]] $Side     = @('onprem', 'tenant', 'dns'),  # and 'edge', on an Edge server
    [string]   $Edge     = 'edge01',                      # the Edge's name in the target file
    [string]   $Resolver = 'system',                      # how DNS is seen from here: public, internal, system
    [string[]] $SipDomain                                 # only where Get-CsSipDomain is not at hand
)
$ErrorActionPreference = 'Stop'
$files = @()

function Get-Time { (Get-Date).ToUniversalTime().ToString('s') + 'Z' }

# One question, one file. An error is written too: it is the reason why there is no answer.
function Save([string] $Question, [string] $File, [scriptblock] $Ask) {
    $path = Join-Path $Folder $File
    $null = New-Item -ItemType Directory -Force -Path (Split-Path $path)
    $time = Get-Time
    try { $script:answer = @(& $Ask) } catch { $script:answer = @($_) }
    $script:answer | Export-Clixml -Depth 6 -LiteralPath $path
    $script:files += [pscustomobject]@{ file = $File; question = $Question; time = $time }
}

# How many have each value of a property, have anything in it, or hold each item of it.
function Group-ByValue($People, [string] $Name) {
    $People | ForEach-Object { if ($_.PSObject.Properties[$Name]) { [string] $_.$Name } else { '#absent' } } |
        Group-Object -NoElement | Select-Object -Property 'Name', 'Count'
}
function Group-ByFilled($People, [string] $Name) {
    $People | ForEach-Object {
        if (-not $_.PSObject.Properties[$Name]) { '#absent' } elseif ($_.$Name) { 'filled' } else { '#empty' }
    } | Group-Object -NoElement | Select-Object -Property 'Name', 'Count'
}
function Group-ByItem($People, [string] $Name) {
    $People | ForEach-Object {
        if (-not $_.PSObject.Properties[$Name]) { '#absent' } else {
            $_.$Name | Where-Object { $_ } |
                ForEach-Object { if ($_.Capability) { [string] $_.Capability } else { [string] $_ } } |
                Select-Object -Unique
        }
    } | Group-Object -NoElement | Select-Object -Property 'Name', 'Count'
}

if ($Side -contains 'onprem') {
<<onprem>>
}

if ($Side -contains 'tenant') {
<<tenant>>
}

$domains = @()
if ($Side -contains 'dns' -or $Side -contains 'edge') {
    $idn = New-Object System.Globalization.IdnMapping
    if (-not $SipDomain) { $SipDomain = Get-CsSipDomain | ForEach-Object { $_.Name } }
    $domains = @($SipDomain | ForEach-Object { $idn.GetAscii($_).ToLowerInvariant() })
}

if ($Side -contains 'edge') {
<<edge>>
    foreach ($domain in $domains) {
        $safe = $domain -replace '[^A-Za-z0-9-]', '_'
<<edge_per_domain>>
    }
}

function Resolve([string] $Record) {
    $type, $name = $Record -split ' '
    $safe = $name -replace '[^A-Za-z0-9-]', '_'
    Save "dns@${Resolver}: $type $name" "dns-$Resolver/Resolve-DnsName.Name-$safe.Type-$type.xml" {
        Resolve-DnsName -Name $name -Type $type -DnsOnly -ErrorAction Stop
    }
}

if ($Side -contains 'dns') {
    $records = @(
        <<fixed>>
    )
    foreach ($domain in $domains) {
        $records += @(
            <<labels>>
        ) | ForEach-Object { "$_.$domain" }
    }
    # The hosts that answers lead to: targets of SRV records, the provider's Autodiscover host, the services of the Edge.
    $hosts = @()
    foreach ($record in $records) {
        Resolve $record
        $hosts += $answer | Where-Object { $_.Type -eq 'SRV' } | ForEach-Object { $_.NameTarget }
    }
    try {
        $hosts += Get-CsHostingProvider | Where-Object { $_.AutodiscoverUrl } | ForEach-Object { ([uri] $_.AutodiscoverUrl).Host }
        $hosts += Get-CsService -EdgeServer |
            ForEach-Object { $_.AccessEdgeExternalFqdn; $_.DataEdgeExternalFqdn; $_.AVEdgeExternalFqdn }
    } catch { "Not asked: hosts of the hosting provider and of the Edge. $_" }
    $hosts = $hosts | Where-Object { $_ } | ForEach-Object { ([string] $_).TrimEnd('.').ToLowerInvariant() }
    foreach ($name in $hosts | Where-Object { $_ } | Select-Object -Unique) {
        foreach ($type in 'A', 'AAAA') {
            if ($records -notcontains "$type $name") { Resolve "$type $name" }
        }
    }
}

# Which file answers which question, when it was asked, where and by whom.
$modules = Get-Module -Name 'SkypeForBusiness', 'Lync', 'MicrosoftTeams' | ForEach-Object { "$($_.Name) $($_.Version)" }
$manifest = [pscustomobject]@{
    schema_version = 1
    tool           = 'fedready <<version>> export-script'
    time           = Get-Time
    computer       = [Environment]::MachineName
    account        = [Environment]::UserDomainName + '\\' + [Environment]::UserName
    powershell     = [string] $PSVersionTable.PSVersion
    modules        = @($modules)
    files          = $files
}
$null = New-Item -ItemType Directory -Force -Path $Folder
$name = 'manifest-' + ($manifest.time -replace '[^0-9TZ]', '') + '.json'
ConvertTo-Json -InputObject $manifest -Depth 4 | Set-Content -Encoding UTF8 -LiteralPath (Join-Path $Folder $name)
"$($files.Count) files in $Folder. Hand over the whole folder; it names servers and domains."
"""
