#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs missing packages, builds the release preset and measures it, on private servers. Prints Markdown.
#
#   tests/bench/run.sh [--rows N] [--batch N,…] [--repeats N] [--seconds N] [--only SECTION,…] [--quick]
#                      [--sockets] [--json FILE] [--picture FILE.svg] [--profile-cpu FILE]
#
# Everything takes about an hour with three repeats; --quick takes a minute and only shows that it works.
# tests/bench/README.md explains the measurements and each option.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../../deploy/common.sh"

picture=
json=
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --picture) picture=${2:?--picture needs a file} && shift ;;
    --json) json=${2:?--json needs a file} && shift ;;
    -h | --help)
      sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit
      ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

{
  say "looking for missing packages"
  "$source_root/deploy/packages.sh" build servers bench
  forget_settings
  say "building into build/release"
  "$source_root/deploy/build.sh" release outboxd bench
  say "measuring"
} >&2

if [ -n "$picture" ] && [ -z "$json" ]; then
  json=$(mktemp "${TMPDIR:-/tmp}/outboxd-bench.XXXXXX.json")
  trap 'rm -f -- "$json"' EXIT
fi
"$source_root/build/release/tests/bench" ${json:+--json "$json"} "${arguments[@]}"
if [ -n "$picture" ]; then python3 "$source_root/tests/bench/picture.py" "$json" "$picture"; fi
