"""Prepare a checkout: virtual environment, locked packages, built dashboard, browser, Redis.

Runs on the bare system Python. Each step leaves a stamp with a digest of what it was made
from, so that a second run takes a moment. Nothing outside the checkout is touched, except that
root gets Chromium and Redis from the system's packages when they are missing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = ROOT / ".setup"
WEB = ROOT / "web"
PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def run(*command: object, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command; its output appears only when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        raise SystemExit(f"setup: failed: {' '.join(map(str, command))}")


def digest(files: Iterable[Path], *also: str) -> str:
    total = hashlib.sha256("\0".join(also).encode())
    for file in sorted(files):
        total.update(str(file.relative_to(ROOT)).encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def fresh(step: str, made_from: str) -> bool:
    stamp = STAMPS / step
    return stamp.exists() and stamp.read_text() == made_from


def done(step: str, made_from: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / step).write_text(made_from)


def has_pip() -> bool:
    """Whether .venv is whole; a kill in the middle of making it leaves one without pip."""
    if not PYTHON.exists():
        return False
    asked = subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False)
    return asked.returncode == 0


def python_packages() -> None:
    locks = [ROOT / "requirements" / "app.txt", ROOT / "requirements" / "dev.txt"]
    made_from = digest([*locks, ROOT / "pyproject.toml"], sys.version)
    if PYTHON.exists() and fresh("python", made_from):
        return
    if not has_pip():
        say("making .venv")
        try:
            venv.create(VENV, with_pip=True, clear=True)
        except subprocess.CalledProcessError:
            raise SystemExit(
                "setup: this Python cannot make a virtual environment with pip; "
                "on Debian and Ubuntu: apt-get install python3-venv"
            ) from None
    say("installing the locked Python packages")
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "-q", "install")
    run(*pip, "--require-hashes", "-r", locks[0], "-r", locks[1])
    (WEB / "dist").mkdir(parents=True, exist_ok=True)
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ROOT)
    done("python", made_from)


def node_environment() -> dict[str, str]:
    """A PATH on which node 20+ and npm are found: the system's, or the wheel's."""
    node = shutil.which("node")
    if node and shutil.which("npm"):
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        parts = version.stdout.strip().removeprefix("v").split(".")
        if all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= OLDEST_NODE:
            return {}
    lock = ROOT / "requirements" / "node.txt"
    made_from = digest([lock])
    if not fresh("node", made_from):
        say("no Node 20+ here: installing it into .venv")
        pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "-q", "install")
        run(*pip, "--require-hashes", "-r", lock)
        done("node", made_from)
    return {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def dashboard() -> None:
    skipped = {"node_modules", "dist", "coverage"}
    sources = [
        file
        for file in WEB.rglob("*")
        if file.is_file() and not skipped.intersection(file.relative_to(WEB).parts)
    ]
    made_from = digest(sources)
    if (WEB / "dist" / "index.html").exists() and fresh("web", made_from):
        return
    env = node_environment()
    packages = digest([WEB / "package-lock.json", WEB / "package.json"])
    if not ((WEB / "node_modules").exists() and fresh("npm", packages)):
        say("installing the locked web packages")
        run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=WEB, env=env)
        done("npm", packages)
    say("building the dashboard")
    run("npm", "run", "--silent", "build", cwd=WEB, env=env)
    done("web", made_from)


def system_programs() -> None:
    wanted = {"chromium": "chromium", "redis-server": "redis-server"}
    missing = [package for program, package in wanted.items() if not shutil.which(program)]
    if not missing or fresh("system", "tried"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say(f"without {' and '.join(missing)}; the tests that need them say so and skip")
        return
    say(f"installing {' and '.join(missing)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", *missing],
    ):
        result = subprocess.run(
            ["apt-get", *command],
            env=os.environ | quiet,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if result.returncode:
            say(f"could not install {' and '.join(missing)}; the tests that need them skip")
            if not os.environ.get("CI"):
                done("system", "tried")
            return


def main() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise SystemExit("setup: Python 3.11 or newer is needed")
    os.umask(0o022)
    python_packages()
    dashboard()
    if "--without-system" not in sys.argv:
        system_programs()


if __name__ == "__main__":
    main()
