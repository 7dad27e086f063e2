// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/conninfo.hpp"
#include "config/value.hpp"

#include <string>
#include <string_view>

namespace outboxd::config {

/// What a connection string says, as pairs of libpq's keyword (or another driver's parameter) and value.
struct PostgresPairs {
  KeywordValues pairs;
  /// Whether libpq reads the text itself in the same way; else the pairs have to be written out for it.
  bool as_libpq = true;
};

/// Reads a URL (postgres://, postgresql://, in any case, postgresql+driver://, jdbc:postgresql:) or key=value text.
/// A raw '@' or a lone '%' in a password is taken as it stands where there is one reading. Problems never quote any
/// part of the text.
Checked<PostgresPairs> read_postgres_pairs(std::string_view text);

}  // namespace outboxd::config
