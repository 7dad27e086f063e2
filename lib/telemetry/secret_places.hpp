// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

/// For secrets that are common words, such as "postgres": finds where in a text they stand as secrets.
namespace outboxd::telemetry::log {

/// Whether a secret is a text that any log may contain with another meaning: it has fewer than 6 characters, or is
/// one word of letters (in one case, with vowels, and up to four digits behind them) or a number, not longer than 15
/// characters.
[[nodiscard]] bool is_common(std::string_view secret);

/// Whether the occurrence of `size` bytes at `at` in `text` stands where a secret does: before the '@' of a URL,
/// after `password=` and similar words, after AUTH or Bearer, or in quotes in a text about AUTH.
[[nodiscard]] bool stands_as_secret(std::string_view text, std::size_t at, std::size_t size);

}  // namespace outboxd::telemetry::log
