// SPDX-License-Identifier: Apache-2.0
#include "config/rules.hpp"

#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <vector>

namespace outboxd::config {
namespace {

constexpr const char* kUnsignedEntries =
    "entries go out unsigned, and consumers drop and acknowledge what isn't signed unless their own mode is dev "
    "(they "
    "take an unset CARACAL_MODE for stable): set STREAMS_HMAC_KEY or STREAMS_HMAC_KEY_FILE";

/// The bounds of the back-off.
void check_pacing(const Layer& merged, Problems& problems) {
  const auto* const min = value_of<std::int64_t>(merged, "dispatcher.probe_min");
  const auto* const max = value_of<std::int64_t>(merged, "dispatcher.probe_max");
  if (min == nullptr || max == nullptr || *min <= *max) return;
  const Origin& of_min = merged.at("dispatcher.probe_min").origin;
  const Origin& of_max = merged.at("dispatcher.probe_max").origin;
  problems.push_back({outranks(of_max, of_min) ? of_max : of_min,
                      "dispatcher.probe_min = " + show_duration(*min) +
                          ": must not be above dispatcher.probe_max, which is " + show_duration(*max)});
}

/// A stream that is wanted and excluded.
void check_streams(const Layer& merged, Problems& problems) {
  using List = std::vector<std::string>;
  const List wanted = value_or_empty<List>(merged, "dispatcher.streams");
  for (const std::string& stream : value_or_empty<List>(merged, "dispatcher.exclude_streams")) {
    if (std::ranges::find(wanted, stream) == wanted.end()) continue;
    problems.push_back({merged.at("dispatcher.exclude_streams").origin,
                        "dispatcher.exclude_streams: has " + echoed(stream) +
                            ", and so has dispatcher.streams: take it out of one of them"});
  }
}

}  // namespace

void check_rules(const Layer& merged, const Needs& needs, Problems& problems) {
  if (needs.postgres && find(merged, "postgres.url") == nullptr) {
    problems.push_back({{},
                        "postgres.url is not set: give it in the environment as DATABASE_URL or DATABASE_URL_FILE, "
                        "as --postgres-url-file, or in the file as postgres.url"});
  }
  check_pacing(merged, problems);
  check_streams(merged, problems);
  check_layout(merged, problems);
}

void check_signing(const Layer& merged, const Needs& needs, Problems& problems, Problems& warnings) {
  if (!needs.signing || find(merged, "signing.key") != nullptr) return;
  const auto mode = value_or_empty<std::string>(merged, "mode");
  if (mode == "rc" || mode == "stable") {
    problems.push_back({merged.at("mode").origin,
                        "mode is " + mode +
                            ", which needs a signing key: give one as STREAMS_HMAC_KEY, STREAMS_HMAC_KEY_FILE, "
                            "--signing-key-file or signing.key_file"});
  } else if (mode == "dev" || find(merged, "mode") == nullptr) {
    warnings.push_back(
        {{}, "no signing key is set, and mode is " + (mode.empty() ? "not set" : mode) + ": " + kUnsignedEntries});
  }
}

}  // namespace outboxd::config
