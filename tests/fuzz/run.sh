#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs missing packages, builds the fuzz targets with clang, and runs each for a while, as many at once as there are
# cores (JOBS=N: at most N). Ends with a table of libFuzzer's counts; fails if a target fails.
#
#   tests/fuzz/run.sh [--seconds N] [--only TEXT]    N: 20 by default; only targets with TEXT in their name
#
# Works on copies of the corpora. An input that breaks a target is kept in build/fuzz/found.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../../deploy/common.sh"

seconds=20
only=
while [ $# -gt 0 ]; do
  case $1 in
    --seconds)
      seconds=${2:?--seconds needs a number}
      shift 2
      ;;
    --only)
      only=${2:?--only needs a text}
      shift 2
      ;;
    -h | --help)
      sed -n '3,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit
      ;;
    *) die "unknown option '$1'" ;;
  esac
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "--seconds takes a number above 0"

names=()
for source in "$source_root"/tests/fuzz/*_fuzz.cpp; do
  name=$(basename -- "$source" _fuzz.cpp)
  [[ $name == *"$only"* ]] && names+=("$name")
done
[ ${#names[@]} -gt 0 ] || die "no target has '$only' in its name"

say "looking for missing packages"
"$source_root/deploy/packages.sh" build fuzz
forget_settings
say "building into build/fuzz"
"$source_root/deploy/build.sh" fuzz

build=$source_root/build/fuzz
found=$build/found
work=$(mktemp -d /tmp/outboxd-fuzz.XXXXXX)
mkdir -p "$found"
pids=()
end() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait
  rm -rf -- "$work"
}
trap end EXIT
trap 'exit 130' INT TERM

export ASAN_OPTIONS=${ASAN_OPTIONS:-halt_on_error=1:quarantine_size_mb=4:malloc_context_size=5:allow_addr2line=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}

# A configuration file needs longer inputs than a reply or a payload.
longest() { [ "$1" = config ] && echo 2048 || echo 4096; }

run_target() {
  local name=$1
  mkdir "$work/$name" "$work/$name.cwd"
  cp -- "$source_root/tests/fuzz/corpus/$name"/* "$work/$name"
  cd "$work/$name.cwd"
  exec "$build/tests/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -max_len="$(longest "$name")" -len_control=20 -dict="$source_root/tests/fuzz/$name.dict" -print_final_stats=1 \
    -artifact_prefix="$found/$name-" "$work/$name" </dev/null >"$work/$name.log" 2>&1
}

jobs=${JOBS:-$(nproc)}
say "running ${names[*]}, $seconds s each"
for name in "${names[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
  run_target "$name" &
  pids+=($!)
done

failed=()
for i in "${!names[@]}"; do
  wait "${pids[i]}" || failed+=("${names[i]}")
done
pids=()

# One of libFuzzer's counts: the number after a word, on the last line that has both. (Logs also quote inputs.)
figure() {
  local number
  number=$(LC_ALL=C sed -n "s/.*$2[: ]*\([0-9][0-9]*\).*/\1/p" "$work/$1.log" | tail -n 1)
  echo "${number:--}"
}

for name in "${names[@]}"; do
  seeds=$(find "$source_root/tests/fuzz/corpus/$name" -type f | wc -l)
  executions=$(figure "$name" 'stat::number_of_executed_units')
  if [[ " ${failed[*]} " != *" $name "* ]] && [ "${executions/#-/0}" -lt "$seeds" ]; then
    failed+=("$name")  # it ended without an error, but did not even read its corpus
  fi
  [[ " ${failed[*]} " == *" $name "* ]] || continue
  printf '\n===== %s =====\n' "$name"
  LC_ALL=C sed -n '/BROKEN\|ERROR\|runtime error\|Assertion/,$p' "$work/$name.log" | head -n 80
  input=$(LC_ALL=C sed -n 's/.*Test unit written to //p' "$work/$name.log" | tail -n 1)
  [ -z "$input" ] || say "kept: $input; to replay: build/fuzz/tests/fuzz/${name}_fuzz $input"
done

printf '\n%-10s %-7s %8s %11s %7s %7s %7s\n' target result seconds executions corpus cov ft
for name in "${names[@]}"; do
  result=passed
  [[ " ${failed[*]} " == *" $name "* ]] && result=FAILED
  printf '%-10s %-7s %8s %11s %7s %7s %7s\n' "$name" "$result" "$(figure "$name" 'runs in')" \
    "$(figure "$name" 'stat::number_of_executed_units')" "$(figure "$name" 'corp')" "$(figure "$name" 'cov')" \
    "$(figure "$name" ' ft')"
done
[ ${#failed[@]} -eq 0 ]
