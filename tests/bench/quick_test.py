#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmark with small figures and checks that every section measures something.

quick_test.py BENCH PART PARTS: sections in turn, the first to part 1, so that the parts may run at the same time.

No speed is judged: that takes a quiet machine.
"""
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

# The text in a row for a feature that the daemon or the table doesn't have.
MAY_BE_ABSENT = "not there"


def faults(report, sections, markdown):
    if not report["facts"]:
        yield "no facts about the machine"
    for name in sections:
        rows = report["sections"].get(name)
        if not rows:
            yield f"section {name} is missing or empty"
            continue
        for row in rows:
            if MAY_BE_ABSENT in row.values():
                continue
            quantities = [cell for cell in row.values() if isinstance(cell, dict)]
            if not quantities:
                yield f"{name}: a row without any quantity: {row}"
            for cell in quantities:
                if not cell["values"] or not all(isinstance(x, (int, float)) and math.isfinite(x) for x in cell["values"]):
                    yield f"{name}: not a measurement: {cell} in {row}"
            for key, cell in row.items():
                if key.endswith("rows_per_second") and isinstance(cell, dict) and cell["median"] <= 0:
                    yield f"{name}: {key} is {cell['median']} in {row}"
    tables = markdown.count("\n| --- |")
    if tables != len(sections):
        yield f"{tables} tables in Markdown for {len(sections)} sections"


def main():
    bench, part, parts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sections = subprocess.run([bench, "--list"], check=True, capture_output=True, text=True).stdout.split()
    if len(sections) < 8:
        sys.exit(f"only {len(sections)} sections: {sections}")
    sections = sections[part - 1 :: parts]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        run = subprocess.run([bench, "--quick", "--only", ",".join(sections), "--json", file], stdout=subprocess.PIPE, text=True)
        if run.returncode != 0:
            sys.exit(f"bench --quick ended with {run.returncode}")
        report = json.loads(file.read_text(encoding="utf-8"))
    print(run.stdout)
    found = list(faults(report, sections, run.stdout))
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
