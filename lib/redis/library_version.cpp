// SPDX-License-Identifier: Apache-2.0
#include "redis/library_version.hpp"

#include <hiredis/hiredis.h>

namespace outboxd::redis {

std::string library_version() {
  return std::to_string(HIREDIS_MAJOR) + "." + std::to_string(HIREDIS_MINOR) + "." + std::to_string(HIREDIS_PATCH);
}

}  // namespace outboxd::redis
