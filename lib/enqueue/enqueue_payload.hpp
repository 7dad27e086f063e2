// SPDX-License-Identifier: Apache-2.0
// Builds payloads from command-line arguments and lines of input. Pure: no server, no file.
#pragma once

#include "enqueue/enqueue.hpp"

#include <iosfwd>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::enqueue {

/// Invalid input. The message says where it is, what is wrong, and what to write instead.
class PayloadError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// `text` as a JSON string, quotes included. `text` must be valid UTF-8.
[[nodiscard]] std::string json_string(std::string_view text);

/// Why `json` is not one JSON value; empty if it is. Numbers may have any length.
[[nodiscard]] std::string json_fault(std::string_view json);

/// Builds a JSON object from arguments, in their order: `key=value` is a string, `key:=json` any JSON value.
/// Throws PayloadError for anything else, an empty or repeated key, or text that isn't UTF-8.
[[nodiscard]] std::string payload_from_arguments(std::span<const std::string> arguments);

/// Reads an event for `stream` from each line that isn't blank; each line must be a JSON object. Blocks until the end
/// of the input. Throws a PayloadError that names the line.
[[nodiscard]] std::vector<Event> read_json_lines(std::istream& in, const std::string& stream);

}  // namespace outboxd::enqueue
