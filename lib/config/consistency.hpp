// SPDX-License-Identifier: Apache-2.0
// What must be there, and what must hold between the settings of one dispatcher, each being good by itself.
#pragma once

#include "config/layers.hpp"
#include "config/origin.hpp"

namespace outboxd::config {

/// What the command at hand can't do without; load() says so if it is missing.
struct Needs {
  bool postgres = true;
  /// A key, where the mode asks for one.
  bool signing = true;
};

/// A connection to Postgres.
void check_postgres(const Layer& merged, const Needs& needs, Problems& problems);

/// A signing key, where the mode asks for one.
void check_signing(const Layer& merged, const Needs& needs, Problems& problems);

/// What becomes of entries without a signature, where no key is set.
inline constexpr const char* kUnsignedEntries =
    "entries go out unsigned, and consumers drop and acknowledge what isn't signed unless their own mode is dev "
    "(they "
    "take an unset CARACAL_MODE for stable): set STREAMS_HMAC_KEY or STREAMS_HMAC_KEY_FILE";

/// Warns where no key is set, and the mode allows it.
void warn_of_unsigned(const Layer& merged, const Needs& needs, Problems& warnings);

/// The bounds of the back-off.
void check_pacing(const Layer& merged, Problems& problems);

/// A stream that is wanted and excluded.
void check_streams(const Layer& merged, Problems& problems);

}  // namespace outboxd::config
