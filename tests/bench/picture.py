#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws rows a second over the backlog's size from the benchmark's JSON: picture.py REPORT.json PICTURE.svg

Needs gnuplot (Debian: gnuplot-nox).
"""
import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
set terminal svg size 860,480 font 'sans-serif,14' background rgb 'white'
set output {output}
set title {title}
set xlabel 'rows in the backlog'
set ylabel 'rows/s'
set logscale x 10
set xrange [{lowest}:{highest}]
set yrange [0:*]
set format y "%'.0f"
set xtics ({tics})
set grid ytics linecolor rgb '#dddddd'
set border 3
set tics nomirror
set key bottom left
set style line 1 linecolor rgb '#1b6ca8' linewidth 2 pointtype 7 pointsize 0.7
set style line 2 linecolor rgb '#c1441e' linewidth 2 pointtype 5 pointsize 0.7
$alone << EOD
{alone}
EOD
$held << EOD
{held}
EOD
plot $alone using 1:2:3:4 with yerrorlines linestyle 1 title 'table alone', \\
     $held using 1:2:3:4 with yerrorlines linestyle 2 title 'another session holds an old snapshot'
"""


def text(value):
    """As a string of gnuplot's."""
    return "'" + value.replace("'", "''") + "'"


def points(rows):
    lines = []
    for row in sorted(rows, key=lambda row: row["rows"]):
        rate = row["rows_per_second"]
        lines.append(f"{row['rows']} {rate['median']} {rate['min']} {rate['max']}")
    return "\n".join(lines)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: picture.py REPORT.json PICTURE.svg")
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rows = report["sections"].get("flat")
    if not rows:
        sys.exit("the report has no section flat: run the benchmark with it")
    held = [row for row in rows if row["held_snapshot"]]
    sizes = sorted(row["rows"] for row in held)
    alone = [row for row in rows if row["what"] == "backlog alone"]
    script = SCRIPT.format(
        output=text(sys.argv[2]),
        title=text("outboxd, one process, batch 500: median, smallest and largest of the rounds"),
        lowest=sizes[0] * 0.8,
        highest=sizes[-1] * 1.25,
        tics=", ".join(f"'{size:,}' {size}" for size in sizes),
        alone=points(alone),
        held=points(held),
    )
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


if __name__ == "__main__":
    main()
