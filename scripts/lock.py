"""Compile the locks: exact versions and hashes for every platform, and no addresses inside."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = (
    "--quiet", "--universal", "--generate-hashes", "--no-header", "--no-emit-index-url",
    "--no-emit-find-links", "--no-annotate", "--python-version", "3.11",
)  # fmt: skip


def compile_lock(name: str, *what: str) -> None:
    output = ROOT / "requirements" / name
    command = ["uv", "pip", "compile", *COMMON, *what, *sys.argv[1:], "-o", str(output)]
    subprocess.run(command, cwd=ROOT, check=True)
    print(f"wrote {output.relative_to(ROOT)}")


if __name__ == "__main__":
    compile_lock("app.txt", "pyproject.toml")
    compile_lock("dev.txt", "--group", "dev", "-c", "requirements/app.txt")
    compile_lock("node.txt", "--group", "node")
