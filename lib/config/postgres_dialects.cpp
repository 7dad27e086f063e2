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
constexpr Word kRenamed =
    "applicationname=application_name connecttimeout=connect_timeout logintimeout=connect_timeout database=dbname "
    "username=user ssl-mode=sslmode ssl_mode=sslmode ssl-root-cert=sslrootcert ssl-ca=sslrootcert ssl-cert=sslcert "
    "ssl-key=sslkey";

constexpr Word kEncodings = "encoding client_encoding charset characterencoding";
constexpr Word kKeepAlive = "keepalive tcpkeepalive keep_alive";

/// Other drivers' values that libpq has too, or that ask for what is in effect anyway.
struct Meaning {
  Word names;
  /// In lower case; empty: any.
  Word values;
  /// libpq's parameter and its value; empty: none.
  Word libpqs_name;
  Word libpqs_value;
};
constexpr std::array kMeanings{Meaning{"sslmode", "no-verify", "sslmode", "require"},
                               Meaning{"uselibpqcompat", "", "", ""},
                               Meaning{"sslaccept", "accept_invalid_certs", "", ""},
                               Meaning{"sslinline readonly", kNo, "", ""},
                               Meaning{"targetservertype", "any", "target_session_attrs", "any"},
                               Meaning{"targetservertype", "primary master", "target_session_attrs", "read-write"},
                               Meaning{kKeepAlive, kYes, "keepalives", "1"},
                               Meaning{kKeepAlive, kNo, "keepalives", "0"},
                               Meaning{kEncodings, "utf8 utf-8 unicode auto", "", ""}};

/// Parameters that are refused or, with a warning, left out, unless a value of theirs has a meaning.
struct Objection {
  Word names;
  const char* text;
  bool is_warning = false;
};
constexpr std::array kObjections{
    Objection{kOfThePool, "concerns another driver's pool or statements, and is left out", true},
    Objection{kOfTheSession,
              "is for another driver's sessions, and is left out: outboxd sets its own (postgres.statement_timeout, "
              "postgres.connect_timeout)",
              true},
    Objection{kEncodings, "is left out: outboxd reads and writes UTF-8", true},
    Objection{"sslaccept",
              "which libpq doesn't know: write sslmode=verify-full and sslrootcert=<file of the authority's "
              "certificate>"},
    Objection{"sslinline", "and libpq reads certificates from files alone: write their paths"},
    Objection{"sslidentity", "a PKCS #12 file, which libpq doesn't read: write sslcert=<file>&sslkey=<file>, in PEM"},
    Objection{"sslfactory",
              "which is a class of Java: write sslmode=verify-full and sslrootcert=<file of the authority's "
              "certificate>"},
    Objection{"readonly", "and outboxd writes: take it out"},
    Objection{"targetservertype",
              "which asks for a server that may take no writes: write target_session_attrs=read-write"},
    Objection{kKeepAlive, "which is neither true nor false: write keepalives=1"}};

/// libpq's name in lower case, also for a parameter that is known under another name.
std::string libpq_name(const std::string& key) {
  const std::string name = lower(key);
  const Word other = meaning_of(name, kRenamed);
  return other.empty() ? name : std::string(other);
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

struct Parameter {
  /// As it was given, or libpq's name for one that is known under another name.
  std::string key;
  /// libpq's name in lower case.
  std::string name;
  std::string value;
  /// The value in lower case.
  std::string word;
};

class Translation {
 public:
  Translation(PostgresPairs& given, PostgresUrl& url) : given_(given), url_(url) {}

  std::string run() {
    for (const auto& [key, value] : given_.pairs) {
      const std::string name = libpq_name(key);
      const bool renamed = name != lower(key);
      const bool read = read_here({renamed ? name : key, name, value, lower(value)});
      if (renamed || read) given_.as_libpq = false;
    }
    put_search_path();
    given_.pairs = std::move(pairs_);
    return problem_;
  }

 private:
  /// False for a parameter that goes to libpq as it is.
  bool read_here(const Parameter& given) {
    if (read_known(given) || read_place(given) || read_connection(given)) return true;
    given.name == "options" ? add_option(given.value) : put(given.key, given.value);
    return false;
  }

  void refuse(const Parameter& given, const char* reason) {
    if (problem_.empty()) problem_ = "has the parameter " + given.key + ", " + reason;
  }

  void leave_out(const Parameter& given, const std::string& reason) {
    url_.warnings.push_back("the parameter " + given.key + " " + reason);
  }

  void put(const std::string& key, std::string value) { pairs_.emplace_back(key, std::move(value)); }

  bool read_known(const Parameter& given) {
    for (const Meaning& meaning : kMeanings) {
      const bool has_value = meaning.values.empty() || is_one_of(meaning.values, given.word);
      if (!has_value || !is_one_of(meaning.names, given.name)) continue;
      if (!meaning.libpqs_name.empty()) put(std::string(meaning.libpqs_name), std::string(meaning.libpqs_value));
      return true;
    }
    if (given.name == "sslfactory" && given.word.ends_with("nonvalidatingfactory")) return true;
    const Word name = given.name.starts_with("pool_") ? "pool" : Word(given.name);
    for (const Objection& objection : kObjections) {
      if (!is_one_of(objection.names, name)) continue;
      objection.is_warning ? leave_out(given, objection.text) : refuse(given, objection.text);
      return true;
    }
    return false;
  }

  void read_ssl(const Parameter& given) {
    if (is_one_of(kNo, given.word)) return;
    const bool is_on = is_one_of(kYes, given.word) || given.word == "no-verify";
    if (!is_on && !is_one_of(kModes, given.word)) {
      return refuse(given, "with a value that means nothing here: write sslmode=require");
    }
    std::string mode;
    for (const auto& [other, value] : given_.pairs) {
      if (libpq_name(other) == "sslmode") mode = lower(value) == "no-verify" ? "require" : lower(value);
    }
    if (mode.empty()) return put("sslmode", is_on ? "require" : given.word);
    const bool contradicts = is_on ? is_one_of("disable allow prefer", mode) : given.word != mode;
    if (contradicts) refuse(given, "which sslmode contradicts: take one of them out");
  }

  bool read_place(const Parameter& given) {
    const auto colons = given.value.starts_with('/') ? 0 : std::ranges::count(given.value, ':');
    if (given.name == "schema") {
      if (given.value.empty() || !has_only_letters_digits_and("_-$", given.value)) {
        refuse(given, "which names no schema that can be written so: set dispatcher.table to \"schema\".\"table\"");
      }
      url_.schema = given.value;
    } else if (is_one_of("search_path currentschema schema_search_path", given.name)) {
      search_path_ = given.value;
    } else if (given.name == "host" && colons == 1) {
      read_host_with_port(given.value);
    } else if (given.name == "host" && has_hosts_ && colons == 0) {
      refuse(given, "which is there with a port and without: write host=a,b&port=5432,5432");
    } else {
      return false;
    }
    return true;
  }

  /// SQLAlchemy's ?host=a:5432&host=b:5432.
  void read_host_with_port(const std::string& value) {
    const auto colon = value.find(':');
    const auto join = [this](const char* key, const std::string& text) {
      const auto there = std::ranges::find(pairs_, key, &KeywordValues::value_type::first);
      if (there == pairs_.end() || !has_hosts_) return put(key, text);
      there->second += "," + text;
    };
    join("host", value.substr(0, colon));
    join("port", value.substr(colon + 1));
    has_hosts_ = true;
  }

  bool read_connection(const Parameter& given) {
    const std::string_view name = given.name;
    if (name == "ssl") {
      read_ssl(given);
    } else if (name == "pgbouncer") {
      url_.transaction_pooler = is_one_of(kYes, given.word);
    } else if (name == "statement_timeout") {
      const auto number = parse_integer(given.word).value;
      url_.statement_timeout = number ? number : parse_duration(given.word).value;
      if (url_.statement_timeout.value_or(-1) < 0) {
        refuse(given, "which is no number of milliseconds: set postgres.statement_timeout");
      }
    } else if (name == "keepaliveinitialdelaymillis") {
      const std::int64_t millis = parse_integer(given.word).value.value_or(-1);
      if (millis < 0) refuse(given, "which is no number of milliseconds: write keepalives_idle=<seconds>");
      // Zero means the system's default.
      if (millis > 0) put("keepalives_idle", std::to_string((millis + 999) / 1000));
    } else if (name.starts_with("options[") && name.ends_with(']')) {
      add_option("-c" + std::string(name.substr(8, name.size() - 9)) + "=" + in_options(given.value));
    } else {
      return false;
    }
    return true;
  }

  /// In `options`, where migrations and all other code that looks a table up by its name alone heed it.
  void put_search_path() {
    // The usual schema is found without, and poolers refuse `options`.
    const std::string& schema = url_.schema;
    const bool is_usual = schema.empty() || schema == "public" || url_.transaction_pooler;
    if (search_path_.empty() && !is_usual) search_path_ = '"' + schema + '"';
    if (!search_path_.empty()) add_option("-csearch_path=" + in_options(search_path_));
    if (!options_.empty()) put("options", options_);
  }

  void add_option(const std::string& option) { options_.append(options_.empty() ? "" : " ").append(option); }

  PostgresPairs& given_;
  PostgresUrl& url_;
  KeywordValues pairs_;
  std::string problem_;
  std::string search_path_;
  std::string options_;
  bool has_hosts_ = false;
};

}  // namespace

std::string translate_postgres(PostgresPairs& given, PostgresUrl& url) {
  return Translation(given, url).run();
}

}  // namespace outboxd::config
