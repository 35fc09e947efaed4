"""Everything that is checked without running the product. Ends at the first thing that fails."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PLACES = ("src", "tests", "bench", "scripts")
CONVENTIONS = "tests/conventions"

STEPS: tuple[tuple[str, list[str], Path], ...] = (
    ("format", [f"{BIN}/ruff", "format", "--check", "-q", *PLACES], ROOT),
    ("lint", [f"{BIN}/ruff", "check", "-q", *PLACES], ROOT),
    ("layers", [f"{BIN}/lint-imports", "--no-cache"], ROOT),
    ("types", [f"{BIN}/mypy", "--no-error-summary"], ROOT),
    (
        "sizes, drift, docs",
        [f"{BIN}/python", "-m", "pytest", CONVENTIONS, "-m", "not database"],
        ROOT,
    ),
    ("web lint", [f"{BIN}/python", "scripts/web.py", "lint"], ROOT),
    ("web types", [f"{BIN}/python", "scripts/web.py", "typecheck"], ROOT),
)


def main() -> int:
    for name, command, folder in STEPS:
        began = time.monotonic()
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        print(f"{'ok  ' if ended.returncode == 0 else 'FAIL'} {name} ({took:.1f} s)", flush=True)
        if ended.returncode:
            print(ended.stdout + ended.stderr)
            return ended.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
