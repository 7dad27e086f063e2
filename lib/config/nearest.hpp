// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// How many letters must be added, dropped, changed or swapped with a neighbour.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The word of `known` that has the same meaning as `word`, the most similar spelling, or is the only one that begins
/// with it; "" if there is none.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

/// The setting's path that has the same meaning as a dotted path, or the most similar spelling, perhaps in another
/// section; or "".
std::string nearest_path(std::string_view path);

/// "; did you mean X?", or "" if there is no X.
std::string did_you_mean(const std::string& suggestion);

}  // namespace outboxd::config
