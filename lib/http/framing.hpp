// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/status.hpp>

#include <optional>

namespace outboxd::http {

/// The status for a request whose end is ambiguous, so that a proxy might see another end (request smuggling): a
/// Transfer-Encoding other than `chunked`, Transfer-Encoding together with Content-Length, several of either, or a
/// Content-Length that is no number. Empty if the end is clear.
[[nodiscard]] std::optional<boost::beast::http::status> framing_fault(const boost::beast::http::fields& header);

}  // namespace outboxd::http
