// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/postgres_facts.hpp"

#include "daemon/doctor/words.hpp"

namespace outboxd::daemon::doctor {
namespace {

std::string command_of(const PostgresFacts& facts, const std::string& role, const std::string& sql) {
  return sql_command(role.empty() ? facts.psql : facts.psql + " -U " + shell_word(role), sql);
}

}  // namespace

std::string PostgresFacts::as_daemon(const std::string& sql) const {
  return command_of(*this, settings.known ? settings.known->role : user, sql);
}

std::string PostgresFacts::as_owner(const std::string& sql) const {
  const bool is_known = storage.known && !storage.known->owner.empty();
  return is_known ? command_of(*this, storage.known->owner, sql) : as_superuser(sql);
}

std::string PostgresFacts::as_superuser(const std::string& sql) const {
  const bool is_known = settings.known && !settings.known->superuser.empty();
  // The administrator's usual name, also where a managed service keeps the superuser for itself.
  return command_of(*this, is_known ? settings.known->superuser : "postgres", sql);
}

}  // namespace outboxd::daemon::doctor
