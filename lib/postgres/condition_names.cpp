// SPDX-License-Identifier: Apache-2.0
#include "postgres/condition_names.hpp"

#include <array>

namespace outboxd::postgres {
namespace {

struct Condition {
  /// A whole SQLSTATE, or its class: the first that fits counts.
  std::string_view prefix;
  std::string_view name;
};

constexpr std::array kConditions{
    Condition{"08001", "sqlclient_unable_to_establish_sqlconnection"},
    Condition{"08003", "connection_does_not_exist"},
    Condition{"08004", "sqlserver_rejected_establishment_of_sqlconnection"},
    Condition{"08006", "connection_failure"},
    Condition{"08P01", "protocol_violation"},
    Condition{"08", "connection_exception"},
    Condition{"0A", "feature_not_supported"},
    Condition{"22001", "string_data_right_truncation"},
    Condition{"22003", "numeric_value_out_of_range"},
    Condition{"22007", "invalid_datetime_format"},
    Condition{"22008", "datetime_field_overflow"},
    Condition{"22012", "division_by_zero"},
    Condition{"22021", "character_not_in_repertoire"},
    Condition{"22023", "invalid_parameter_value"},
    Condition{"22P02", "invalid_text_representation"},
    Condition{"22P03", "invalid_binary_representation"},
    Condition{"22P05", "untranslatable_character"},
    Condition{"22", "data_exception"},
    Condition{"23502", "not_null_violation"},
    Condition{"23503", "foreign_key_violation"},
    Condition{"23505", "unique_violation"},
    Condition{"23514", "check_violation"},
    Condition{"23P01", "exclusion_violation"},
    Condition{"23", "integrity_constraint_violation"},
    Condition{"25006", "read_only_sql_transaction"},
    Condition{"25P02", "in_failed_sql_transaction"},
    Condition{"25P03", "idle_in_transaction_session_timeout"},
    Condition{"25", "invalid_transaction_state"},
    Condition{"26", "invalid_sql_statement_name"},
    Condition{"28000", "invalid_authorization_specification"},
    Condition{"28P01", "invalid_password"},
    Condition{"28", "invalid_authorization_specification"},
    Condition{"2F", "sql_routine_exception"},
    Condition{"38", "external_routine_exception"},
    Condition{"39", "external_routine_invocation_exception"},
    Condition{"3D000", "invalid_catalog_name"},
    Condition{"3F000", "invalid_schema_name"},
    Condition{"40001", "serialization_failure"},
    Condition{"40003", "statement_completion_unknown"},
    Condition{"40P01", "deadlock_detected"},
    Condition{"40", "transaction_rollback"},
    Condition{"42501", "insufficient_privilege"},
    Condition{"42601", "syntax_error"},
    Condition{"42703", "undefined_column"},
    Condition{"42704", "undefined_object"},
    Condition{"42804", "datatype_mismatch"},
    Condition{"42883", "undefined_function"},
    Condition{"42P01", "undefined_table"},
    Condition{"42P05", "duplicate_prepared_statement"},
    Condition{"42", "syntax_error_or_access_rule_violation"},
    Condition{"44", "with_check_option_violation"},
    Condition{"53100", "disk_full"},
    Condition{"53200", "out_of_memory"},
    Condition{"53300", "too_many_connections"},
    Condition{"53", "insufficient_resources"},
    Condition{"54", "program_limit_exceeded"},
    Condition{"55006", "object_in_use"},
    Condition{"55P03", "lock_not_available"},
    Condition{"55", "object_not_in_prerequisite_state"},
    Condition{"57014", "query_canceled"},
    Condition{"57P01", "admin_shutdown"},
    Condition{"57P02", "crash_shutdown"},
    Condition{"57P03", "cannot_connect_now"},
    Condition{"57P04", "database_dropped"},
    Condition{"57P05", "idle_session_timeout"},
    Condition{"57", "operator_intervention"},
    Condition{"58P01", "undefined_file"},
    Condition{"58030", "io_error"},
    Condition{"58", "system_error"},
    Condition{"F0", "config_file_error"},
    Condition{"HV", "fdw_error"},
    Condition{"P0001", "raise_exception"},
    Condition{"P0002", "no_data_found"},
    Condition{"P0003", "too_many_rows"},
    Condition{"P0004", "assert_failure"},
    Condition{"P0000", "plpgsql_error"},
    Condition{"XX001", "data_corrupted"},
    Condition{"XX002", "index_corrupted"},
    Condition{"XX", "internal_error"},
};

}  // namespace

std::string_view condition_name(std::string_view sqlstate) {
  for (const auto& [prefix, name] : kConditions) {
    if (sqlstate.starts_with(prefix)) return name;
  }
  return {};
}

}  // namespace outboxd::postgres
