// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/decide.hpp"

#include <array>

namespace outboxd {

enum class Server { postgres, redis };

/// Why a server can't be used.
enum class Obstacle {
  unreachable,    ///< There is no connection, or no answer.
  login_refused,  ///< The server refuses the user or the password.
  out_of_memory,  ///< Redis has used its maxmemory.
  read_only,      ///< Redis is a replica, or may not write.
  loading,        ///< Redis reads its data from the disk.
  refused,        ///< It answers, and refuses the work for another reason.
  unfit,          ///< The table can't be used as it is.
};

/// The obstacles that each server can put up.
inline constexpr std::array kObstaclesOfRedis{Obstacle::unreachable, Obstacle::login_refused, Obstacle::out_of_memory,
                                              Obstacle::read_only,   Obstacle::loading,       Obstacle::refused};
inline constexpr std::array kObstaclesOfPostgres{Obstacle::unreachable, Obstacle::login_refused, Obstacle::refused,
                                                 Obstacle::unfit};

/// The metric label of a server or an obstacle, e.g. "login_refused".
[[nodiscard]] const char* to_string(Server server);
[[nodiscard]] const char* to_string(Obstacle obstacle);

/// The label in `outboxd_failures_total` for a try that failed for this reason, e.g. "postgres_login_refused".
[[nodiscard]] const char* failure_label(Server server, Obstacle obstacle);

/// Why Redis could not be used, by its reply to a probe or an entry.
[[nodiscard]] Obstacle obstacle_in(const Reply& reply);

/// Why Redis refuses a stream, by its reply, as a label: "wrong_type", "no_permission", "another_node", "other".
[[nodiscard]] const char* stream_obstacle_in(std::string_view reply);
inline constexpr std::array kStreamObstacles{"wrong_type", "no_permission", "another_node", "other"};

}  // namespace outboxd
