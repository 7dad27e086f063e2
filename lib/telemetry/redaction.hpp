// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

/// Keeps secrets from leaving the process in a text. Safe to call from any thread.
namespace outboxd::telemetry::log {

/// Registers a secret; from now on every log line shows `***` in its place. A secret that is a common word, or that
/// equals a text which is not secret (`harmless`: a user, a database), is masked only where a secret stands
/// (secret_places.hpp): a log without the word "postgres" would be of no use. Register each spelling in use (a
/// password as it is, and as its URL has it).
void redact(std::string secret, std::span<const std::string> harmless = {});

/// `text` with every registered secret replaced by `***`; for outlets other than the log.
std::string redacted(std::string_view text);

}  // namespace outboxd::telemetry::log
