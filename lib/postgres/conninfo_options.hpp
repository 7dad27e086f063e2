// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <memory>

namespace outboxd::postgres {

struct FreeConninfoOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

/// The parameters of a connection string as libpq lists them.
using ConninfoOptions = std::unique_ptr<PQconninfoOption, FreeConninfoOptions>;

}  // namespace outboxd::postgres
