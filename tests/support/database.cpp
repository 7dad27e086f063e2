// SPDX-License-Identifier: Apache-2.0
#include "support/database.hpp"

#include "postgres/pqxx_compat.hpp"

#include <stdexcept>

namespace outboxd::test {

std::unique_ptr<pqxx::connection> Database::connect() const {
  return postgres::open_connection(conninfo);
}

void Database::exec(const std::string& sql) const {
  const auto connection = connect();
  pqxx::work transaction(*connection);
  postgres::exec(transaction, sql);
  transaction.commit();
}

Rows Database::rows(const std::string& sql) const {
  const auto connection = connect();
  pqxx::work transaction(*connection);
  Rows rows;
  for (const auto& row : postgres::exec(transaction, sql)) {
    auto& texts = rows.emplace_back();
    for (const auto& field : row) texts.push_back(postgres::optional_text_of(field).value_or("NULL"));
  }
  transaction.commit();
  return rows;
}

std::string Database::scalar(const std::string& sql) const {
  const auto all = rows(sql);
  if (all.size() != 1 || all[0].empty()) {
    throw std::runtime_error(std::to_string(all.size()) + " rows instead of one from: " + sql);
  }
  return all[0][0];
}

}  // namespace outboxd::test
