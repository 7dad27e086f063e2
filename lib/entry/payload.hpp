// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::entry {

/// The treatment of payload fields whose value is JSON null.
enum class Nulls { left_out, as_text };

/// Reads a payload (a JSON object as Postgres prints jsonb) into fields, in its order.
///
/// A string becomes its own bytes, a number its JSON text (never through a double), true and false their names, an
/// object or array compact JSON. Not thread-safe, as it reuses its buffers.
class PayloadReader {
 public:
  PayloadReader();
  PayloadReader(PayloadReader&&) noexcept;
  PayloadReader& operator=(PayloadReader&&) noexcept;
  ~PayloadReader();

  /// Appends the payload's fields to `fields`. Returns the reason if the payload can't be published; `fields` may
  /// then hold some of its fields. Throws std::bad_alloc.
  [[nodiscard]] std::optional<std::string> append_fields(std::string_view payload_json, Nulls nulls,
                                                         std::vector<Field>& fields);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace outboxd::entry
