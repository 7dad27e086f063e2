// SPDX-License-Identifier: Apache-2.0
#include "enqueue/enqueue_payload.hpp"

#include <simdjson.h>

#include <algorithm>
#include <istream>
#include <set>

namespace outboxd::enqueue {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kMaxDepth = 256;
constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  const auto end = std::min(text.find_first_not_of("0123456789", at), text.size());
  return end - at;
}

/// Checks JSON's grammar itself, because simdjson refuses integers of more than 64 bits, which jsonb keeps exactly.
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto whole = digits_at(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const auto fraction = digits_at(text, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const auto exponent = digits_at(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

std::string check_value(ondemand::value value, std::size_t depth);

std::string check_array(ondemand::array array, std::size_t depth, std::size_t& count) {
  for (auto element : array) {
    ++count;
    if (auto fault = check_value(element.value(), depth); !fault.empty()) return fault;
  }
  return {};
}

std::string check_object(ondemand::object object, std::size_t depth) {
  for (auto field : object) {
    // Unescaped although it is unused, as only unescaping checks the escapes of the key.
    const std::string_view key = field.unescaped_key().value();
    if (auto fault = check_value(field.value().value(), depth); !fault.empty()) {
      return fault + " (in the value of \"" + std::string(key) + "\")";
    }
  }
  return {};
}

/// Visits the whole value, as simdjson's on-demand parser checks only the parts that are visited.
std::string check_value(ondemand::value value, std::size_t depth) {
  if (depth > kMaxDepth) return "it is nested more than " + std::to_string(kMaxDepth) + " levels deep";
  switch (value.type().value()) {
    case ondemand::json_type::object:
      return check_object(value.get_object().value(), depth + 1);
    case ondemand::json_type::array: {
      std::size_t count = 0;
      return check_array(value.get_array().value(), depth + 1, count);
    }
    case ondemand::json_type::string:
      static_cast<void>(value.get_string().value());
      return {};
    default: {
      const auto token = trimmed(value.raw_json_token());
      if (token == "null" || token == "true" || token == "false" || is_number(token)) return {};
      return "'" + std::string(token) + "' is neither a number nor true, false or null";
    }
  }
}

std::string check_wrapped(const simdjson::padded_string& wrapped) {
  ondemand::parser parser;
  ondemand::document document = parser.iterate(wrapped).value();
  std::size_t count = 0;
  if (auto fault = check_array(document.get_array(), 0, count); !fault.empty()) return fault;
  if (count == 0) return "there is no value";
  if (count > 1 || document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return "there is text after the value";
  return {};
}

std::string member_of(const std::string& argument, std::set<std::string>& keys) {
  const auto refuse = [&](std::string_view reason, std::string_view remedy) {
    throw PayloadError("argument '" + argument + "': " + std::string(reason) + ": " + std::string(remedy));
  };
  if (!simdjson::validate_utf8(argument)) {
    throw PayloadError("an argument isn't valid UTF-8: write it in UTF-8");
  }
  const auto equals = argument.find('=');
  if (equals == std::string::npos) {
    refuse("it has no '='", "write key=value for a string, or key:=json for any other JSON value");
  }
  const bool raw = equals > 0 && argument[equals - 1] == ':';
  const auto key = argument.substr(0, raw ? equals - 1 : equals);
  const auto value = argument.substr(equals + 1);
  if (key.empty()) refuse("its key is empty", "write key=value");
  if (!keys.insert(key).second) refuse("the key was given before", "give each key once");
  if (!raw) return json_string(key) + ":" + json_string(value);
  if (const auto fault = json_fault(value); !fault.empty()) {
    refuse("behind := there must be JSON, but " + fault, "write key=value for a string");
  }
  return json_string(key) + ":" + std::string(trimmed(value));
}

Event event_of(std::string_view text, const std::string& stream, const std::string& origin) {
  constexpr const char* kRemedy = ": write one JSON object a line";
  if (const auto fault = json_fault(text); !fault.empty()) {
    throw PayloadError(origin + " isn't JSON: " + fault + kRemedy);
  }
  if (!text.starts_with('{')) throw PayloadError(origin + " isn't a JSON object" + kRemedy);
  return {stream, std::string(text), origin};
}

}  // namespace

std::string json_string(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out += kDigits[byte >> 4U];
          out += kDigits[byte & 0xFU];
        } else {
          out += c;
        }
    }
  }
  return out += '"';
}

std::string json_fault(std::string_view json) {
  // Wrapped in an array, so that a bare number or literal needs no special case.
  const simdjson::padded_string wrapped("[" + std::string(json) + "]");
  try {
    return check_wrapped(wrapped);
  } catch (const simdjson::simdjson_error& error) {
    return error.what();
  }
}

std::string payload_from_arguments(std::span<const std::string> arguments) {
  std::set<std::string> keys;
  std::string payload = "{";
  for (const auto& argument : arguments) {
    if (payload.size() > 1) payload += ',';
    payload += member_of(argument, keys);
  }
  return payload += '}';
}

std::vector<Event> read_json_lines(std::istream& in, const std::string& stream) {
  std::vector<Event> events;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    const auto text = trimmed(line);
    if (text.empty()) continue;
    events.push_back(event_of(text, stream, "line " + std::to_string(number)));
  }
  if (in.bad()) throw PayloadError("the input could not be read to its end: nothing was taken from it");
  return events;
}

}  // namespace outboxd::enqueue
