// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/status.hpp>

#include <optional>

namespace outboxd::http {

/// What a request is refused with when it isn't plain where it ends, and a proxy might have seen another end: a
/// Transfer-Encoding other than `chunked`, or beside a Content-Length, or several of either. Nothing when it is
/// plain.
[[nodiscard]] std::optional<boost::beast::http::status> framing_fault(const boost::beast::http::fields& header);

}  // namespace outboxd::http
