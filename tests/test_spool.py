"""Bytes put by are the bytes that come back, wherever they are kept."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready import spool
from fedready.spool import Spool

REAL = tempfile.TemporaryFile
PIECES = st.lists(st.binary(max_size=40), max_size=30)


def of_few(pieces: list[bytes], batch: int) -> tuple[Spool, list[tuple[int, int]]]:
    """A spool that writes to its file after so many bytes, and where each piece is."""
    made, places = Spool(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "BATCH", batch)
        for piece in pieces:
            start = made.put(piece)
            places.append((start, start + len(piece)))
    return made, places


@given(PIECES, st.integers(0, 100), st.booleans())
def test_every_piece_comes_back(pieces: list[bytes], batch: int, one_call: bool) -> None:
    made, places = of_few(pieces, batch)
    with pytest.MonkeyPatch.context() as patch:
        if not one_call:  # as on Windows
            patch.setattr(spool, "READ_AT", None)
        assert [made.get(*place) for place in places] == pieces
        assert made.get(0, made.size) == b"".join(pieces)


class FullDisk:
    """A file on a disk that takes some bytes and no more."""

    def __init__(self, room: int) -> None:
        self._file = REAL(buffering=0)
        self._room = room
        self.close, self.fileno, self.read, self.seek = (
            self._file.close, self._file.fileno, self._file.read, self._file.seek,
        )  # fmt: skip

    def write(self, content: Any) -> int:
        taken = bytes(content)[: self._room]
        self._room -= len(taken)
        if not taken:
            raise OSError(28, "No space left on device")
        return self._file.write(taken)


@given(PIECES, st.integers(0, 20), st.integers(0, 300))
def test_a_full_disk_costs_nothing_but_memory(pieces: list[bytes], batch: int, room: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", lambda buffering: FullDisk(room))
        made, places = of_few(pieces, batch)
        assert [made.get(*place) for place in places] == pieces


def test_a_machine_without_a_folder_for_files_keeps_it_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(buffering: int) -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "TemporaryFile", none)
    made, places = of_few([b"one", b"two", b"three"], 1)
    assert [made.get(*place) for place in places] == [b"one", b"two", b"three"]
