// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/reload_log.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>

namespace outboxd::daemon {

void ReloadLog::refused(ReloadScope wanted, const config::Problems& problems) {
  if (wanted != ReloadScope::all && !lines_for_logins_.admit("")) return;
  for (const auto& problem : problems) spdlog::error("{}", problem.shown());
  spdlog::error("the configuration can't be used as it is now: everything goes on as it was before");
}

void ReloadLog::warn_of_new(const config::Problems& known, const config::Problems& now) {
  for (const auto& warning : now) {
    const auto is_same = [&warning](const auto& other) { return other.shown() == warning.shown(); };
    if (std::ranges::none_of(known, is_same)) spdlog::warn("{}", warning.shown());
  }
}

void ReloadLog::taken_over(ReloadScope wanted, const Changes& changes, const SigningState& signing) {
  const bool all = wanted == ReloadScope::all;
  const std::string because = all ? "SIGHUP" : "a server could not be connected to";
  for (const auto& what : changes.taken_over) {
    spdlog::info("{}: {} has changed and is used from now on (a login: by the next connection)", because, what);
  }
  if (!all && !changes.need_restart.empty() && !lines_for_logins_.admit("")) return;
  for (const auto& what : changes.need_restart) {
    spdlog::warn("{}: {} has changed, and takes a restart to be used", because, what);
  }
  if (!all) return;
  const bool nothing = changes.taken_over.empty() && changes.need_restart.empty();
  // The key's id in each case: whoever rotates keys looks here for the one in use.
  spdlog::info("{}: {}entries are {}", because, nothing ? "nothing has changed in the configuration; " : "",
               text_of(signing));
}

}  // namespace outboxd::daemon
