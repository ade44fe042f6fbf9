"""A real SLURM of one node on the loopback interface, without configuration of the system: everything is below one folder."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from stamps.processes import children

__all__ = ["Slurm", "running"]

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
_SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))

#: The node claims to have more than the machine has, so that the jobs of a test never wait for each other.
_CONFIGURATION = """\
ClusterName=loop
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=1,sched_interval=1
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
KillWait=5
NodeName=localhost NodeAddr=127.0.0.1 CPUs=4 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=16000 State=UNKNOWN
PartitionName=open Nodes=localhost Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=localhost MaxTime=1 State=UP
PartitionName=members Nodes=localhost AllowAccounts=physics State=UP
"""


class Slurm:
    """What a test does with SLURM.

    Attributes
    ----------
    environment : dict
        Variables with which its commands, and Dask's, find it.
    """

    def __init__(self, folder):
        self.environment = {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "DASK_JOBQUEUE__SLURM__INTERFACE": "lo",
            "DASK_JOBQUEUE__SLURM__CORES": "1",
            "DASK_JOBQUEUE__SLURM__MEMORY": "2GB",
            "DASK_JOBQUEUE__SLURM__DEATH_TIMEOUT": "20",
            "DASK_JOBQUEUE__SLURM__LOCAL_DIRECTORY": str(folder / "spool"),
            "DASK_JOBQUEUE__SLURM__LOG_DIRECTORY": str(folder / "jobs"),
        }

    def call(self, *command):
        """Standard output of one of SLURM's commands."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout

    def jobs(self):
        """Number -> state of all jobs, those that have ended included."""
        lines = self.call("squeue", "--noheader", "--states=all", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)

    def queued(self):
        """Numbers of the jobs that have not ended."""
        return self.call("squeue", "--noheader", "--format=%i").split()

    def cancel(self, job):
        """Cancel a job as a user does."""
        self.call("scancel", job)

    def processes(self, word):
        """Processes of jobs with a word in their command line: (number, command line, job)."""
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended
                line = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if word in line:
                    pairs = (
                        item.partition("=")
                        for item in (entry / "environ").read_bytes().decode(errors="replace").split("\0")
                    )
                    variables = {name: value for name, _, value in pairs}
                    if variables.get("SLURM_CONF") == self.environment["SLURM_CONF"] and "SLURM_JOB_ID" in variables:
                        yield int(entry.name), line, variables["SLURM_JOB_ID"]


def _missing():
    """Why SLURM cannot be started here; empty if it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "only root can start SLURM's daemons"
    lacking = [name for name in _PROGRAMS if shutil.which(name, path=_SYSTEM_PATH) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed (Debian: slurmctld slurmd slurm-client munge)"
    return ""


def _free_ports(count):
    """Numbers of ports on which nobody listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running():
    """Context in which a SLURM of one node with four cores is there; yields :class:`Slurm`. Skips the test where it cannot be."""
    if reason := _missing():
        pytest.skip(reason)
    # not pytest's folder: MUNGE wants others to be able to enter that of its socket, and the name of a socket must be short
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    folder.chmod(0o755)
    try:
        with contextlib.ExitStack() as stack:
            yield _started(folder, stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder, stack):
    for name in ("state", "spool", "jobs", "secret"):
        (folder / name).mkdir(mode=0o700)
    (folder / "secret" / "key").write_bytes(os.urandom(128))
    (folder / "secret" / "key").chmod(0o600)
    controller, daemon = _free_ports(2)
    configuration = folder / "slurm.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, controller=controller, daemon=daemon))
    slurm = Slurm(folder)
    _daemon(
        stack, folder, "munged", "--foreground", f"--key-file={folder}/secret/key", f"--socket={folder}/munge.socket",
        f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log", f"--seed-file={folder}/secret/seed",
        "--num-threads=2",
    )  # fmt: skip
    _wait_for(lambda: (folder / "munge.socket").exists(), folder)
    _daemon(stack, folder, "slurmctld", "-D", "-f", configuration)
    _daemon(stack, folder, "slurmd", "-D", "-f", configuration, "-N", "localhost")
    _wait_for(lambda: slurm.call("sinfo", "--noheader", "--format=%T").split()[:1] == ["idle"], folder)
    stack.callback(_end_jobs, slurm)
    return slurm


def _daemon(stack, folder, name, *arguments):
    """Start a daemon that ends with the context, and with this process, however that ends."""
    command = children.bound([shutil.which(name, path=_SYSTEM_PATH), *map(str, arguments)])
    output = stack.enter_context(open(folder / f"{name}.output", "wb"))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    stack.callback(_end, process)


def _end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_jobs(slurm):
    """Cancel what a test has left, so that no process of a job outlives the daemons."""
    for job in slurm.queued():
        slurm.cancel(job)
    end = time.monotonic() + 15
    while slurm.queued() and time.monotonic() < end:
        time.sleep(0.1)


def _wait_for(condition, folder):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(subprocess.CalledProcessError):
            if condition():
                return
        time.sleep(0.05)
    said = "".join(path.read_text(errors="replace")[-2000:] for path in sorted(folder.glob("*.output")))
    pytest.fail(f"SLURM did not start: {said}")
