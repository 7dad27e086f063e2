// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace outboxd::daemon {

/// With which key a daemon signs, as the log, `/readyz`, `status` and `doctor` show it.
struct SigningState {
  /// As in `_sig2` (entry::key_id), which doesn't reveal the key; empty: entries are unsigned.
  std::string key_id{};
  bool strict = false;

  bool operator==(const SigningState&) const = default;
};

[[nodiscard]] SigningState signing_state_of(const config::Settings& settings);

/// "unsigned", "signed with key 88386d75b558be88", "signed with key 88386d75b558be88, and have _sig2".
[[nodiscard]] std::string text_of(const SigningState& signing);

/// The state that this text of text_of() describes; empty if it is another text.
[[nodiscard]] std::optional<SigningState> signing_state_in(std::string_view text);

}  // namespace outboxd::daemon
