// SPDX-License-Identifier: Apache-2.0
#include "outbox/obstacle.hpp"

namespace outboxd {
namespace {

/// Whether the text has this word, which Redis puts first, and which may follow words of ours.
bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || text[at - 1] == ' ' || text[at - 1] == '-';
    const auto end = at + word.size();
    if (begins && (end == text.size() || text[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

const char* to_string(Server server) {
  return server == Server::redis ? "redis" : "postgres";
}

const char* to_string(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::unreachable:
      return "unreachable";
    case Obstacle::login_refused:
      return "login_refused";
    case Obstacle::out_of_memory:
      return "out_of_memory";
    case Obstacle::read_only:
      return "read_only";
    case Obstacle::loading:
      return "loading";
    case Obstacle::refused:
      return "refused";
    case Obstacle::unfit:
      return "unfit";
  }
  return "unknown";
}

const char* failure_label(Server server, Obstacle obstacle) {
  const bool is_redis = server == Server::redis;
  switch (obstacle) {
    case Obstacle::unreachable:
      return is_redis ? "redis_unreachable" : "postgres_unreachable";
    case Obstacle::login_refused:
      return is_redis ? "redis_login_refused" : "postgres_login_refused";
    case Obstacle::unfit:
      return "table_unfit";
    default:
      return is_redis ? "redis_unavailable" : "postgres_refused";
  }
}

Obstacle obstacle_in(const Reply& reply) {
  const auto& text = reply.text;
  if (reply.fault == Fault::redis_login_refused || has_word(text, "NOAUTH") || has_word(text, "WRONGPASS")) {
    return Obstacle::login_refused;
  }
  if (has_word(text, "OOM")) return Obstacle::out_of_memory;
  if (has_word(text, "READONLY")) return Obstacle::read_only;
  if (has_word(text, "LOADING")) return Obstacle::loading;
  const bool no_answer = reply.fault == Fault::redis_unreachable || reply.fault == Fault::unanswered;
  return no_answer ? Obstacle::unreachable : Obstacle::refused;
}

const char* stream_obstacle_in(std::string_view reply) {
  if (has_word(reply, "WRONGTYPE")) return "wrong_type";
  if (has_word(reply, "NOPERM")) return "no_permission";
  for (const auto* word : {"MOVED", "ASK", "CROSSSLOT", "TRYAGAIN"}) {
    if (has_word(reply, word)) return "another_node";
  }
  return "other";
}

}  // namespace outboxd
