"""The product with a worker, and the dashboard's development server beside it, until Ctrl-C."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def main() -> int:
    mayak = subprocess.Popen([f"{BIN}/mayak", "up"], cwd=ROOT)
    web = subprocess.Popen([sys.executable, "scripts/web.py", "dev"], cwd=ROOT)
    try:
        return mayak.wait()
    except KeyboardInterrupt:
        return 130
    finally:
        for process in (web, mayak):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
