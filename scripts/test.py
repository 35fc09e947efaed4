"""All tests: Python on real parts, then the dashboard's own. Arguments go to pytest."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    web = subprocess.run([sys.executable, "scripts/web.py", "test"], cwd=ROOT, check=False)
    python = subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT, check=False)
    return web.returncode or python.returncode


if __name__ == "__main__":
    raise SystemExit(main())
