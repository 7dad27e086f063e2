// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::redis {

/// Removes payloads from the errors of one exchange: some servers and proxies echo the command that they refuse, with
/// the payload and its signature. Pure.
class ErrorTexts {
 public:
  /// `sent`: the commands that were sent, and that an error may echo. It must outlive this object.
  explicit ErrorTexts(std::string_view sent) : sent_{sent} {}

  /// An error (given without its leading '-'), without the words that are, or may be, part of the commands.
  [[nodiscard]] std::string shown(const std::string& error);

 private:
  std::string beside_what_was_sent(const std::string& error);
  /// Whether searching the commands for the words of one more error stays within the bound.
  bool may_search(std::string_view error);

  std::string_view sent_;
  std::optional<std::string> sent_in_lower_case_;
  std::map<std::string, std::string> known_;
  /// The bytes searched so far: the size of the commands for each word.
  std::size_t searched_ = 0;
};

}  // namespace outboxd::redis
