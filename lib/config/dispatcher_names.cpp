// SPDX-License-Identifier: Apache-2.0
#include "config/dispatcher_names.hpp"

#include "config/checks.hpp"
#include "config/table_name.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace outboxd::config {
namespace {

constexpr std::size_t kLongestName = 64;  // As check_dispatcher_name() has it.

/// The table's own name, without a schema, made of the letters that a dispatcher's name may have.
std::string name_of_table(const Layer& merged) {
  const auto table = merged.find("dispatcher.table");
  const bool known = table != merged.end() && table->second.value;
  const auto parts = table_name_parts(known ? std::get<std::string>(*table->second.value) : "");
  if (!parts) return "outbox";
  std::string name = parts->back();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !check_dispatcher_name(std::string(1, c)).empty(); }, '_');
  return name;
}

template <class Taken>
std::string free_name(const std::string& wanted, const Taken& taken) {
  std::string name = wanted;
  for (std::size_t n = 2; taken.find(name) != taken.end(); ++n) {
    const std::string ending = "-" + std::to_string(n);
    name = wanted.substr(0, kLongestName - ending.size()) + ending;
  }
  return name;
}

}  // namespace

void settle_names(std::vector<Dispatcher>& dispatchers, Problems& problems) {
  std::map<std::string, Origin> taken;
  for (Dispatcher& dispatcher : dispatchers) {
    Entry& name = dispatcher.merged["dispatcher.name"];
    if (name.origin.kind == Origin::Kind::defaults || !name.value) continue;
    const auto& given = std::get<std::string>(*name.value);
    const auto [first, is_new] = taken.emplace(given, name.origin);
    if (is_new) continue;
    problems.push_back({name.origin, "dispatcher.name = " + echoed(given) + ": the dispatcher of line " +
                                         std::to_string(first->second.line) +
                                         " has this name already: give each its own"});
  }
  for (Dispatcher& dispatcher : dispatchers) {
    Entry& name = dispatcher.merged["dispatcher.name"];
    if (name.origin.kind != Origin::Kind::defaults) continue;
    std::string found = free_name(name_of_table(dispatcher.merged), taken);
    taken.emplace(found, name.origin);
    name.value = std::move(found);
  }
}

}  // namespace outboxd::config
