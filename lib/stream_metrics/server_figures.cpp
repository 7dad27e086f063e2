// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/server_figures.hpp"

#include "redis/stream_info.hpp"

#include <charconv>
#include <string_view>

namespace outboxd::stream_metrics {
namespace {

/// The value in a line "name:value" of INFO.
std::string_view field_of(const redis::Value& info, const std::string& name) {
  if (info.kind != redis::Value::Kind::string) return {};
  const std::string_view text = info.text;
  const auto begin = text.starts_with(name + ":") ? 0 : text.find("\n" + name + ":");
  if (begin == std::string_view::npos) return {};
  const auto value = text.substr(text.find(':', begin) + 1);
  return value.substr(0, value.find_first_of("\r\n"));
}

std::optional<double> number_in(const redis::Value& info, const std::string& name) {
  const auto text = field_of(info, name);
  unsigned long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return static_cast<double>(number);
}

}  // namespace

std::vector<Command> server_commands() {
  // Servers before Redis 7 take one section at a time.
  return {{"INFO", "server"}, {"INFO", "memory"}, {"INFO", "replication"}};
}

ServerFigures read_server(std::span<const redis::Value> answers) {
  const auto& server = answers[0];
  const auto& memory = answers[1];
  const auto& replication = answers[2];
  const auto role = field_of(replication, "role");
  ServerFigures figures{.used_memory = number_in(memory, "used_memory"),
                        .max_memory = number_in(memory, "maxmemory"),
                        .role = role == "slave"    ? "replica"
                                : role == "master" ? "master"
                                                   : "",
                        .connected_replicas = number_in(replication, "connected_slaves"),
                        .replication_offset = number_in(replication, "master_repl_offset"),
                        .exact_counters = redis::counts_reads_exactly(server.text)};
  // What a replica has got may be behind its master's offset.
  if (const auto own = number_in(replication, "slave_repl_offset")) figures.replication_offset = own;
  return figures;
}

}  // namespace outboxd::stream_metrics
