// SPDX-License-Identifier: Apache-2.0
// The steps from postgres.url to libpq's form, for postgres_url.cpp and mask.cpp alone.
#pragma once

#include "config/postgres_url.hpp"
#include "config/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outboxd::config {

/// libpq's keywords, or other drivers' parameters, with their values.
using KeywordValues = std::vector<std::pair<std::string, std::string>>;

/// Reads `key = value key='quoted \' value'` by libpq's rules, but with any key, since other drivers have more of
/// them; nullopt if it is not of that form.
std::optional<KeywordValues> parse_conninfo(std::string_view text);

/// The reverse of parse_conninfo().
std::string write_conninfo(const KeywordValues& pairs);
std::string conninfo_value(std::string_view value);

struct PostgresPairs {
  KeywordValues pairs;
  /// Whether libpq reads the text in the same way; otherwise the pairs have to be written out for it.
  bool as_libpq = true;
};

/// Reads a URL (postgres://, postgresql://, in any case, postgresql+driver://, jdbc:postgresql:) or key=value text.
/// A raw '@' or a lone '%' in a password is taken as it stands where there is one reading. Problems never quote any
/// part of the text.
Checked<PostgresPairs> read_postgres_pairs(std::string_view text);

/// Replaces the parameters that node-postgres, Prisma, pgx, SQLAlchemy, asyncpg, JDBC and similar drivers add to
/// libpq's by libpq's own; unknown ones stay, and libpq refuses them. Values for other settings and warnings go to
/// `url`. Returns the first parameter that can't be translated, why, and what to write instead; or "". Texts name
/// parameters and quote no value.
std::string translate_postgres(PostgresPairs& given, PostgresUrl& url);

/// The first of libpq's parameters whose value can't work with any server, and its possible values; "" if there is
/// none. libpq itself checks most of them only when it connects, and a daemon would wait for that as for an outage.
/// Names the parameter, and quotes no value.
std::string impossible_value(const KeywordValues& pairs);

}  // namespace outboxd::config
