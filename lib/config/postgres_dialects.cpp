// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_dialects.hpp"

#include "config/postgres_parameters.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace outboxd::config {
namespace {

using Word = std::string_view;

constexpr std::array kYes = {Word{"1"}, Word{"true"}, Word{"yes"}, Word{"on"}, Word{"t"}};
constexpr std::array kNo = {Word{"0"}, Word{"false"}, Word{"no"}, Word{"off"}, Word{"f"}};

template <std::size_t Size>
bool has(const std::array<Word, Size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A value inside of `options`, where a blank and a backslash are escaped.
std::string in_options(std::string_view value) {
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
      read(key, lower(key), value);
      if (!result_.problem.empty()) return std::move(result_);
    }
    put_search_path();
    return std::move(result_);
  }

 private:
  void read(const std::string& key, const std::string& name, const std::string& value) {
    switch (postgres_parameter(name)) {
      case PostgresParameter::of_the_pool:
        return leave_out(key, "concerns another driver's pool or statements, and is left out");
      case PostgresParameter::of_the_session:
        return leave_out(key,
                         "is for another driver's sessions, and is left out: outboxd sets its own "
                         "(postgres.statement_timeout, postgres.connect_timeout)");
      case PostgresParameter::encoding:
        return read_encoding(key, value);
      case PostgresParameter::other:
        break;
    }
    if (const auto renamed = libpq_name(name); !renamed.empty()) {
      result_.changed = true;
      read(renamed, renamed, value);
    } else if (!read_tls(key, name, value) && !read_place(key, name, value) && !read_connection(key, name, value)) {
      result_.pairs.emplace_back(key, value);
    }
  }

  void refuse(const std::string& key, const std::string& reason) {
    if (result_.problem.empty()) result_.problem = "has the parameter " + key + ", " + reason;
  }

  void leave_out(const std::string& key, const std::string& reason) {
    result_.changed = true;
    result_.warnings.push_back("the parameter " + key + " " + reason);
  }

  void put(const char* key, std::string value) {
    result_.changed = true;
    result_.pairs.emplace_back(key, std::move(value));
  }

  void read_encoding(const std::string& key, const std::string& value) {
    const std::string encoding = lower(value);
    const bool is_ours = encoding == "utf8" || encoding == "utf-8" || encoding == "unicode" || encoding == "auto";
    if (!is_ours) return leave_out(key, "is left out: outboxd reads and writes UTF-8");
    result_.changed = true;
  }

  /// What sslmode, under any of its names, asks libpq for; "" where it isn't there.
  [[nodiscard]] std::string given_mode() const {
    std::string mode;
    for (const auto& [key, value] : given_) {
      const std::string name = lower(key);
      if (name == "sslmode" || libpq_name(name) == "sslmode") mode = lower(value);
    }
    return mode == "no-verify" ? "require" : mode;
  }

  bool read_tls(const std::string& key, const std::string& name, const std::string& value) {
    constexpr const char* kVerify = "write sslmode=verify-full and sslrootcert=<file of the authority's certificate>";
    const std::string word = lower(value);
    if (name == "uselibpqcompat") {
      // It asks for what libpq does.
      result_.changed = true;
    } else if (name == "ssl") {
      read_ssl(key, word);
    } else if (name == "sslmode" && word == "no-verify") {
      put("sslmode", "require");
    } else if (name == "sslaccept") {
      if (word != "accept_invalid_certs") refuse(key, std::string("which libpq doesn't know: ") + kVerify);
      result_.changed = true;
    } else if (name == "sslfactory") {
      if (!word.ends_with("nonvalidatingfactory")) refuse(key, std::string("which is a class of Java: ") + kVerify);
      result_.changed = true;
    } else if (name == "sslidentity") {
      refuse(key, "a PKCS #12 file, which libpq doesn't read: write sslcert=<file>&sslkey=<file>, in PEM");
    } else if (name == "sslinline") {
      if (!has(kNo, word)) refuse(key, "and libpq reads certificates from files alone: write their paths");
      result_.changed = true;
    } else {
      return false;
    }
    return true;
  }

  void read_ssl(const std::string& key, const std::string& word) {
    if (has(kNo, word)) {
      result_.changed = true;
      return;
    }
    const bool is_on = has(kYes, word) || word == "no-verify";
    constexpr std::array kModes = {Word{"disable"}, Word{"allow"},     Word{"prefer"},
                                   Word{"require"}, Word{"verify-ca"}, Word{"verify-full"}};
    if (!is_on && !has(kModes, word))
      return refuse(key, "with a value that means nothing here: write sslmode=require");
    if (const std::string mode = given_mode(); !mode.empty()) {
      const bool is_less = mode == "disable" || mode == "allow" || mode == "prefer";
      if (is_on ? is_less : word != mode) refuse(key, "which sslmode contradicts: take one of them out");
      result_.changed = true;
      return;
    }
    put("sslmode", is_on ? "require" : word);
  }

  bool read_place(const std::string& key, const std::string& name, const std::string& value) {
    if (name == "schema") {
      const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '$'; };
      if (value.empty() || !std::all_of(value.begin(), value.end(), fits)) {
        refuse(key, "which names no schema that can be written so: set dispatcher.table to \"schema\".\"table\"");
      }
      result_.schema = value;
      result_.changed = true;
    } else if (name == "search_path" || name == "currentschema" || name == "schema_search_path") {
      search_path_ = value;
      result_.changed = true;
    } else if (name == "host" && value.find(':') != std::string::npos && !value.starts_with('/')) {
      read_hosts_with_ports(value);
    } else if (name == "host" && has_hosts_) {
      refuse(key, "which is there with a port and without: write host=a,b&port=5432,5432");
    } else if (name == "targetservertype") {
      const std::string word = lower(value);
      if (word != "any" && word != "primary" && word != "master") {
        refuse(key, "which asks for a server that may take no writes: write target_session_attrs=read-write");
      }
      put("target_session_attrs", word == "any" ? "any" : "read-write");
    } else if (name == "readonly") {
      if (!has(kNo, lower(value))) refuse(key, "and outboxd writes: take it out");
      result_.changed = true;
    } else {
      return false;
    }
    return true;
  }

  /// SQLAlchemy's ?host=a:5432&host=b:5432.
  void read_hosts_with_ports(const std::string& value) {
    const auto colon = value.rfind(':');
    if (value.find(':') != colon) {
      result_.pairs.emplace_back("host", value);
      return;
    }
    const auto join = [this](const char* key, const std::string& text) {
      const auto there = std::find_if(result_.pairs.begin(), result_.pairs.end(),
                                      [key](const auto& pair) { return pair.first == key; });
      if (there == result_.pairs.end() || !has_hosts_) {
        put(key, text);
      } else {
        there->second += "," + text;
      }
    };
    join("host", value.substr(0, colon));
    join("port", value.substr(colon + 1));
    has_hosts_ = true;
  }

  bool read_connection(const std::string& key, const std::string& name, const std::string& value) {
    const std::string word = lower(value);
    if (name == "pgbouncer") {
      result_.transaction_pooler = has(kYes, word);
      result_.changed = true;
    } else if (name == "statement_timeout") {
      read_statement_timeout(key, word);
    } else if (name == "keepalive" || name == "tcpkeepalive" || name == "keep_alive") {
      if (!has(kYes, word) && !has(kNo, word)) refuse(key, "which is neither true nor false: write keepalives=1");
      put("keepalives", has(kYes, word) ? "1" : "0");
    } else if (name == "keepaliveinitialdelaymillis") {
      const auto millis = parse_integer(word).value;
      if (!millis || *millis < 0) refuse(key, "which is no number of milliseconds: write keepalives_idle=<seconds>");
      // Zero is for what the system does by itself.
      result_.changed = true;
      if (millis.value_or(0) > 0) put("keepalives_idle", std::to_string((*millis + 999) / 1000));
    } else if (name == "options") {
      add_option(value);
    } else if (name.starts_with("options[") && name.ends_with(']')) {
      add_option("-c" + name.substr(8, name.size() - 9) + "=" + in_options(value));
      result_.changed = true;
    } else {
      return false;
    }
    return true;
  }

  void read_statement_timeout(const std::string& key, const std::string& word) {
    const auto millis = parse_integer(word).value;
    const auto with_unit = millis ? millis : parse_duration(word).value;
    if (!with_unit || *with_unit < 0)
      refuse(key, "which is no number of milliseconds: set postgres.statement_timeout");
    result_.changed = true;
    result_.statement_timeout = with_unit;
  }

  /// In `options`, where migrations and everything else that looks for a table by its name alone heeds it.
  void put_search_path() {
    // The usual schema is found without, and poolers refuse `options`.
    const bool is_usual = result_.schema.empty() || result_.schema == "public" || result_.transaction_pooler;
    std::string path = search_path_;
    if (path.empty() && !is_usual) path = '"' + result_.schema + '"';
    if (!path.empty()) add_option("-csearch_path=" + in_options(path));
    if (!options_.empty()) result_.pairs.emplace_back("options", options_);
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
