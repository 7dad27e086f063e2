// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/signatures/signature_report.hpp"
#include "entry/verify.hpp"

#include <string>
#include <vector>

namespace outboxd::daemon {

/// The keys that entries are checked with.
struct SigningKeys {
  std::vector<entry::Verifier> verifiers;
  /// The same keys, as they are reported.
  std::vector<CountedKey> names;
  /// Why a file's key can't be used; otherwise empty. Never quotes a key.
  std::string problem;
};

/// The keys of these files; without files, the key in the settings. Blocks while it reads files.
[[nodiscard]] SigningKeys read_signing_keys(const std::vector<std::string>& files, const config::Settings& settings);

/// Every stream that the settings name, and those of the services' topology, each once.
[[nodiscard]] std::vector<std::string> known_streams(const std::vector<config::Settings>& dispatchers,
                                                     const std::vector<std::string>& others);

}  // namespace outboxd::daemon
