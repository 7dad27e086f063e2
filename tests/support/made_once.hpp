// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

namespace outboxd::test {

/// Returns the folder `where`; the first process that asks for it creates it. `make` gets the path of a folder that
/// doesn't exist yet and fills it; then the folder is renamed to `where` in one step. Other processes wait meanwhile.
/// Rethrows exceptions of `make`; throws std::system_error if the parent folder can't be written.
std::filesystem::path made_once(const std::filesystem::path& where,
                                const std::function<void(const std::filesystem::path&)>& make);

}  // namespace outboxd::test
