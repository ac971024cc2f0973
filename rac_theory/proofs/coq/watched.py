"""A program of its own: it lets coqc read one file in an empty folder, and ends it when whoever asked is gone.

What it is told comes by its standard input, which stays open as long as somebody waits for the answer. So no coqc
outlives a Python that was killed, on any system, and nothing that lies about can stand for a library of Coq.
"""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FILE = "claim.v"
"""What coqc calls the file that it reads."""


def main() -> None:
    """Read a file, and print as JSON the status of coqc and what it said, or what has failed beside it."""
    coqc, size, seconds = sys.argv[1:]
    script = b""
    while len(script) < int(size):
        if not (more := os.read(0, int(size) - len(script))):
            return
        script += more
    try:
        reply = _reply(coqc, script, float(seconds))
    except OSError as error:
        reply = {"failed": str(error)}
    with suppress(BrokenPipeError):  # nobody waits
        print(json.dumps(reply), flush=True)
    os._exit(0)  # a thread still reads


def _reply(coqc: str, script: bytes, seconds: float) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name != "COQPATH"}
    with TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_bytes(script)
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([coqc, "-q", FILE], cwd=folder, env=environment, **pipes)
        threading.Thread(target=_end_with_the_input, args=(process,), daemon=True).start()
        try:
            output, error = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {"failed": f"nothing was said within {seconds:g} s"}
    status = process.returncode
    return {"status": status, "output": output.decode(errors="replace"), "error": error.decode(errors="replace")}


def _end_with_the_input(process: "subprocess.Popen[bytes]") -> None:
    os.read(0, 1)  # nothing more comes: it returns when the other end is closed, by whom or by whose end ever
    process.kill()


if __name__ == "__main__":
    main()
