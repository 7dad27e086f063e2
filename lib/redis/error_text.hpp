// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::redis {

/// The errors of one exchange, as they may be shown: some servers and proxies echo the command that they refuse, with
/// the payload and its signature. Pure.
class ErrorTexts {
 public:
  /// `sent`: what the server was sent, and may echo. It must outlive this.
  explicit ErrorTexts(std::string_view sent) : sent_{sent} {}

  /// An error (without its leading '-'), without what is, or may be, of the commands.
  [[nodiscard]] std::string shown(const std::string& error);

 private:
  std::string beside_what_was_sent(const std::string& error);
  /// Whether the words of one more error may be looked for in all that was sent.
  bool may_search(std::string_view error);

  std::string_view sent_;
  std::optional<std::string> sent_in_lower_case_;
  std::map<std::string, std::string> known_;
  /// Bytes, each as often as a word was looked for in it.
  std::size_t searched_ = 0;
};

}  // namespace outboxd::redis
