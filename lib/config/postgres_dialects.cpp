// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_parts.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace outboxd::config {
namespace {

using Word = std::string_view;

constexpr Word kYes = "1 true yes on t";
constexpr Word kNo = "0 false no off f";
constexpr Word kModes = "disable allow prefer require verify-ca verify-full";

// Pools, caches of prepared statements, and how results are read.
constexpr Word kOfThePool =
    // node-postgres, postgres.js, knex
    "max min pool poolsize idletimeoutmillis connectiontimeoutmillis idle_timeout max_lifetime maxlifetimeseconds "
    "maxuses allowexitonidle binary prepare fetch_types max_pipeline debug native "
    // Prisma and hosted poolers
    "connection_limit statement_cache_size single_use_connections supa workaround "
    // pgx, lib/pq, sqlx
    "statement_cache_capacity statement-cache-capacity description_cache_capacity default_query_exec_mode "
    "statement_cache_mode prefer_simple_protocol binary_parameters disable_prepared_binary_result "
    "min_read_buffer_size max_conns max_idle_conns max_open_conns conn_max_lifetime "
    // SQLAlchemy, asyncpg, Django
    "max_overflow async_fallback prepared_statement_cache_size prepared_statement_name_func "
    "max_cached_statement_lifetime max_cacheable_statement_size conn_max_age conn_health_checks min_size max_size "
    // Rails
    "prepared_statements reaping_frequency checkout_timeout "
    // JDBC
    "preparethreshold preparedstatementcachequeries preparedstatementcachesizemib rewritebatchedinserts "
    "defaultrowfetchsize adaptivefetch binarytransfer preferquerymode stringtype autosave loadbalancehosts "
    "hostrecheckseconds loggerlevel loggerfile receivebuffersize sendbuffersize tcpnodelay reportcase";

// Properties of a session; outboxd sets its own.
constexpr Word kOfTheSession =
    "lock_timeout idle_in_transaction_session_timeout idle_session_timeout query_timeout command_timeout timeout "
    "socket_timeout sockettimeout cancelsignaltimeout timezone datestyle intervalstyle extra_float_digits "
    "default_transaction_isolation";

/// The same parameters under other names.
struct Renamed {
  Word theirs;
  Word libpqs;
};
constexpr std::array kRenamed{Renamed{"applicationname", "application_name"},
                              Renamed{"connecttimeout", "connect_timeout"},
                              Renamed{"logintimeout", "connect_timeout"},
                              Renamed{"database", "dbname"},
                              Renamed{"username", "user"},
                              Renamed{"ssl-mode", "sslmode"},
                              Renamed{"ssl_mode", "sslmode"},
                              Renamed{"ssl-root-cert", "sslrootcert"},
                              Renamed{"ssl-ca", "sslrootcert"},
                              Renamed{"ssl-cert", "sslcert"},
                              Renamed{"ssl-key", "sslkey"}};

/// Parameters that are accepted only with the value that is in effect anyway.
struct Needless {
  Word name;
  Word harmless;
  const char* reason;
};
constexpr std::array kNeedless{
    Needless{
        "sslaccept", "accept_invalid_certs",
        "which libpq doesn't know: write sslmode=verify-full and sslrootcert=<file of the authority's certificate>"},
    Needless{"sslinline", kNo, "and libpq reads certificates from files alone: write their paths"},
    Needless{"sslidentity", "",
             "a PKCS #12 file, which libpq doesn't read: write sslcert=<file>&sslkey=<file>, in PEM"},
    Needless{"readonly", kNo, "and outboxd writes: take it out"}};

/// libpq's name in lower case, also for a parameter that is known under another name.
std::string libpq_name(const std::string& key) {
  const std::string name = lower(key);
  const auto found = std::ranges::find(kRenamed, Word(name), &Renamed::theirs);
  return found == kRenamed.end() ? name : std::string(found->libpqs);
}

/// A value inside of `options`, where a blank and a backslash are escaped.
std::string in_options(Word value) {
  std::string text;
  for (const char c : value) {
    if (c == ' ' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

class Translation {
 public:
  explicit Translation(const KeywordValues& given) : given_(given) {}

  Translated run() {
    for (const auto& [key, value] : given_) {
      const std::string name = libpq_name(key);
      const bool renamed = name != lower(key);
      result_.changed = result_.changed || renamed;
      read(renamed ? name : key, name, value, lower(value));
      if (!result_.problem.empty()) return std::move(result_);
    }
    put_search_path();
    return std::move(result_);
  }

 private:
  void read(const std::string& key, const std::string& name, const std::string& value, const std::string& word) {
    // Parameters that are read here can't go to libpq unchanged.
    const bool was_changed = std::exchange(result_.changed, true);
    const auto needless = std::ranges::find(kNeedless, Word(name), &Needless::name);
    if (is_one_of(kOfThePool, name) || name.starts_with("pool_")) {
      leave_out(key, "concerns another driver's pool or statements, and is left out");
    } else if (is_one_of(kOfTheSession, name)) {
      leave_out(key,
                "is for another driver's sessions, and is left out: outboxd sets its own "
                "(postgres.statement_timeout, postgres.connect_timeout)");
    } else if (is_one_of("encoding client_encoding charset characterencoding", name)) {
      if (!is_one_of("utf8 utf-8 unicode auto", word)) leave_out(key, "is left out: outboxd reads and writes UTF-8");
    } else if (needless != kNeedless.end()) {
      if (!is_one_of(needless->harmless, word)) refuse(key, needless->reason);
    } else if (!read_tls(key, name, word) && !read_place(key, name, value, word) &&
               !read_connection(key, name, value, word)) {
      result_.changed = was_changed;
      if (name == "options") {
        add_option(value);
      } else {
        result_.pairs.emplace_back(key, value);
      }
    }
  }

  void refuse(const std::string& key, const char* reason) {
    result_.problem = "has the parameter " + key + ", " + reason;
  }

  void leave_out(const std::string& key, const std::string& reason) {
    result_.asked.warnings.push_back("the parameter " + key + " " + reason);
  }

  void put(const char* key, std::string value) { result_.pairs.emplace_back(key, std::move(value)); }

  bool read_tls(const std::string& key, const std::string& name, const std::string& word) {
    if (name == "ssl") {
      read_ssl(key, word);
    } else if (name == "sslmode" && word == "no-verify") {
      put("sslmode", "require");
    } else if (name == "sslfactory") {
      if (!word.ends_with("nonvalidatingfactory")) {
        refuse(key,
               "which is a class of Java: write sslmode=verify-full and sslrootcert=<file of the authority's "
               "certificate>");
      }
    } else {
      // It asks for libpq's usual behaviour.
      return name == "uselibpqcompat";
    }
    return true;
  }

  void read_ssl(const std::string& key, const std::string& word) {
    if (is_one_of(kNo, word)) return;
    const bool is_on = is_one_of(kYes, word) || word == "no-verify";
    if (!is_on && !is_one_of(kModes, word)) {
      return refuse(key, "with a value that means nothing here: write sslmode=require");
    }
    std::string mode;
    for (const auto& [other, value] : given_) {
      if (libpq_name(other) == "sslmode") mode = lower(value) == "no-verify" ? "require" : lower(value);
    }
    if (mode.empty()) return put("sslmode", is_on ? "require" : word);
    const bool contradicts = is_on ? is_one_of("disable allow prefer", mode) : word != mode;
    if (contradicts) refuse(key, "which sslmode contradicts: take one of them out");
  }

  bool read_place(const std::string& key, const std::string& name, const std::string& value,
                  const std::string& word) {
    const auto colons = value.starts_with('/') ? 0 : std::ranges::count(value, ':');
    if (name == "schema") {
      const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '$'; };
      if (value.empty() || !std::ranges::all_of(value, fits)) {
        refuse(key, "which names no schema that can be written so: set dispatcher.table to \"schema\".\"table\"");
      }
      result_.asked.schema = value;
    } else if (is_one_of("search_path currentschema schema_search_path", name)) {
      search_path_ = value;
    } else if (name == "host" && colons == 1) {
      read_host_with_port(value);
    } else if (name == "host" && has_hosts_ && colons == 0) {
      refuse(key, "which is there with a port and without: write host=a,b&port=5432,5432");
    } else if (name == "targetservertype") {
      if (!is_one_of("any primary master", word)) {
        refuse(key, "which asks for a server that may take no writes: write target_session_attrs=read-write");
      }
      put("target_session_attrs", word == "any" ? "any" : "read-write");
    } else {
      return false;
    }
    return true;
  }

  /// SQLAlchemy's ?host=a:5432&host=b:5432.
  void read_host_with_port(const std::string& value) {
    const auto colon = value.find(':');
    const auto join = [this](const char* key, const std::string& text) {
      const auto there = std::ranges::find(result_.pairs, key, &KeywordValues::value_type::first);
      if (there == result_.pairs.end() || !has_hosts_) return put(key, text);
      there->second += "," + text;
    };
    join("host", value.substr(0, colon));
    join("port", value.substr(colon + 1));
    has_hosts_ = true;
  }

  bool read_connection(const std::string& key, const std::string& name, const std::string& value,
                       const std::string& word) {
    if (name == "pgbouncer") {
      result_.asked.transaction_pooler = is_one_of(kYes, word);
    } else if (name == "statement_timeout") {
      const auto number = parse_integer(word).value;
      result_.asked.statement_timeout = number ? number : parse_duration(word).value;
      if (result_.asked.statement_timeout.value_or(-1) < 0) {
        refuse(key, "which is no number of milliseconds: set postgres.statement_timeout");
      }
    } else if (is_one_of("keepalive tcpkeepalive keep_alive", name)) {
      const bool is_on = is_one_of(kYes, word);
      if (!is_on && !is_one_of(kNo, word)) refuse(key, "which is neither true nor false: write keepalives=1");
      put("keepalives", is_on ? "1" : "0");
    } else if (name == "keepaliveinitialdelaymillis") {
      const std::int64_t millis = parse_integer(word).value.value_or(-1);
      if (millis < 0) refuse(key, "which is no number of milliseconds: write keepalives_idle=<seconds>");
      // Zero means the system's default.
      if (millis > 0) put("keepalives_idle", std::to_string((millis + 999) / 1000));
    } else if (name.starts_with("options[") && name.ends_with(']')) {
      add_option("-c" + name.substr(8, name.size() - 9) + "=" + in_options(value));
    } else {
      return false;
    }
    return true;
  }

  /// In `options`, where migrations and all other code that looks a table up by its name alone heed it.
  void put_search_path() {
    // The usual schema is found without, and poolers refuse `options`.
    const std::string& schema = result_.asked.schema;
    const bool is_usual = schema.empty() || schema == "public" || result_.asked.transaction_pooler;
    if (search_path_.empty() && !is_usual) search_path_ = '"' + schema + '"';
    if (!search_path_.empty()) add_option("-csearch_path=" + in_options(search_path_));
    if (!options_.empty()) put("options", options_);
  }

  void add_option(const std::string& option) { options_.append(options_.empty() ? "" : " ").append(option); }

  const KeywordValues& given_;
  Translated result_;
  std::string search_path_;
  std::string options_;
  bool has_hosts_ = false;
};

}  // namespace

Translated translate_postgres(const KeywordValues& pairs) {
  return Translation(pairs).run();
}

}  // namespace outboxd::config
