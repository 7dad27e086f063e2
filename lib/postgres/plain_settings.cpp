// SPDX-License-Identifier: Apache-2.0
#include "postgres/plain_settings.hpp"

#include <array>

namespace outboxd::postgres {
namespace {

constexpr std::array kPlain{
    "TimeZone = 'UTC'",     "DateStyle = 'ISO, MDY'",           "IntervalStyle = 'postgres'",
    "bytea_output = 'hex'", "extra_float_digits = 1",           "quote_all_identifiers = off",
    "array_nulls = on",     "standard_conforming_strings = on", "transform_null_equals = off",
};

}  // namespace

std::string plain_settings_sql(bool for_one_transaction) {
  std::string sql;
  for (const auto* setting : kPlain) sql.append(for_one_transaction ? "; SET LOCAL " : "; SET ").append(setting);
  return sql;
}

}  // namespace outboxd::postgres
