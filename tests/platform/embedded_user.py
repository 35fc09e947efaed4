"""A user of the embedded PostgreSQL: `python embedded_user.py FOLDER`.

Prints the address, stays until its standard input ends, then leaves.
"""

import sys
from pathlib import Path

from mayak.platform.embedded import EmbeddedPostgres


def main(folder: str) -> None:
    postgres = EmbeddedPostgres(Path(folder))
    sys.stdout.write(postgres.start().dsn + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    postgres.release()


if __name__ == "__main__":
    main(sys.argv[1])
