#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if the documentation is wrong: pages.py ROOT OUTBOXD. pages_test.py breaks each rule once.

- Every relative link of every *.md page leads to an existing file or folder, and its anchor to a heading there.
- README.md has at most MAX_README lines and a table of contents, whose entries are its headings, in their order.
- The program OUTBOXD accepts every `outboxd …` command in shell blocks and in code within the text.
- The help of each command of OUTBOXD ends with examples, which the program accepts.
- Every example in TOML passes `outboxd config check`.
- Every script of the project that a shell block runs exists.
- Every metric (`outboxd_…`) and every setting (`section.key`) in code within the text exists.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

MAX_README = 200
SKIPPED = {".git", "build"}

FENCE = re.compile(r"^\s*(```+|~~~+)\s*(\S*)\s*$")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
ID = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")
SHELLS = {"sh", "bash", "shell", "console"}
SCRIPT = re.compile(r"^(?:\./)?((?:deploy|tests|\.ci|systemd)/\S+)$")
FLAG_LINE = re.compile(r"^\s+(--[a-z-]+) (\S+)", re.MULTILINE)
COMMAND_LINE = re.compile(r"^\s+([a-z][a-z-]*)  ", re.MULTILINE)
METRIC = re.compile(r"\boutboxd_[a-z][a-z_0-9]*[a-z0-9]\b")
SETTING = re.compile(r"(?<![\w./\[-])(?:postgres|redis|signing|dispatcher|http|log)\.(?!hpp|cpp|sh)[a-z_]+\b(?![\w./(-])")
SETTINGS_PAGE = "lib/config/SETTINGS.md"
SOURCES = ("lib", "daemon", "migrations")
# Options that are not passed to `config check`. It checks the values of all others, as --help accepts any value.
NOT_FOR_CHECK = {"--config", "--dispatcher", "--timeout"}


class Page:
    """A Markdown page: its lines of text, its blocks of code, its headings and anchors."""

    def __init__(self, text):
        self.text, self.blocks, self.headings, self.anchors = [], [], [], set()
        seen, inside = {}, None
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            fence = FENCE.match(line)
            if inside is not None:
                if fence and fence.group(1).startswith(inside) and not fence.group(2):
                    inside = None
                else:
                    self.blocks[-1][2].append(line)
                continue
            if fence:
                inside = fence.group(1)
                self.blocks.append((fence.group(2), number + 1, []))
                continue
            if line.startswith("    ") and (number == 1 or self._continues(lines, number)):
                self._indented(number, line[4:], lines)
                continue
            self.text.append((number, line))
            self.anchors.update(ID.findall(line))
            heading = HEADING.match(line)
            if heading:
                slug = slug_of(heading.group(2))
                count = seen.get(slug, 0)
                seen[slug] = count + 1
                self.headings.append((len(heading.group(1)), plain(heading.group(2)), number))
                self.anchors.add(slug if count == 0 else f"{slug}-{count}")

    def _continues(self, lines, number):
        """An indented line is code after a blank line or after code; otherwise it belongs to a list or paragraph."""
        before = lines[number - 2]
        return not before.strip() or (self.blocks and self.blocks[-1][0] == "indented" and before.startswith("    "))

    def _indented(self, number, line, lines):
        if not lines[number - 2].startswith("    ") or not self.blocks or self.blocks[-1][0] != "indented":
            self.blocks.append(("indented", number, []))
        self.blocks[-1][2].append(line)

    def shell_lines(self):
        """(line number, command line) of shell blocks; a backslash at the end joins a line with the next."""
        for language, first, lines in self.blocks:
            if language not in SHELLS and language != "indented":
                continue
            whole, start = "", first
            for number, line in enumerate(lines, first):
                if not whole:
                    start = number
                if line.endswith("\\"):
                    whole += line[:-1] + " "
                    continue
                yield start, whole + line
                whole = ""

    def code_in_text(self):
        """(line number, code) of `code` within paragraphs and tables, also over several lines."""
        paragraph = []
        for number, line in self.text + [(0, "")]:
            if paragraph and (number != paragraph[-1][0] + 1 or not line.strip() or line.startswith("|")):
                text = "\n".join(part for _, part in paragraph)
                for found in CODE.finditer(text):
                    at = paragraph[0][0] + text.count("\n", 0, found.start())
                    yield at, found.group(2).replace("\\|", "|").replace("\n", " ").strip()
                paragraph = []
            paragraph.append((number, line))


def plain(heading):
    """A heading's text, without links and code marks."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")


def slug_of(heading):
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", plain(heading).lower()).replace(" ", "-")


def pages_under(root):
    for path in sorted(root.rglob("*.md")):
        if not SKIPPED.intersection(path.relative_to(root).parts[:-1]):
            yield path


def links_of(page):
    for number, line in page.text:
        for target in LINK.findall(re.sub(r"(`+).+?\1", "``", line)):
            yield number, target
    # A link whose text continues in the next line.
    for (number, line), (_, following) in zip(page.text, page.text[1:]):
        joined = re.sub(r"(`+).+?\1", "``", f"{line}\0{following}")
        for found in LINK.finditer(joined):
            if "\0" in found.group(0):
                yield number, found.group(1)


def check_links(root, pages):
    for path, page in pages.items():
        for number, target in links_of(page):
            place = f"{path.relative_to(root)}:{number}"
            if SCHEME.match(target):
                continue
            name, _, anchor = target.partition("#")
            aim = (path.parent / name).resolve() if name else path
            if not aim.exists():
                yield f"{place}: leads to {target}, which does not exist"
            elif root not in aim.parents and aim != root:
                yield f"{place}: leads to {target}, which is outside of the project"
            elif anchor and aim.suffix != ".md":
                yield f"{place}: leads to {target}, but only anchors in *.md pages are known"
            elif anchor and anchor not in pages[aim].anchors:
                yield f"{place}: leads to {target}, but {aim.relative_to(root)} has no heading of that name"


def check_readme(root, pages):
    path = root / "README.md"
    if path not in pages:
        yield "README.md: is missing"
        return
    lines = path.read_text(encoding="utf-8").count("\n")
    if lines > MAX_README:
        yield f"README.md: {lines} lines, over {MAX_README}: move what is not for a first sitting to another page"
    page = pages[path]
    headings = [(slug_of(words), number) for level, words, number in page.headings if level == 2]
    first = headings[0][1] if headings else lines + 1
    listed = [target[1:] for number, target in links_of(page) if number < first and target.startswith("#")]
    if not listed:
        yield "README.md: has no table of contents before its first section"
    elif listed != [slug for slug, _ in headings]:
        yield f"README.md: its table of contents names {listed}, its sections are {[slug for slug, _ in headings]}"


class Program:
    """The documented program, called without the environment and without side effects."""

    def __init__(self, binary):
        self.binary = str(binary)
        self.settings = {flag: kind for flag, kind in FLAG_LINE.findall(self._run(["--help"]).stdout.split("Settings:")[-1])}

    def _run(self, words, environment=None):
        # Of the caller's environment only the variables that a sanitizer's build needs.
        sanitizers = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        return subprocess.run([self.binary, *words], capture_output=True, text=True, check=False,
                              env={**sanitizers, **(environment or {})}, stdin=subprocess.DEVNULL, timeout=60)

    def helps(self, command=()):
        """(words, help) of a command and of its subcommands, except the default one, which has the program's help."""
        text = self._run([*command, "--help"]).stdout
        if command and text == self._run(["--help"]).stdout:
            return
        yield command, text
        _, _, below = text.partition("\nSubcommands:\n")
        for name in COMMAND_LINE.findall(below.split("\n\n")[0]):
            yield from self.helps((*command, name))

    def fault_of(self, words):
        """The error for a command's words (without the program's name); None if they are accepted."""
        done = self._run([*words, "--help"])
        if done.returncode != 0:
            return (done.stderr or done.stdout).strip().split("\n")[0]
        given = []
        for word, following in zip(words, [*words[1:], ""]):
            flag, equals, _ = word.partition("=")
            if flag in self.settings and flag not in NOT_FOR_CHECK and not flag.endswith("-file"):
                given += [word] if equals else [word, following]
        return self.fault_of_settings(given) if given else None

    def fault_of_settings(self, words, file=None, folder=None):
        environment = {"DATABASE_URL": "postgresql:///app", "STREAMS_HMAC_KEY": "5f3c" * 16}
        if file is not None:
            text, environment = self._with_files(file, environment, folder)
            path = Path(folder) / "outboxd.toml"
            path.write_text(text, encoding="utf-8")
            words = [*words, "config", "check", str(path)]
        else:
            words = [*words, "config", "check"]
        done = self._run(words, environment)
        problems = [line for line in (done.stderr + done.stdout).split("\n") if line and not line.startswith("warning")]
        return problems[0] if done.returncode != 0 and problems else None

    @staticmethod
    def _with_files(text, environment, folder):
        """Replaces the files of secrets in an example, which exist only on other machines."""
        contents = {"key_file": "5f3c" * 16, "bearer_file": "b" * 32, "password_file": "p" * 32}
        section = ""
        lines = []
        for line in text.split("\n"):
            header = re.match(r"\s*\[+([^\]]+)\]+", line)
            section = header.group(1) if header else section
            named = re.match(r"\s*(\w+_file)\s*=\s*\"[^\"]*\"", line)
            if named:
                url = "redis://127.0.0.1" if section.endswith("redis") else "postgresql:///app"
                path = Path(folder) / f"{len(lines)}.secret"
                path.write_text(contents.get(named.group(1), url), encoding="utf-8")
                path.chmod(0o600)
                line = f'{named.group(1)} = "{path}"'
            lines.append(line)
        text = "\n".join(lines)
        if re.search(r"^\s*(\[postgres\]|\[dispatcher\.postgres\])", text, re.MULTILINE) and "[[dispatcher]]" not in text:
            environment = {name: value for name, value in environment.items() if name != "DATABASE_URL"}
        if "[signing]" in text:
            environment = {name: value for name, value in environment.items() if name != "STREAMS_HMAC_KEY"}
        return text, environment


def commands_of(line):
    """The simple commands of a shell line, each a list of words."""
    line = re.sub(r"^\s*\$\s+", "", line)
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words = []
    for word in lexer:
        if word.startswith("#"):
            break
        if word in ("<", ">", ">>"):
            next(lexer, None)
            continue
        if set(word) <= set("|&;"):
            yield words
            words = []
        else:
            words.append(word)
    yield words


def program_words(words):
    """The words after `outboxd`, also after sudo and assignments; None for another command."""
    while words and (re.match(r"^[A-Za-z_]\w*=", words[0]) or words[0] in ("sudo", "nice", "exec")):
        words = words[1:]
    return words[1:] if words and words[0] == "outboxd" else None


def check_commands(root, pages, program):
    faults = {}  # by command, as the same command is in many places
    for path, page in pages.items():
        lines = list(page.shell_lines())
        # In the text `outboxd` alone and `outboxd …` are no commands.
        lines += [(number, code) for number, code in page.code_in_text() if re.match(r"outboxd (?!…)", code)]
        for number, line in lines:
            place = f"{path.relative_to(root)}:{number}"
            try:
                commands = [words for words in commands_of(line) if words]
            except ValueError as error:
                if "outboxd" in line:
                    yield f"{place}: is no command line ({error}): {line.strip()}"
                continue
            for words in commands:
                ours = program_words(words)
                if ours is not None:
                    key = tuple(ours)
                    if key not in faults:
                        faults[key] = program.fault_of(ours)
                    if faults[key]:
                        yield f"{place}: `outboxd {' '.join(ours)}` does not parse: {faults[key]}"
                else:
                    yield from check_scripts(root, place, words)


def check_help(program):
    for command, text in program.helps():
        place = " ".join(["outboxd", *command, "--help"])
        _, _, examples = text.partition("\nExamples:\n")
        if not examples.strip():
            yield f"{place}: does not end with examples"
        for line in examples.strip().split("\n"):
            for words in commands_of(line):
                ours = program_words(words)
                fault = program.fault_of(ours) if ours is not None else None
                if fault:
                    yield f"{place}: its example `{line.strip()}` does not parse: {fault}"


def check_scripts(root, place, words):
    for word in words:
        script = SCRIPT.match(word)
        if script and "…" not in word and not (root / script.group(1)).exists():
            yield f"{place}: names {word}, which does not exist"


def check_examples(root, pages, program):
    for path, page in pages.items():
        for language, number, lines in page.blocks:
            if language != "toml":
                continue
            with tempfile.TemporaryDirectory() as folder:
                fault = program.fault_of_settings([], "\n".join(lines) + "\n", folder)
            if fault:
                yield f"{path.relative_to(root)}:{number}: its example in TOML is refused: {fault}"


def check_names(root, pages):
    sources = ""
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".cpp", ".hpp", ".sql"}:
                sources += path.read_text(encoding="utf-8")
    metrics = set(METRIC.findall(sources))
    settings_page = root / SETTINGS_PAGE
    if not settings_page.is_file():
        yield f"{SETTINGS_PAGE}: is missing"
        return
    settings = set(re.findall(r"^\| `([a-z_.]+)` \|", settings_page.read_text(encoding="utf-8"), re.MULTILINE))
    for path, page in pages.items():
        for number, code in page.code_in_text():
            place = f"{path.relative_to(root)}:{number}"
            for name in METRIC.findall(code):
                if name not in metrics:
                    yield f"{place}: names {name}, which the sources don't"
            for name in SETTING.findall(code):
                if name not in settings:
                    yield f"{place}: names the setting {name}, which {SETTINGS_PAGE} doesn't list"


def faults(root, binary):
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in pages_under(root)}
    program = Program(binary)
    yield from check_links(root, pages)
    yield from check_readme(root, pages)
    yield from check_commands(root, pages, program)
    yield from check_help(program)
    yield from check_examples(root, pages, program)
    yield from check_names(root, pages)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: pages.py ROOT OUTBOXD")
    found = list(faults(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
    for fault in found:
        print(fault)
    print(f"{len(found)} fault(s)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
