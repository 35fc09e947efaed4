"""What the command `mayak` calls: a small door in front of heavy imports."""

import gc
import sys


def main() -> None:
    """Run the command line. Ctrl-C is one line even while the program is still loading."""
    try:
        from mayak.entry.cli import main as run

        gc.freeze()  # what was imported stays; looking through it took 0.4 s of every command
        run()
    except KeyboardInterrupt:
        sys.stderr.write("mayak: interrupted\n")
        sys.exit(130)
