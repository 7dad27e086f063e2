// SPDX-License-Identifier: Apache-2.0
#include "config/origin.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace outboxd::config {
namespace {

const char* word_of(Origin::Kind kind) {
  constexpr std::array kWords{"", "default", "profile ", "file ", "environment ", "flag "};
  return kWords.at(static_cast<std::size_t>(kind));
}

}  // namespace

std::string Origin::shown() const {
  std::string text = word_of(kind);
  if (kind > Kind::defaults) text += name;
  if (kind == Kind::file && line > 0) text += ":" + std::to_string(line);
  return read_from.empty() ? text : text + ", read from " + read_from;
}

bool outranks(const Origin& left, const Origin& right) {
  const auto rank = [](const Origin& origin) {
    return std::pair(origin.own, std::max(origin.kind, Origin::Kind::profile));
  };
  return rank(left) > rank(right);
}

std::string Problem::shown() const {
  if (where.kind < Origin::Kind::file) return text;
  std::string place = (where.kind == Origin::Kind::file ? "" : word_of(where.kind)) + where.name;
  if (where.line > 0) place += ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
  return place + ": " + text;
}

}  // namespace outboxd::config
