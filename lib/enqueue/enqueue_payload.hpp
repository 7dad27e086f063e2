// SPDX-License-Identifier: Apache-2.0
// Makes payloads of what people type. Pure: no server, no file.
#pragma once

#include "enqueue/enqueue.hpp"

#include <iosfwd>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::enqueue {

/// Input that can't become a payload: where it is, what is wrong, what to write instead.
class PayloadError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// `text` as a JSON string, quotes included. `text` must be valid UTF-8.
[[nodiscard]] std::string json_string(std::string_view text);

/// What is wrong with `json` as one JSON value; empty when it is one. Numbers may have any length.
[[nodiscard]] std::string json_fault(std::string_view json);

/// A JSON object of arguments, in their order: `key=value` is a string, `key:=json` any JSON value.
/// Throws PayloadError for anything else, an empty or repeated key, or text that isn't UTF-8.
[[nodiscard]] std::string payload_from_arguments(std::span<const std::string> arguments);

/// One event for `stream` per line that isn't blank; each line must be a JSON object. Reads to the end, blocking as
/// `in` does. Throws PayloadError that names the line.
[[nodiscard]] std::vector<Event> read_json_lines(std::istream& in, const std::string& stream);

}  // namespace outboxd::enqueue
