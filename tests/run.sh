#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs missing packages, builds and runs every test. Ends with ctest's summary and its exit status.
#
#   tests/run.sh [--preset dev|release|asan|tsan] [ctest's own options…]
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../deploy/common.sh"

preset=${PRESET:-dev}
case ${1:-} in
  --preset)
    preset=${2:?--preset needs a name}
    shift 2
    ;;
  --preset=*)
    preset=${1#--preset=}
    shift
    ;;
  -h | --help)
    sed -n '3,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit
    ;;
esac

say "looking for missing packages"
"$source_root/deploy/packages.sh" build servers tests
forget_settings
say "building into build/$preset"
"$source_root/deploy/build.sh" "$preset"

runner=()
if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then
  runner=(setarch -R)  # with strong address randomisation the thread sanitizer can't map its shadow memory
fi
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1:suppressions=$source_root/tests/support/tsan.supp}
say "running every test of build/$preset"
# One more than the number of cores, as tests mostly wait for servers.
exec "${runner[@]}" ctest --test-dir "$source_root/build/$preset" --output-on-failure --no-tests=error \
  --parallel "$(($(nproc) + 1))" "$@"
