// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Secrets never leave the process by way of a text. Safe to call from any thread.
namespace outboxd::telemetry::log {

/// Registers a secret; from now on every log line shows `***` in its place. Texts shorter than 4 characters are not
/// taken: they would cut ordinary words to pieces. Register each spelling in use (a password as it is, and as its URL
/// has it).
void redact(std::string secret);

/// `text` with every occurrence of every registered secret replaced by `***`; for outlets other than the log.
std::string redacted(std::string_view text);

}  // namespace outboxd::telemetry::log
