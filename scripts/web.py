"""Run one of the dashboard's npm scripts, with the Node that setup found or installed."""

import os
import subprocess
import sys

from setup import WEB, node_environment  # type: ignore[import-not-found]  # its neighbour


def npm(script: str) -> list[str]:
    """The command of an npm script; its environment is `node_environment()`."""
    return ["npm", "run", "--silent", script]


if __name__ == "__main__":
    environment = os.environ | node_environment()
    raise SystemExit(
        subprocess.run(npm(sys.argv[1]), cwd=WEB, env=environment, check=False).returncode
    )
