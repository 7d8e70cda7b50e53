"""Compiled templates beside the templates, as Python keeps its own modules: compiling them is a fifth of a small audit's work."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """`__pycache__/<name>.<implementation>.jinja` in the templates' folder, used while it fits the template's text.

    Nothing is written where Python writes no `.pyc` either (`sys.dont_write_bytecode`), or where the folder cannot be
    written: then templates are compiled for each run.
    """

    def __init__(self, templates: Path) -> None:
        self._folder = templates / "__pycache__"

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError), self._file(bucket).open("rb") as stream:
            bucket.load_bytecode(stream)  # what does not fit is left, and compiled again

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        file = self._file(bucket)
        aside = file.with_name(f"{file.name}.{os.getpid()}")
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            with aside.open("wb") as stream:
                bucket.write_bytecode(stream)
            os.replace(aside, file)

    def _file(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}.{sys.implementation.cache_tag}.jinja"
