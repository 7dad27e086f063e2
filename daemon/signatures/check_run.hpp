// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/signatures/judge.hpp"
#include "daemon/signatures/signature_report.hpp"
#include "daemon/signatures/stream_reader.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace outboxd::daemon {

/// What is to be read, and how it is shown.
struct CheckPlan {
  EntryRange range{};
  /// Goes on with what is added later, until it is stopped.
  bool follows = false;
  /// Only what this group has not acknowledged.
  std::optional<std::string> unread_of{};
  /// At most so many entries with a fault get a line of their own.
  std::uint64_t list = 0;
  bool json = false;
};

/// Waits so long, and returns whether the user has asked to stop meanwhile.
using WaitForStop = std::function<bool(std::chrono::milliseconds)>;

/// Reads and judges entries, and prints to standard output a line for each with a fault, then the counts. Returns the
/// exit status. If the reading fails, prints the counts so far, and throws the reason.
[[nodiscard]] int check_entries(const CheckPlan& plan, StreamReader& reader, Judge& judge, SignatureReport& report,
                                const WaitForStop& wait_for_stop);

}  // namespace outboxd::daemon
