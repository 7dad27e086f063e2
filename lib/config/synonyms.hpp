// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// What other programs call a setting or a section, such as `batch_size` or `logging`: what it may mean here, as a
/// setting's path or a section's name. `word` may be a dotted path, a flag, or (a part of) a variable's name.
std::vector<std::string> meant_by(std::string_view word);

/// Whether a path, a section, a flag or a variable's name (without OUTBOXD_) is that of a setting or section. The
/// flag of a secret is that of its file.
bool names_setting(std::string_view word, std::string_view setting);

}  // namespace outboxd::config
