// SPDX-License-Identifier: Apache-2.0
#include "config/origin.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::config {

std::string Origin::shown() const {
  std::string text;
  switch (kind) {
    case Kind::general:
      break;
    case Kind::defaults:
      text = "default";
      break;
    case Kind::profile:
      text = "profile " + name;
      break;
    case Kind::file:
      text = "file " + name + (line > 0 ? ":" + std::to_string(line) : "");
      break;
    case Kind::environment:
      text = "environment " + name;
      break;
    case Kind::flag:
      text = "flag " + name;
      break;
  }
  return read_from.empty() ? text : text + ", read from " + read_from;
}

bool outranks(const Origin& left, const Origin& right) {
  const auto rank = [](const Origin& origin) {
    return std::pair(origin.own, std::max(origin.kind, Origin::Kind::profile));
  };
  return rank(left) > rank(right);
}

std::string Problem::shown() const {
  switch (where.kind) {
    case Origin::Kind::file: {
      std::string place = where.name;
      if (where.line > 0) place += ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
      return place + ": " + text;
    }
    case Origin::Kind::environment:
      return "environment " + where.name + ": " + text;
    case Origin::Kind::flag:
      return "flag " + where.name + ": " + text;
    default:
      return text;
  }
}

}  // namespace outboxd::config
