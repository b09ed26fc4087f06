from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.supervisor import read_procfile
from tests.installation import ROOT, wait_until

PROGRAM = Path(__file__).parent / "program.py"
SUPERVISE = """
import sys
from pathlib import Path
from scripts.supervisor import Supervisor, read_procfile, stop_with_parent
stop_with_parent()
supervisor = Supervisor(read_procfile(Path("Procfile")))
supervisor.start()
sys.exit(supervisor.wait())
"""


@dataclass
class Run:
    """A supervisor with its programs, in a folder of its own."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str, **programs: str) -> subprocess.Popen[bytes]:
        """Supervise programs (name: kind) until all of them are up; `words` stand before."""
        lines = [f"{n}: exec {sys.executable} {PROGRAM} {n} {k}\n" for n, k in programs.items()]
        (self.folder / "Procfile").write_text("".join(lines))
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*words, sys.executable, "-c", SUPERVISE],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        assert wait_until(lambda: self.are_up(*programs), seconds=30, pause=0.05), self.said()
        return process

    def are_up(self, *names: str) -> bool:
        """Return whether every program of these names has written its number."""
        return all((self.folder / f"{name}.pid").exists() for name in names)

    def pid(self, name: str) -> int:
        """Return the number of the program's process."""
        return int((self.folder / f"{name}.pid").read_text())

    def lives(self, name: str) -> bool:
        """Return whether the program's process is there, and no mere remainder."""
        try:
            status = Path(f"/proc/{self.pid(name)}/stat").read_text()
        except OSError:
            return False
        return status.rpartition(")")[2].split()[0] != "Z"

    def has_finished(self, name: str) -> bool:
        """Return whether the program came to the end of its work."""
        return (self.folder / f"{name}.finished").exists()

    def said(self) -> str:
        """Return what the supervisor printed."""
        return (self.folder / "log").read_text()

    def stop_all(self) -> None:
        """End whatever is left."""
        for process in self.processes:
            process.kill()
            process.wait()
        for path in self.folder.glob("*.pid"):
            if self.lives(path.stem):
                os.kill(self.pid(path.stem), signal.SIGKILL)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.stop_all()


class ProcfileTests:
    def test_names_and_commands_keep_their_order(self, tmp_path: Path) -> None:
        path = tmp_path / "Procfile"
        path.write_text("# the site\nweb: exec serve --at 127.0.0.1:80\n\njobs: exec work\n")

        assert list(read_procfile(path).items()) == [
            ("web", "exec serve --at 127.0.0.1:80"),
            ("jobs", "exec work"),
        ]

    @pytest.mark.parametrize("name", ["Procfile", "Procfile.dev"])
    def test_every_process_of_ours_takes_the_place_of_its_shell(self, name: str) -> None:
        commands = read_procfile(ROOT / name)

        assert list(commands) == ["web", "jobs"]
        assert all(command.startswith("exec ") for command in commands.values())


@pytest.mark.slow
class SupervisorTests:
    def test_a_killed_process_is_named_and_stops_the_rest(self, run: Run) -> None:
        supervisor = run.start(web="polite", jobs="polite")
        pid = run.pid("jobs")

        os.kill(pid, signal.SIGKILL)

        assert supervisor.wait(timeout=30) == 1
        assert run.said() == (
            f"hafiportrait: the process 'jobs' ({pid}) was killed by SIGKILL; stopping everything\n"
        )
        assert run.has_finished("web")

    def test_a_process_that_ends_by_itself_is_named_too(self, run: Run) -> None:
        supervisor = run.start(web="polite", jobs="polite")
        pid = run.pid("web")

        os.kill(pid, signal.SIGTERM)

        assert supervisor.wait(timeout=30) == 1
        assert run.said() == (
            f"hafiportrait: the process 'web' ({pid}) ended with exit code 0; stopping everything\n"
        )
        assert run.has_finished("jobs")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_a_wish_to_stop_lets_all_finish_their_work(
        self, number: signal.Signals, run: Run
    ) -> None:
        supervisor = run.start(web="polite", jobs="polite")

        supervisor.send_signal(number)

        assert supervisor.wait(timeout=30) == 0
        assert run.has_finished("web")
        assert run.has_finished("jobs")

    def test_the_children_of_a_killed_process_go_with_it(self, run: Run) -> None:
        supervisor = run.start(web="polite", jobs="parent")
        assert wait_until(lambda: run.are_up("jobs-child"), seconds=30, pause=0.05)

        os.kill(run.pid("jobs"), signal.SIGKILL)

        assert supervisor.wait(timeout=30) == 1
        assert not run.lives("jobs-child")

    def test_only_the_first_process_of_a_group_is_told_to_stop(self, run: Run) -> None:
        supervisor = run.start(jobs="parent")
        assert wait_until(lambda: run.are_up("jobs-child"), seconds=30, pause=0.05)

        supervisor.terminate()
        supervisor.wait(timeout=30)

        assert run.has_finished("jobs")
        assert not run.has_finished("jobs-child")

    def test_a_second_ctrl_c_stops_at_once(self, run: Run) -> None:
        supervisor = run.start(web="deaf")

        supervisor.send_signal(signal.SIGINT)
        time.sleep(1.2)
        supervisor.send_signal(signal.SIGINT)

        assert supervisor.wait(timeout=30) == 0
        assert not run.lives("web")

    def test_nobody_outlives_a_killed_supervisor(self, run: Run) -> None:
        supervisor = run.start(web="polite", jobs="polite")

        supervisor.kill()

        assert wait_until(lambda: run.has_finished("web"), seconds=30, pause=0.05)
        assert wait_until(lambda: run.has_finished("jobs"), seconds=30, pause=0.05)

    def test_nobody_outlives_a_killed_make(self, run: Run) -> None:
        make = run.start("sh", "-c", '"$@"; exit', "make", web="polite")

        make.kill()

        assert wait_until(lambda: run.has_finished("web"), seconds=30, pause=0.05)
