"""A snapshot is sealed, read back as it was, and refused with a sentence when it is not whole."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fedready.model import Evidence
from fedready.shelf import canonical
from fedready.snapshot import digest_of, read, seal, shelved, to_bytes
from fedready.yamlmarks import Mistake
from tests.bites import base


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    kept = seal(base("healthy"))
    path = tmp_path / "snapshot.json"
    path.write_bytes(to_bytes(kept))
    assert read(path) == kept
    assert to_bytes(read(path)) == to_bytes(kept)


def test_the_digest_is_of_everything_but_itself() -> None:
    kept = seal(base("healthy"))
    assert kept.digest.startswith("sha256:")
    assert digest_of(msgspec.structs.replace(kept, digest="")) == kept.digest
    assert digest_of(msgspec.structs.replace(kept, tool="another")) != kept.digest


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    content = bytearray(to_bytes(seal(base("healthy"))))
    path = tmp_path / "snapshot.json"
    refused = []
    for place in range(0, len(content), 131):
        flipped = bytearray(content)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        try:
            again = read(path)
        except Mistake as mistake:
            refused.append(str(mistake))
            continue
        assert again == seal(base("healthy")), f"byte {place} changed what is read"
    assert refused
    assert all(str(path) in sentence for sentence in refused)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"{", b'{"schema_version": 2}', b"\xff\xfe", b"[" * 100_000, b'{"schema_version": 1}'],
)
def test_what_is_no_snapshot_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(content)
    with pytest.raises(Mistake, match="snapshot"):
        read(path)


def test_a_missing_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="cannot be read"):
        read(tmp_path / "nothing.json")


def test_canonical_is_one_form() -> None:
    assert canonical({"b": 1, "a": ["é", None, True]}) == '{"a":["é",null,true],"b":1}'.encode()


def test_a_line_for_each_entry() -> None:
    kept = seal(base("healthy"))
    lines = to_bytes(kept).decode().splitlines()
    assert len(lines) == len(kept.entries) + 3
    assert msgspec.json.decode(to_bytes(kept), type=type(kept)) == kept


def test_half_a_character_does_not_keep_a_run_from_being_written(tmp_path: Path) -> None:
    """JSON from outside can hold what UTF-8 cannot."""
    snapshot = base("healthy")
    odd = Evidence(state="answered", value={"links": {"user\udc00": "https://x\ud800.example"}})
    sealed = seal(msgspec.structs.replace(snapshot, entries={**snapshot.entries, "GET https://x\ud800": odd}))
    path = tmp_path / "snapshot.json"
    path.write_bytes(to_bytes(sealed))
    again = read(path)
    assert again.digest == sealed.digest
    assert again.entries["GET https://x?"].value == {"links": {"user?": "https://x?.example"}}


def test_what_is_read_is_what_was_written_in_any_order(tmp_path: Path) -> None:
    value = {"b": [{"z": 1, "a": 2}], "a": None}
    snapshot = msgspec.structs.replace(base("healthy"), entries={"q": Evidence(state="answered", value=value)})
    kept = shelved(seal(snapshot))
    assert list(kept.entries["q"].value) == ["a", "b"]
    assert to_bytes(kept) == to_bytes(seal(snapshot))
    path = tmp_path / "snapshot.json"
    path.write_bytes(to_bytes(kept))
    assert to_bytes(read(path)) == to_bytes(kept)
    assert read(path) == kept
