// SPDX-License-Identifier: Apache-2.0
#include "system/private_memory.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace outboxd::system {

void keep_memory_private() {
  // The kernel then neither writes a core file nor pipes one to a handler, for any RLIMIT_CORE and core_pattern. This
  // call can't fail with this value.
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace outboxd::system
