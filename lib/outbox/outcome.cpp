// SPDX-License-Identifier: Apache-2.0
#include "outbox/outcome.hpp"

namespace outboxd {

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::published:
      return "published";
    case Verdict::retry:
      return "retried";
    case Verdict::dead:
      return "dead";
    case Verdict::release:
      return "released";
  }
  return "unknown";
}

}  // namespace outboxd
