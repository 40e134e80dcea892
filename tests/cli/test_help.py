"""Help with examples that can be typed, shell completion, and ``python -m wetcow``."""

import os
import shlex
import shutil
import subprocess
import sys

import pytest
import typer.main
from typer.testing import CliRunner

import wetcow
from wetcow import cli
from wetcow.cli import app

COMMANDS = typer.main.get_command(app).commands


def run(code, home, **environment):
    """Run a shell script with an empty home, and ``wetcow`` on the path; return its output."""
    folder = home / "bin"
    folder.mkdir(exist_ok=True)
    script = folder / "wetcow"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m wetcow "$@"\n')
    script.chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", code],
        env={
            **os.environ,
            "HOME": str(home),
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


# Known answers


def test_every_command_has_examples():
    assert list(cli.COMMANDS) == list(COMMANDS)
    assert all(module.EXAMPLES for module in cli.COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_examples_that_the_command_takes(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    for line in cli.COMMANDS[name].EXAMPLES:
        assert f"$ {line}\n" in "".join(f"{row.strip()}\n" for row in result.stdout.splitlines())
        program, command, *arguments = shlex.split(line)
        assert (program, command) == ("wetcow", name)
        # Parses and checks what is given; does not run the command.
        COMMANDS[name].make_context(name, arguments)


# Files


@needs_bash
def test_module_is_the_command(tmp_path):
    assert run("wetcow --version", tmp_path).strip() == f"wetcow {wetcow.__version__}"


@pytest.mark.slow
@needs_bash
def test_shell_completion_once_installed(tmp_path):
    # Which shell this is cannot be seen from a test: its name is given.
    said = run(
        "wetcow --install-completion bash",
        tmp_path,
        _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1",
    )
    assert "completion installed" in said
    source = "source ~/.bashrc; complete -p wetcow >&2; _wetcow_completion wetcow\n"
    for typed, wanted in (
        *(("re", "reproduce"), ("learn di", "digits"), ("learn --bud", "--budget")),
        ("reproduce sy", "synchrony"),
    ):
        words = typed.split()
        shell = f"COMP_WORDS=(wetcow {typed}); COMP_CWORD={len(words)}\n{source}"
        found = run(shell + 'echo "${COMPREPLY[@]}"', tmp_path).split()
        assert wanted in found and all(word.startswith(words[-1]) for word in found)
