#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs completions in the shell itself, and the manual page through groff: reference.py OUTBOXD bash|zsh|fish|groff.

Ends with 77 if the tool is not installed, which CTest shows as skipped.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NOT_INSTALLED = 77

# A line up to the cursor, words that are offered there, and words that are not.
LINES = [
    ("outboxd ", {"run", "status", "dead", "completion"}, {"list", "--json", "a file"}),
    ("outboxd st", {"status", "streams"}, {"dead"}),
    ("outboxd dead ", {"list", "show", "requeue", "discard"}, {"status"}),
    ("outboxd --batch 3 --json dead l", {"list"}, {"show"}),
    ("outboxd --config run dead ", {"list"}, {"status"}),
    ("outboxd --mode=dev dead ", {"list"}, {"status"}),
    ("outboxd dead list --", {"--stream", "--json", "--config", "--batch", "--help"}, {"--once", "--reason", "list"}),
    ("outboxd --", {"--once", "--timeout", "--version", "--config"}, {"--json", "--reason"}),
    ("outboxd run --o", {"--once"}, {"--config"}),
    ("outboxd help --", {"--help"}, {"--config", "--batch"}),
    ("outboxd --mode ", {"dev", "rc", "stable"}, {"status"}),
    ("outboxd status --layout=ev", {"event_outbox"}, {"caracal_outbox", "custom"}),
    ("outboxd --dispatcher ", set(), {"status", "run", "a file"}),
    ("outboxd dead list --stream ", set(), {"list", "--json", "a file"}),
    ("outboxd --config ", {"a file"}, {"status"}),
    ("outboxd config check a", {"a file"}, {"show"}),
    ("outboxd completion ", {"bash", "zsh", "fish"}, {"status"}),
    ("outboxd help ", {"status", "dead"}, {"list"}),
]

BASH = r"""
source "$1"
[[ $(complete -p outboxd) == *'-F _outboxd outboxd' ]] || exit 1
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
_outboxd
printf '%s\n' "${COMPREPLY[@]}"
"""
# What belongs to zsh's completion system prints what it gets.
ZSH = r"""
compdef() { [[ $* == '_outboxd outboxd' ]] || exit 1 }
_describe() { local item; for item in ${(P)@[-1]}; do print -r -- "${item%%:*}"; done }
compadd() { [[ $1 == -a ]] && print -rl -- ${(P)2} }
compset() { [[ $* == '-P *=' ]] || exit 1; }
_files() { print -r -- 'a file' }
source "$1"
words=("${@:2}") CURRENT=$(($# - 1))
_outboxd
"""
FISH = "source $argv[1]; complete -C $argv[2]"


def words_of_bash(line):
    """As bash splits a line for completion: an equals sign is a word of its own."""
    words = []
    for word in line.split(" "):
        words += [part for part in re.split(r"(=)", word) if part] or [""]
    return words + [""] if line.endswith("=") else words


def offers(shell, script, line, folder):
    """The words that begin with the one before the cursor."""
    last = line.split(" ")[-1]
    if shell == "bash":
        command = ["bash", "--norc", "-c", BASH, "bash", script, *words_of_bash(line)]
    elif shell == "zsh":
        command = ["zsh", "-fc", ZSH, "zsh", script, *line.split(" ")]
    else:
        command = ["fish", "-N", "-c", FISH, script, line]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False,
                          env={**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder})
    if done.stderr:
        sys.exit(f"{shell} says about `{line}`:\n{done.stderr}")
    words = {re.sub(r"^--[a-z-]+=", "", word.split("\t")[0]) for word in done.stdout.split("\n") if word}
    return {word for word in words if word.startswith(last.split("=")[-1])}


def check_shell(shell, script, folder):
    syntax = ["fish", "--no-execute", script] if shell == "fish" else [shell, "-n", script]
    subprocess.run(syntax, check=True, timeout=60)
    (Path(folder) / "a file").touch()
    faults = 0
    for line, offered, not_offered in LINES:
        found = offers(shell, script, line, folder)
        wrong = (offered - found) | (found & not_offered)
        if wrong:
            faults += 1
            print(f"`{line}`: wrong about {sorted(wrong)}; offered: {sorted(found)}")
    print(f"{len(LINES)} lines, {faults} fault(s)")
    return 1 if faults else 0


def check_manual(page):
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", page], capture_output=True, text=True, timeout=60, check=False)
    text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
    missing = [word for word in ("NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO", "outboxd dead discard",
                                 "--older-than", "'WRONGTYPE'", "outboxd manual | man -l -") if word not in text]
    print(done.stderr, end="")
    print(f"missing: {missing}")
    return 1 if done.stderr or done.returncode or missing else 0


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: reference.py OUTBOXD bash|zsh|fish|groff")
    program, tool = str(Path(sys.argv[1]).resolve()), sys.argv[2]
    if shutil.which(tool) is None:
        print(f"not checked: {tool} is not installed (deploy/packages.sh tests)")
        return NOT_INSTALLED
    words = ["manual"] if tool == "groff" else ["completion", tool]
    made = subprocess.run([program, *words], capture_output=True, text=True, timeout=60, check=True).stdout
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as scripts:
        script = Path(scripts) / "script"
        script.write_text(made, encoding="utf-8")
        return check_manual(str(script)) if tool == "groff" else check_shell(tool, str(script), folder)


if __name__ == "__main__":
    sys.exit(main())
