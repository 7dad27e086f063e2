#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The one place that knows Debian's package names. Installs those that are missing, and nothing else.
#
#   deploy/packages.sh GROUP…            install what is missing of these groups
#   deploy/packages.sh --list GROUP…     print the package names, install nothing
#
# Groups: build (compile the daemon and its tests), servers (Postgres and Redis, for the tests and the quickstart),
# tests (what only tests start: PgBouncer, Prometheus' promtool, and zsh, fish and groff, which read completions and the
# manual page), bench (draws the benchmark's picture), lint (style checks), fuzz (clang and its libFuzzer), runtime (the
# libraries that an installed outboxd needs).
# If everything is installed, this needs neither rights nor network. SKIP_PACKAGES=1 installs nothing.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

readonly policy=/usr/sbin/policy-rc.d
readonly policy_mark='# temporary, by deploy/packages.sh of outboxd: delete this file if you find it'
readonly no_cluster=/etc/postgresql-common/createcluster.d/outboxd-packages.conf

debian_release() {
  # shellcheck source=/dev/null
  (. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-unknown}" "${VERSION_ID:-unknown}")
}

names_of() {
  local group=$1 release=$2
  local build="g++ cmake ninja-build pkgconf libpqxx-dev libhiredis-dev libssl-dev libspdlog-dev prometheus-cpp-dev
    libtomlplusplus-dev libsimdjson-dev libcli11-dev libsystemd-dev doctest-dev python3 perl"
  local runtime="ca-certificates libprometheus-cpp-core1.0 libsystemd0"
  case "$group $release" in
    'build debian 12') echo "$build" libboost1.81-dev ;;
    'build debian 13') echo "$build" libboost1.83-dev ;;
    'servers debian '*) echo postgresql redis-server ;;
    'tests debian '*) echo pgbouncer prometheus zsh fish groff-base ;;
    'bench debian '*) echo gnuplot-nox ;;
    # Debian 12's version of the tools decides about style, as newer ones format the same file differently.
    'lint debian 12') echo clang-format-14 clang-tidy-14 shellcheck ;;
    'lint debian 13') echo shellcheck ;;
    'fuzz debian 12') echo clang libclang-rt-14-dev ;;
    'fuzz debian 13') echo clang libclang-rt-19-dev ;;
    'runtime debian 12') echo "$runtime" libssl3 libpqxx-6.4 libhiredis0.14 libspdlog1.10 libfmt9 libsimdjson14 ;;
    'runtime debian 13')
      echo "$runtime" libssl3t64 libpqxx-7.10 libhiredis1.1.0 libspdlog1.15 libfmt10 libsimdjson25 ;;
    *) return 1 ;;
  esac
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# A demonstration must not leave database servers running on a fresh machine: while packages are installed, services are
# not started and no Postgres cluster is created. The two files that prevent this are removed afterwards.
hold_services() {
  if [ -e "$policy" ] && ! grep -qxF "$policy_mark" "$policy"; then
    return  # the machine has a policy of its own
  fi
  printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
  chmod 755 "$policy"
}

hold_cluster() {
  installed postgresql-common && return  # Postgres is used here already: its configuration stays as it is
  mkdir -p "${no_cluster%/*}"
  echo 'create_main_cluster = false' >"$no_cluster"
}

restore() {
  if [ -e "$policy" ] && grep -qxF "$policy_mark" "$policy"; then rm -f "$policy"; fi
  rm -f "$no_cluster"
}

# Their packages would start a daemon at once and at each boot.
readonly daemons='redis-server pgbouncer prometheus'

keep_from_boot() {
  local name=$1
  update-rc.d "$name" disable >/dev/null 2>&1 || true
  deb-systemd-helper disable "$name.service" >/dev/null 2>&1 || true
  say "$name is installed for its program only: no service was started, and none starts at boot" \
    "(systemctl enable --now $name, should you want one)"
}

install_as_root() {
  local log name absent=()
  for name in $daemons; do
    installed "$name" || absent+=("$name")
  done
  log=$(mktemp /tmp/outboxd-packages.XXXXXX.log)
  trap restore EXIT
  trap 'rm -f -- "$log"; exit 130' INT TERM
  hold_services
  hold_cluster
  export DEBIAN_FRONTEND=noninteractive
  local options=(-qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
  # Another package source of this machine may be broken; that alone is no reason to give up.
  apt-get update "${options[@]}" -o APT::Update::Error-Mode=any >>"$log" 2>&1 ||
    say "apt-get update failed (no network?); trying with the package lists that are here"
  # --no-remove: fails rather than removes a package that is in conflict.
  if ! apt-get install -y "${options[@]}" --no-install-recommends --no-remove "$@" </dev/null >>"$log" 2>&1; then
    tail -n 25 "$log" >&2
    die "apt-get could not install the packages; its whole output is in $log. Mend what it names and run this again"
  fi
  rm -f "$log"
  for name in "${absent[@]}"; do
    if installed "$name"; then keep_from_boot "$name"; fi
  done
}

main() {
  local list=no
  if [ "${1:-}" = --as-root ]; then  # the second half of a run that went through sudo
    shift
    install_as_root "$@"
    return
  fi
  if [ "${1:-}" = --list ]; then
    list=yes
    shift
  fi
  [ $# -gt 0 ] || die "name at least one group: build, servers, tests, bench, lint, fuzz, runtime"
  if [ "$list" = no ] && [ "${SKIP_PACKAGES:-}" = 1 ]; then
    say "SKIP_PACKAGES=1: not looking for missing packages"
    return
  fi

  local release group names wanted=() missing=() name
  release=$(debian_release)
  for group in "$@"; do
    names=$(names_of "$group" "$release") || die "no list of '$group' packages for '$release' (only Debian 12 and 13 are known)." \
      "Install the equivalents of: $(names_of "$group" 'debian 13' | tr -s ' \n' ' '); then run again with SKIP_PACKAGES=1"
    # shellcheck disable=SC2206  # the names are words
    wanted+=($names)
  done
  if [ "$list" = yes ]; then
    printf '%s\n' "${wanted[@]}"
    return
  fi
  for name in "${wanted[@]}"; do
    installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local plan="installing ${#missing[@]} Debian packages and what they need (a minute or two): ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then
    say "$plan"
    install_as_root "${missing[@]}"
  elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    say "$plan"
    sudo -- "$source_root/deploy/packages.sh" --as-root "${missing[@]}"
  else
    die "packages are missing and this user may not install them. As root, run:" \
      "$source_root/deploy/packages.sh $*   (or: apt-get install --no-install-recommends ${missing[*]})"
  fi
  say "packages are in place"
}

main "$@"
