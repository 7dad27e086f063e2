#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures and builds one preset into build/PRESET:  deploy/build.sh PRESET [TARGET…]
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

# A compiler process needs up to about 2 GB; on a small machine fewer of them are faster than swapping.
jobs_for_this_machine() {
  local cores memory_gib
  cores=$(nproc)
  memory_gib=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null || echo 0)
  local by_memory=$((${memory_gib:-0} / 2))
  [ "$by_memory" -ge 1 ] || by_memory=1
  [ "$cores" -le "$by_memory" ] && echo "$cores" || echo "$by_memory"
}

preset=${1:?name a preset: dev, release, asan, tsan or fuzz}
shift
cd "$source_root"
build=build/$preset
if [ -e "$build" ] && [ ! -w "$build" ] || [ -e build ] && [ ! -w build ]; then
  die "$source_root/build belongs to another user ($(stat -c %U build)); remove it, or hand it over with chown -R"
fi

fresh=()
cache=$build/CMakeCache.txt
if [ -e "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$source_root" "$cache"; then
  fresh=(--fresh)  # the tree was copied or moved with its build folder
fi
cmake --preset "$preset" "${fresh[@]}" --log-level=WARNING
cmake --build "$build" --parallel "${BUILD_JOBS:-$(jobs_for_this_machine)}" ${1:+--target "$@"}
