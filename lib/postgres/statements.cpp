// SPDX-License-Identifier: Apache-2.0
#include "postgres/statements.hpp"

#include <exception>

namespace outboxd::postgres {

pqxx::result Statements::run(const std::string& sql, const std::vector<Parameter>& parameters) {
  if (settings_.empty()) return exec_parameters(transaction_, sql, parameters);
  try {
    exec(transaction_, "BEGIN ISOLATION LEVEL READ COMMITTED; " + settings_);
    auto result = exec_parameters(transaction_, sql, parameters);
    exec(transaction_, "COMMIT");
    return result;
  } catch (const std::exception&) {
    try {
      exec(transaction_, "ROLLBACK");
    } catch (const std::exception&) {
      // The connection is gone, and its transaction with it; what ended it is thrown on.
    }
    throw;
  }
}

}  // namespace outboxd::postgres
