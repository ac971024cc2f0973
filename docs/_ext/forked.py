"""Kernels and commands that are forked from a process which has imported what most pages import: they begin with it."""

import gc
import io
import json
import logging
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import Any

from jupyter_client.manager import AsyncKernelManager


class _Kernel:
    """A process as jupyter-client wants it; its parent is the server, who does not say how it ended."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self) -> int:
        while (status := self.poll()) is None:
            time.sleep(0.05)
        return status

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@contextmanager
def managers() -> Iterator[type[AsyncKernelManager]]:
    """Yield a class of managers whose kernels are forked from a server, which ends with the block.

    Elsewhere than on Linux, where libraries may not bear a fork, and for a kernel of another Python, it is a process
    of its own as ever.
    """
    if sys.platform != "linux":
        yield AsyncKernelManager
        return
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    # Not in our group: after Ctrl-C it lives until its kernels have been ended by who began them.
    with subprocess.Popen([sys.executable, __file__], start_new_session=True, **pipes) as server:
        lock = Lock()

        class Forking(AsyncKernelManager):
            async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
                python, *options = kernel_cmd
                if python != sys.executable or "ipykernel_launcher" not in options:
                    await super()._async_launch_kernel(kernel_cmd, **kw)
                    return
                arguments = options[options.index("ipykernel_launcher") + 1 :]
                with lock:
                    print(json.dumps([arguments, str(kw["cwd"]), dict(kw["env"])]), file=server.stdin, flush=True)
                    if not (answer := server.stdout.readline()):
                        raise RuntimeError("the process that kernels are forked from has ended, see what it printed")
                pid = int(answer)
                local = self.provisioner
                local.process, local.pid, local.pgid, local.cwd = _Kernel(pid), pid, pid, kw["cwd"]
                self._reconcile_connection_info(local.connection_info)

        yield Forking


def printed(module: str, arguments: list[str], folder: str) -> tuple[int, str]:
    """Return the exit status of ``python -m module ...`` in a folder, and all that it prints.

    On Linux it is a fork of us, elsewhere a process of its own.
    """
    if sys.platform != "linux":
        command = [sys.executable, "-m", module, *arguments]
        utf8 = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
        done = subprocess.run(command, cwd=folder, env=utf8, **streams)
        return done.returncode, done.stdout
    with tempfile.TemporaryFile() as file:
        if (pid := os.fork()) == 0:
            _become_a_command(module, arguments, folder, file.fileno())
        _, status = os.waitpid(pid, 0)
        file.seek(0)
        return os.waitstatus_to_exitcode(status), file.read().decode()


def _become_a_command(module: str, arguments: list[str], folder: str, file: int) -> None:
    """Be ``python -m module ...``, which prints into a file, and end."""
    status = 1
    try:
        logging.captureWarnings(False)  # which the builder of pages has for itself
        os.chdir(folder)
        for name, number in (("stdout", 1), ("stderr", 2)):
            os.dup2(file, number)
            stream = io.TextIOWrapper(io.BufferedWriter(io.FileIO(number, "w", closefd=False)), "utf-8")
            vars(sys).update({name: stream, f"__{name}__": stream})
        sys.path.insert(0, folder)
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # what the builder does at its end is not for us to do


def _serve() -> None:
    """Import, and fork for each line that is read; the number of the process is the answer."""
    del sys.path[0]  # this folder: a kernel has its own
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as a kernel does, but sooner
    for name in ("ipykernel.kernelapp", "matplotlib.pyplot", "scipy.stats", "sklearn.datasets"):
        import_module(name)
    rac_theory = import_module("rac_theory")
    for name in rac_theory.__all__:
        getattr(rac_theory, name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who has ended is gone, and nobody has to wait for it
    for line in sys.stdin:
        if pid := os.fork():
            print(pid, flush=True)
        else:
            _become_a_kernel(*json.loads(line))
            return


def _become_a_kernel(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be what ``python -m ipykernel_launcher`` is in this folder and this environment, until the end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["ipykernel_launcher", *arguments]
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"  # it ends when the server does
    import_module("ipykernel.kernelapp").launch_new_instance([*arguments, parent])


if __name__ == "__main__":
    _serve()
