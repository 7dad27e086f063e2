// SPDX-License-Identifier: Apache-2.0
#include "bench/sections.hpp"

#include <iostream>

namespace outboxd::bench {

const std::vector<NamedSection>& all_sections() {
  static const std::vector<NamedSection> sections{
      {"throughput", throughput},
      {"flat", flat},
      {"latency", latency},
      {"busy_latency", busy_latency},
      {"held_snapshot", held_snapshot},
      {"other_streams", other_streams},
      {"writers", writers},
      {"idle", idle},
      {"instances", instances},
      {"caracal_outbox", other_table},
      {"in_process", in_process},
  };
  return sections;
}

void progress(const std::string& text) {
  std::cerr << text << std::endl;
}

}  // namespace outboxd::bench
