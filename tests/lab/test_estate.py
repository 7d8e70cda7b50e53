"""Estate files: what they may say, how they are laid over one another, how mistakes are told."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fedready.allowed import ALLOWED, HOST_NAME
from fedready.model import Target, Waiver
from fedready.questions import reads
from fedready.yamlmarks import Mistake
from lab.dns import read_zones
from lab.estate import load_estate, split_question
from lab.faults import FAMILIES, KNOBS, BadFault, Faults
from lab.layers import FOLDER, merge
from lab.world import World

SHIPPED = sorted(path.stem for path in FOLDER.glob("*.yaml"))
NAMED = ["contoso", "default-routing", "drifted", "gcc-high", "half-disabled", "healthy", "tenant-unreachable"]


def test_every_named_estate_is_there() -> None:
    assert set(NAMED) <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_estate_starts_with_a_right_target(name: str) -> None:
    with World(name) as world:
        target = msgspec.convert(world.target, Target, strict=True)
        assert msgspec.convert(world.estate.waivers, list[Waiver]) is not None
    assert target.name == name
    assert target.endpoints.onprem is not None
    assert target.endpoints.tenant is not None
    assert {address.rpartition(":")[0] for address in (target.connect_to or {}).values()} == {"127.0.0.1"}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_estate_answers_questions_that_are_asked(name: str) -> None:
    """A question that is not on the allow-list would never be asked: a misspelling in the estate."""
    estate = load_estate(name)
    for side, answers in estate.sides.items():
        for text in answers:
            assert reads(text.replace(HOST_NAME, "sip.contoso.com")), text  # an estate answers for every name at once
            kind = side if side in ("onprem", "tenant") else "edge"
            assert kind in ALLOWED[split_question(text)[0]].sides, f"{side}: {text}"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_addresses_are_global(name: str) -> None:
    for zones in load_estate(name).dns.values():
        for _, rdataset in read_zones(zones).iterate_rdatasets():
            for item in rdataset:
                if hasattr(item, "address"):
                    assert ipaddress.ip_address(item.address).is_global, item.address


def test_extends_merges_mappings_replaces_lists_and_deletes_by_null() -> None:
    below = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merge(below, {"a": {"c": [3], "e": {"f": 1, "g": None}}, "d": None}) == {
        "a": {"b": 1, "c": [3], "e": {"f": 1}}
    }
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_set_changes_single_values(tmp_path: Path, ask: Any) -> None:
    file = tmp_path / "changed.yaml"
    file.write_text(
        "extends: healthy\nset:\n"
        '  "onprem: Get-CsHostingProvider":\n'
        '    - {path: "[0].Enabled", value: false}\n'
        '    - {path: "[1].Name", delete: true}\n'
        '  "onprem: Get-CsAccessEdgeConfiguration": {path: RoutingMethod, value: null}\n',
        encoding="utf-8",
    )
    with World(file) as world:
        providers = ask(world, "onprem", "Get-CsHostingProvider").rows()
        edge = ask(world, "onprem", "Get-CsAccessEdgeConfiguration").rows()
    assert providers[0]["Enabled"] is False
    assert "Name" not in providers[1]
    assert edge[0]["RoutingMethod"] is None


def test_shapes_of_allowed_domains(tmp_path: Path, ask: Any) -> None:
    for shape in ("string", "deep"):
        file = tmp_path / f"{shape}.yaml"
        file.write_text(
            f"extends: healthy\nshape: {shape}\nset:\n"
            '  "tenant: Get-CsTenantFederationConfiguration":\n'
            "    - {path: AllowedDomains, value: [fabrikam.com, contoso.com]}\n"
            "    - {path: BlockedDomains, value: [bad.example]}\n",
            encoding="utf-8",
        )
        with World(file) as world:
            row = ask(world, "tenant", "Get-CsTenantFederationConfiguration").rows()[0]
        if shape == "string":
            assert row["AllowedDomains"] == "Domain=fabrikam.com,Domain=contoso.com"
        else:
            assert row["AllowedDomains"].types[0].endswith(".AllowList")
            assert "fabrikam.com" in str(row["AllowedDomains"].adapted_properties["AllowedDomain"].property_sets)
        assert "bad.example" in str(row["BlockedDomains"].property_sets)


def test_prefixed_questions_errors_counts_and_edges(tmp_path: Path, ask: Any, open_pool: Any, ask_in: Any) -> None:
    file = tmp_path / "errors.yaml"
    file.write_text(
        "extends: healthy\n"
        "onprem:\n"
        '  "onprem: Get-CsSipDomain": {error: {kind: denied}}\n'
        "  Get-CsHostingProvider: {error: {kind: nonterminating, message: The store is stale.}}\n"
        "  Get-CsManagementConnection: {error: {kind: not_recognized}}\n"
        "tenant:\n"
        "  Get-CsTenant: {rows: [], error: {message: Gone., id: TenantGone}}\n"
        "edges:\n"
        "  edge01: {Get-CsSipDomain: {type: [X], rows: [{Name: a}]}}\n",
        encoding="utf-8",
    )
    with World(file) as world:
        denied = ask(world, "onprem", "Get-CsSipDomain")
        partial = ask(world, "onprem", "Get-CsHostingProvider")
        missing = ask(world, "onprem", "Get-CsManagementConnection")
        gone = ask(world, "tenant", "Get-CsTenant")
        with open_pool(world, "edge01", path="wsman") as pool:
            assert ask_in(pool, "Get-CsSipDomain").rows() == [{"Name": "a"}]
        assert world.environ["FEDREADY_EDGE01_USER"] == world.users["edge01"]
    assert (denied.state, denied.output) == (4, [])
    assert denied.errors == ["AccessDenied,Microsoft.Rtc.Management.Get-CsSipDomain"]
    assert (partial.state, len(partial.output), len(partial.errors)) == (4, 2, 1)
    assert (missing.state, missing.errors) == (5, ["CommandNotFoundException"])
    assert (gone.state, gone.errors) == (5, ["TenantGone"])


MISTAKES = {
    "unknown key": ("tennant: {}\n", 1, "tenant"),
    "unknown knob": ("extends: healthy\nfaults:\n  - {at: onprem, do: statuss}\n", 3, "status"),
    "knob of another place": (
        "extends: healthy\nfaults:\n  - {at: dns@public, do: status}\n",
        3,
        "no knob of dns@public",
    ),
    "unknown place": ("extends: healthy\nfaults:\n  - {at: onpremm, do: status}\n", 3, "no place"),
    "unknown action": ("extends: healthy\nfaults:\n  - {at: onprem Creates, do: status}\n", 3, "Create"),
    "nth zero": ("extends: healthy\nfaults:\n  - {at: onprem, do: status, nth: 0}\n", 3, "counts from 1"),
    "seconds": ("extends: healthy\nfaults:\n  - {at: onprem, do: hang, seconds: soon}\n", 3, "seconds"),
    "unknown parent": ("extends: healthi\n", 1, "healthy"),
    "bad YAML": ("onprem: [\n", 2, "not YAML"),
    "no mapping": ("- 1\n", 1, "no estate"),
    "not a question": ("extends: healthy\nonprem:\n  hosting provider: {rows: []}\n", 3, "no question"),
    "question of another side": ("extends: healthy\nonprem:\n  'tenant: Get-CsTenant': {rows: []}\n", 3, "no question"),
    "unknown answer key": ("onprem:\n  Get-CsSipDomain: {row: []}\n", 2, "rows"),
    "error kind": ("onprem:\n  Get-CsSipDomain: {error: {kind: deny}}\n", 2, "denied"),
    "target key": ("extends: healthy\ntarget:\n  phaze: hybrid\n", 3, "phase"),
    "target value": ("extends: healthy\ntarget:\n  phase: hybrit\n", 3, "hybrit"),
    "target address": ("extends: healthy\ntarget:\n  ca_file: x\n", 3, "filled in by the lab"),
    "zone": ("extends: healthy\ndns:\n  public:\n    contoso.com: sip IN A here\n", 4, "contoso.com"),
    "url": ("extends: healthy\nhttps:\n  webdir: {status: 200}\n", 3, "web address"),
    "certificate": ("https:\n  https://a.b/: {certificate: expird}\n", 2, "expired"),
    "tls place": ("extends: healthy\ntls:\n  sip.contoso.com: {}\n", 3, "host:port"),
    "set elsewhere": ("extends: healthy\nset:\n  'onprem: Get-CsTenant': {path: a, value: 1}\n", 3, "no rows"),
    "set path": ("extends: healthy\nset:\n  'onprem: Get-CsSipDomain': {path: Name, value: 1}\n", 3, "has no Name"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_name_file_line_and_remedy(tmp_path: Path, name: str) -> None:
    text, line, said = MISTAKES[name]
    file = tmp_path / "estate.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Mistake) as wrong:
        load_estate(file)
    message = str(wrong.value)
    assert message.startswith(f"{file}:{line}: ")
    assert said in message
    assert message.endswith(".") or message.endswith("?")


def test_missing_files_and_circles(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="no such estate"):
        load_estate("nowhere")
    with pytest.raises(Mistake, match="no such file"):
        load_estate(tmp_path / "nowhere.yaml")
    (tmp_path / "a.yaml").write_text("extends: b\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("extends: a\n", encoding="utf-8")
    with pytest.raises(Mistake, match="extends this estate"):
        load_estate(tmp_path / "a.yaml")


def test_every_knob_fits_a_place() -> None:
    places = ("onprem", "onprem Create", "onprem: Get-CsTenant", "dns@public", "GET https://a/", "TLS a:1")
    usable = set()
    for knob in KNOBS:
        for place in places:
            faults = Faults(["onprem", "dns@public"])
            try:
                faults.add(place, knob)
            except BadFault:
                continue
            usable.add(knob)
    assert usable == {knob for knobs in FAMILIES.values() for knob in knobs}
