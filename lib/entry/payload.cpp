// SPDX-License-Identifier: Apache-2.0
#include "entry/payload.hpp"

#include <simdjson.h>

#include <new>

namespace outboxd::entry {
namespace {

using simdjson::ondemand::json_type;

std::string_view without_trailing_space(std::string_view token) {
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

std::string described(simdjson::error_code error) {
  // Memory is short; the payload is not to blame.
  if (error == simdjson::MEMALLOC) throw std::bad_alloc{};
  return std::string{"payload is not valid JSON ("} + simdjson::error_message(error) + ")";
}

const char* name_of(json_type type) {
  switch (type) {
    case json_type::array:
      return "an array";
    case json_type::string:
      return "a string";
    case json_type::number:
      return "a number";
    case json_type::boolean:
      return "a boolean";
    case json_type::null:
      return "null";
    default:
      return "something else";
  }
}

}  // namespace

struct PayloadReader::Buffers {
  simdjson::ondemand::parser parser;
  std::string padded;

  simdjson::error_code append(simdjson::ondemand::object object, Nulls nulls, std::vector<Field>& fields);
  simdjson::error_code render(simdjson::ondemand::value value, json_type type, std::string& out);
  static simdjson::error_code compact(std::string_view raw, std::string& out);
};

PayloadReader::PayloadReader() : buffers_{std::make_unique<Buffers>()} {}
PayloadReader::PayloadReader(PayloadReader&&) noexcept = default;
PayloadReader& PayloadReader::operator=(PayloadReader&&) noexcept = default;
PayloadReader::~PayloadReader() = default;

simdjson::error_code PayloadReader::Buffers::compact(std::string_view raw, std::string& out) {
  // minify() works in blocks and may write a block past the end of its result.
  out.resize(raw.size() + simdjson::SIMDJSON_PADDING);
  std::size_t length = 0;
  const auto error = simdjson::minify(raw.data(), raw.size(), out.data(), length);
  out.resize(length);
  return error;
}

simdjson::error_code PayloadReader::Buffers::render(simdjson::ondemand::value value, json_type type,
                                                    std::string& out) {
  std::string_view text;
  switch (type) {
    case json_type::string: {
      const auto error = value.get_string().get(text);
      if (!error) out = text;
      return error;
    }
    case json_type::boolean: {
      bool truth = false;
      const auto error = value.get_bool().get(truth);
      if (!error) out = truth ? "true" : "false";
      return error;
    }
    case json_type::number:
      out = without_trailing_space(value.raw_json_token());
      return simdjson::SUCCESS;
    case json_type::object:
    case json_type::array: {
      const auto error = simdjson::to_json_string(value).get(text);
      return error ? error : compact(text, out);
    }
    default: {
      bool null = false;
      if (const auto error = value.is_null().get(null)) return error;
      out = "null";
      return null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
    }
  }
}

simdjson::error_code PayloadReader::Buffers::append(simdjson::ondemand::object object, Nulls nulls,
                                                    std::vector<Field>& fields) {
  for (auto item : object) {
    simdjson::ondemand::field member;
    std::string_view name;
    json_type type{};
    if (const auto error = std::move(item).get(member)) return error;
    if (const auto error = member.unescaped_key().get(name)) return error;
    if (const auto error = member.value().type().get(type)) return error;
    Field field{std::string{name}, {}};
    if (const auto error = render(member.value(), type, field.value)) return error;
    if (type == json_type::null && nulls == Nulls::left_out) continue;
    fields.push_back(std::move(field));
  }
  return simdjson::SUCCESS;
}

std::optional<std::string> PayloadReader::append_fields(std::string_view payload_json, Nulls nulls,
                                                        std::vector<Field>& fields) {
  auto& [parser, padded] = *buffers_;
  padded.reserve(payload_json.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(payload_json);
  simdjson::ondemand::document document;
  if (const auto error = parser.iterate(simdjson::padded_string_view(padded.data(), padded.size(), padded.capacity()))
                             .get(document)) {
    return described(error);
  }
  json_type type{};
  if (const auto error = document.type().get(type)) return described(error);
  if (type != json_type::object) {
    return std::string{"payload is "} + name_of(type) + ", and only a JSON object can be published";
  }
  simdjson::ondemand::object object;
  if (const auto error = document.get_object().get(object)) return described(error);
  if (const auto error = buffers_->append(object, nulls, fields)) return described(error);
  // After the last token of a valid document the location is out of bounds.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return described(simdjson::TRAILING_CONTENT);
  return std::nullopt;
}

}  // namespace outboxd::entry
