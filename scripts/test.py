"""All tests: the dashboard's own, then Python on real parts.

What is held to seconds or kills processes runs alone afterwards: beside other tests on two
cores its bounds would measure the neighbours.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALONE = "chaos or acceptance or browser"


def run(*command: str) -> int:
    return subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", default="4", help="how many tests run side by side")
    workers = parser.parse_args().n
    results = (
        run("scripts/web.py", "test"),
        run("-m", "pytest", "-n", workers, "-m", f"not ({ALONE})"),
        run("-m", "pytest", "-m", ALONE, "--durations=8"),
    )
    return max(results)


if __name__ == "__main__":
    raise SystemExit(main())
