"""Bytes put by: in memory while they are few, beyond that in a nameless file that ends with the program."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable
from typing import IO

BATCH = 4 << 20
"""Bytes that stay in memory, and that are written at a time."""


READ_AT: Callable[[int, int, int], bytes] | None = getattr(os, "pread", None)
"""One call to the system instead of two; Windows has none such."""


def _read(file: IO[bytes], start: int, size: int) -> bytes:
    if READ_AT is not None:
        return READ_AT(file.fileno(), size, start)
    file.seek(start)
    return file.read(size)


class Spool:
    """Takes pieces of bytes and gives them back by their place. Where no file can be written, memory has to do.

    Ctrl-C at any moment leaves it whole: a piece was taken, or it was not.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._held = (0, bytearray())  # how much is in the file, and what comes after it; always changed together
        self._disk_takes_it = True

    @property
    def size(self) -> int:
        """Where the next piece will begin."""
        written, tail = self._held
        return written + len(tail)

    def put(self, piece: bytes) -> int:
        """Add a piece; returns where it begins."""
        written, tail = self._held
        start = written + len(tail)
        tail += piece
        if len(tail) > BATCH and self._disk_takes_it:
            self._write(written, tail)
        return start

    def get(self, start: int, end: int) -> bytes:
        """The bytes from one place to another."""
        written, tail = self._held
        found = b""
        if self._file is not None and start < written:
            found = _read(self._file, start, min(end, written) - start)
        if end > written:
            found += tail[max(0, start - written) : end - written]
        return found

    def _write(self, written: int, tail: bytearray) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it is open as long as this lives
                weakref.finalize(self, self._file.close)
            self._file.seek(written)
            if self._file.write(tail) != len(tail):
                raise OSError("the disk took a part only")
        except OSError:
            self._disk_takes_it = False  # it is full, say; what was written before is still there
            return
        self._held = (written + len(tail), bytearray())
