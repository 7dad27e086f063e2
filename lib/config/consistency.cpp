// SPDX-License-Identifier: Apache-2.0
#include "config/consistency.hpp"

#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace outboxd::config {
namespace {

bool given(const Layer& merged, const char* path) {
  return merged.find(path) != merged.end();
}

std::string mode_of(const Layer& merged) {
  const auto found = merged.find("mode");
  if (found == merged.end() || !found->second.value) return "";
  return std::get<std::string>(*found->second.value);
}

}  // namespace

void check_postgres(const Layer& merged, const Needs& needs, Problems& problems) {
  if (needs.postgres && !given(merged, "postgres.url")) {
    problems.push_back({{},
                        "postgres.url is not set: give it in the environment as DATABASE_URL or DATABASE_URL_FILE, "
                        "as --postgres-url-file, or in the file as postgres.url"});
  }
}

void check_signing(const Layer& merged, const Needs& needs, Problems& problems) {
  const std::string mode = mode_of(merged);
  const bool key_required = mode == "rc" || mode == "stable";
  if (needs.signing && key_required && !given(merged, "signing.key")) {
    problems.push_back({merged.find("mode")->second.origin,
                        "mode is " + mode +
                            ", which needs a signing key: give one as STREAMS_HMAC_KEY, STREAMS_HMAC_KEY_FILE, "
                            "--signing-key-file or signing.key_file"});
  }
}

void warn_of_unsigned(const Layer& merged, const Needs& needs, Problems& warnings) {
  if (!needs.signing || given(merged, "signing.key")) return;
  const std::string mode = mode_of(merged);
  // With any other the daemon doesn't start.
  if (given(merged, "mode") && mode != "dev") return;
  warnings.push_back({{},
                      "no signing key is set, and mode is " + (mode.empty() ? std::string("not set") : mode) + ": " +
                          kUnsignedEntries});
}

void check_pacing(const Layer& merged, Problems& problems) {
  const auto min = merged.find("dispatcher.probe_min");
  const auto max = merged.find("dispatcher.probe_max");
  if (!min->second.value || !max->second.value) return;
  const auto min_millis = std::get<std::int64_t>(*min->second.value);
  const auto max_millis = std::get<std::int64_t>(*max->second.value);
  if (min_millis <= max_millis) return;
  const Origin& where = outranks(max->second.origin, min->second.origin) ? max->second.origin : min->second.origin;
  problems.push_back({where, "dispatcher.probe_min = " + show_duration(min_millis) +
                                 ": must not be above dispatcher.probe_max, which is " + show_duration(max_millis)});
}

void check_streams(const Layer& merged, Problems& problems) {
  const auto wanted = merged.find("dispatcher.streams");
  const auto excluded = merged.find("dispatcher.exclude_streams");
  if (!wanted->second.value || !excluded->second.value) return;
  const auto& streams = std::get<std::vector<std::string>>(*wanted->second.value);
  for (const std::string& stream : std::get<std::vector<std::string>>(*excluded->second.value)) {
    if (std::find(streams.begin(), streams.end(), stream) == streams.end()) continue;
    problems.push_back({excluded->second.origin, "dispatcher.exclude_streams: has " + echoed(stream) +
                                                     ", and so has dispatcher.streams: take it out of one of them"});
  }
}

}  // namespace outboxd::config
