// SPDX-License-Identifier: Apache-2.0
#include "support/redis_probe.hpp"

#include <stdexcept>

namespace outboxd::test {

const std::string& StreamEntry::at(const std::string& field) const {
  for (const auto& [name, value] : fields) {
    if (name == field) return value;
  }
  throw std::out_of_range("entry " + id + " has no field " + field);
}

RedisValue RedisProbe::send(const std::vector<std::string>& arguments) {
  std::string request = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const auto& argument : arguments) {
    request += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  socket_.send(request);
  return read_value();
}

RedisValue RedisProbe::checked(RedisValue value) {
  if (value.is_error()) throw std::runtime_error("Redis answers: " + value.text);
  return value;
}

void RedisProbe::read_more() {
  const auto bytes = socket_.receive();
  if (bytes.empty()) throw std::runtime_error("Redis closed the connection");
  buffer_ += bytes;
}

std::string RedisProbe::read_line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) read_more();
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::string RedisProbe::read_bytes(std::size_t count) {
  while (buffer_.size() < count + 2) read_more();
  auto bytes = buffer_.substr(0, count);
  buffer_.erase(0, count + 2);
  return bytes;
}

RedisValue RedisProbe::read_value() {
  using Type = RedisValue::Type;
  const auto line = read_line();
  if (line.empty()) throw std::runtime_error("Redis sent an empty line");
  const auto rest = line.substr(1);
  switch (line[0]) {
    case '+':
      return {Type::string, rest, 0, {}};
    case '-':
      return {Type::error, rest, 0, {}};
    case ':':
      return {Type::integer, "", std::stoll(rest), {}};
    case '$':
      if (rest == "-1") return {};
      return {Type::string, read_bytes(std::stoul(rest)), 0, {}};
    case '*': {
      if (rest == "-1") return {};
      RedisValue array{Type::array, "", 0, {}};
      for (auto left = std::stoul(rest); left > 0; --left) array.elements.push_back(read_value());
      return array;
    }
    default:
      throw std::runtime_error("Redis sent what RESP2 doesn't know: " + line);
  }
}

std::vector<StreamEntry> RedisProbe::xrange(const std::string& stream) {
  std::vector<StreamEntry> entries;
  for (const auto& raw : command("XRANGE", stream, "-", "+").elements) {
    StreamEntry entry{raw.elements.at(0).text, {}};
    const auto& flat = raw.elements.at(1).elements;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2) entry.fields.emplace_back(flat[i].text, flat[i + 1].text);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::int64_t RedisProbe::xlen(const std::string& stream) {
  return command("XLEN", stream).integer;
}

}  // namespace outboxd::test
