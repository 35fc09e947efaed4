"""Runs `mayak` in processes of its own that do not import everything anew: a helper has imported it
once and forks for each command.

It is a program as well: reads one JSON document a line from stdin, `words`, `folder`, `variables`
and the files `said`, `out` and `err`, and answers each with the status of the command.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


class Forking:
    """The helper, from the first command on until `close`."""

    def __init__(self) -> None:
        self._helper: subprocess.Popen[str] | None = None

    def run(
        self, words: tuple[str, ...], folder: Path, variables: dict[str, str], said: str
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as own:
            files = {name: str(Path(own, name)) for name in ("said", "out", "err")}
            Path(files["said"]).write_text(said, "utf-8")
            order = {"words": words, "folder": str(folder), "variables": variables, **files}
            status = self._order(order)
            out, err = (Path(files[name]).read_text("utf-8") for name in ("out", "err"))
        return subprocess.CompletedProcess(["mayak", *words], status, out, err)

    def _order(self, order: dict[str, Any]) -> int:
        if self._helper is None:
            pipe = subprocess.PIPE
            self._helper = subprocess.Popen(
                [sys.executable, __file__], stdin=pipe, stdout=pipe, text=True
            )
        assert self._helper.stdin is not None
        assert self._helper.stdout is not None
        self._helper.stdin.write(json.dumps(order) + "\n")
        self._helper.stdin.flush()
        return int(self._helper.stdout.readline())

    def close(self) -> None:
        if self._helper is not None:
            self._helper.communicate()


def work() -> None:
    import mayak.entry.cli  # noqa: F401
    from mayak.entry.start import main

    gc.freeze()  # else each child copies all that was imported, to look for garbage in it
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            become(order)
            main()
            sys.exit()
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def become(order: dict[str, Any]) -> None:
    """The process that the command would be if it had been started by itself."""
    for descriptor, name in enumerate(("said", "out", "err")):
        flags = os.O_RDONLY if name == "said" else os.O_WRONLY | os.O_CREAT
        file = os.open(order[name], flags)
        os.dup2(file, descriptor)
        os.close(file)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["variables"])
    sys.argv = ["mayak", *order["words"]]


if __name__ == "__main__":
    work()
