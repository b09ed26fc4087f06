"""A plugin for CI: `-p tests.no_skips --no-skips` makes a skipped test a failure of the run.

A test that is skipped where everything is installed has quietly stopped to prove anything.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--no-skips", action="store_true", help="fail if any test was skipped")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run; with several processes only the one that gathers the reports does."""
    if config.getoption("no_skips") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(NoSkips())


class NoSkips:
    """Gathers what was skipped or expected to fail, and fails the run for it."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a whole file that skips itself."""
        if report.skipped:
            self.found.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that was skipped or expected to fail."""
        if report.skipped or hasattr(report, "wasxfail"):
            self.found.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a green run into a failed one."""
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what was found."""
        for nodeid in self.found:
            terminalreporter.write_line(f"not run: {nodeid}", red=True)
