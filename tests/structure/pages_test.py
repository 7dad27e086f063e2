#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests that pages.py can fail: breaks each rule once in a few small pages that are otherwise correct."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
PAGES = Path(__file__).with_name("pages.py")

# A model of the program: accepts one flag, and as a setting a batch of digits.
PROGRAM = r"""#!/bin/sh
case " $* " in
  *" --help "*)
    before=
    for word; do
      [ "$before" = --batch ] || case $word in
        --help|--once|--batch|run|config|check|status|*.toml) ;;
        *) echo "unknown word $word" >&2; exit 2 ;;
      esac
      before=$word
    done
    printf 'Options:\n  --once  Ends\nSettings:\n  --batch NUMBER  Rows\n'
    printf '\nSubcommands:\n  run         Works\n\nExamples:\n  outboxd --once  # all\n' ;;
  *" config check ")
    case $2 in *[!0-9]*) printf 'warning: something else\nnot a number: %s\n' "$2" >&2; exit 2 ;; esac ;;
  *)
    for file; do :; done
    while read -r line; do
      case $line in *"batch = x"*|*/run/secrets*) echo "bad file" >&2; exit 2 ;; esac
    done <"$file" ;;
esac
"""

README = """# thing

- [First part](#first-part)
- [What it's `for`, again](#what-its-for-again)

## First part

See [the other page](docs/other.md#a-heading), [its folder](docs), [a site](https://example.org/#nowhere) and
[a link whose words
go on](docs/other.md). In code nothing is a link: `[x](y)`; `outboxd … --help`; `outboxd status`, `thing.hpp`,
`outboxd_rows_total{stream}` and `dispatcher.batch = 3`.

```sh
export NAME=value                     # not ours
outboxd --batch 5 --once              # the batch's size
printf 'a|b' | sudo outboxd status && ./deploy/run.sh \\
  --fast
```

## What it's `for`, again

```toml
[dispatcher]
url_file = "/run/secrets/url"
```
"""

SOUND = {
    "README.md": README,
    "docs/other.md": "# Other\n\n## A heading\n\n## A heading\n\n<a id=\"own\"></a>\n\n    outboxd run\n\n[up](../README.md)\n",
    "deploy/run.sh": "",
    "lib/config/SETTINGS.md": "| `dispatcher.batch` | 3 |\n",
    "lib/telemetry/metrics.cpp": 'counter("outboxd_rows_total")\n',
}


class PagesTest(unittest.TestCase):
    def run_on(self, changes, program_text=PROGRAM):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "root"
            for name, content in {**SOUND, **changes}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
            program = Path(folder) / "program"
            program.write_text(program_text, encoding="utf-8")
            program.chmod(0o755)
            done = subprocess.run([sys.executable, str(PAGES), str(root), str(program)], capture_output=True, text=True,
                                  check=False)
            return done.returncode, done.stdout + done.stderr

    def assert_fault(self, changes, words, program_text=PROGRAM):
        status, output = self.run_on(changes, program_text)
        self.assertEqual(status, 1, output)
        self.assertIn(words, output)
        self.assertIn("\n1 fault(s)", output)

    def assert_added(self, text, words):
        self.assert_fault({"docs/other.md": SOUND["docs/other.md"] + "\n" + text}, words)

    def assert_sound(self, text):
        self.assertEqual(self.run_on({"docs/other.md": SOUND["docs/other.md"] + "\n" + text}), (0, "0 fault(s)\n"))

    def test_sound_pages_pass(self):
        self.assertEqual(self.run_on({}), (0, "0 fault(s)\n"))

    def test_link_to_no_file(self):
        self.assert_added("[x](nowhere.md)\n", "docs/other.md:13: leads to nowhere.md, which does not exist")

    def test_link_to_no_file_over_two_lines(self):
        self.assert_added("[x\ny](nowhere.md)\n", "leads to nowhere.md")

    def test_link_out_of_the_project(self):
        self.assert_added("[x](../../program)\n", "outside of the project")

    def test_link_to_no_heading(self):
        self.assert_added("[x](../README.md#no-part)\n", "README.md has no heading of that name")
        self.assert_added("[x](#a-heading-2)\n", "docs/other.md has no heading of that name")

    def test_link_to_second_heading_of_a_name_and_to_an_anchor_of_its_own(self):
        self.assert_sound("[x](#a-heading-1) [y](#own)\n")

    def test_heading_in_a_block_of_code_is_none(self):
        self.assert_added("[x](#not-one)\n\n```\n# Not one\n```\n", "no heading of that name")

    def test_picture_that_is_missing(self):
        self.assert_added("![x](x.svg)\n", "leads to x.svg")

    def test_long_readme(self):
        self.assert_fault({"README.md": README + "\n" * (201 - README.count("\n"))}, "README.md: 201 lines, over 200")
        self.assertEqual(self.run_on({"README.md": README + "\n" * (200 - README.count("\n"))})[0], 0)

    def test_readme_without_contents(self):
        self.assert_fault({"README.md": README.replace("- [First part](#first-part)\n", "")
                          .replace("- [What it's `for`, again](#what-its-for-again)\n", "")}, "no table of contents")

    def test_section_that_the_contents_lack(self):
        self.assert_fault({"README.md": README + "\n## Third\n"}, "its table of contents names")

    def test_contents_without_a_section(self):
        status, output = self.run_on({"README.md": README.replace("## First part", "## Part one")})
        self.assertEqual(status, 1)
        self.assertIn("leads to #first-part", output)
        self.assertIn("its table of contents names", output)

    def test_help_whose_example_does_not_parse(self):
        self.assert_fault({}, "outboxd --help: its example `outboxd --onse  # all` does not parse: unknown word --onse",
                          PROGRAM.replace("outboxd --once  #", "outboxd --onse  #"))

    def test_help_without_examples(self):
        self.assert_fault({}, "outboxd --help: does not end with examples", PROGRAM.replace("Examples:", "Others:"))

    def test_unknown_flag(self):
        self.assert_added("```sh\noutboxd run --onse\n```\n", "does not parse: unknown word --onse")

    def test_unknown_subcommand_in_an_indented_block(self):
        self.assert_added("    A=b outboxd stats # a comment\n", "docs/other.md:13: `outboxd stats` does not parse")

    def test_unknown_flag_in_the_text(self):
        self.assert_added("Call `outboxd --what` now.\n", "unknown word --what")
        self.assert_added("| a | b |\n| --- | --- |\n| `outboxd --what` | c |\n", "unknown word --what")

    def test_unknown_flag_in_a_second_line(self):
        self.assert_added("```sh\noutboxd --once \\\n  --what\n```\n", "docs/other.md:14: ")

    def test_bad_value_of_a_setting(self):
        self.assert_added("```sh\noutboxd --batch x\n```\n", "not a number: x")

    def test_script_that_is_missing(self):
        self.assert_added("```sh\n./deploy/walk.sh --far\n```\n", "names ./deploy/walk.sh, which does not exist")

    def test_bad_example(self):
        self.assert_added("```toml\nbatch = x\n```\n", "docs/other.md:14: its example in TOML is refused: bad file")

    def test_unknown_metric(self):
        self.assert_added("`outboxd_cols_total`\n", "names outboxd_cols_total, which the sources don't")

    def test_unknown_setting(self):
        self.assert_added("`dispatcher.badge = 3`\n", "names the setting dispatcher.badge")
        self.assert_sound("`[dispatcher.postgres]`, `lib/dispatcher.hpp`, `a.http.b`\n")


if __name__ == "__main__":
    unittest.main()
