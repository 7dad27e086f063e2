// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include "http/connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <list>
#include <utility>
#include <vector>

namespace outboxd::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Without free descriptors accept fails at once; without a pause it would be retried in a tight loop.
constexpr std::chrono::milliseconds kAcceptBackoff{200};

constexpr std::size_t kShareOfProbes = 16;

bool is_out_of_descriptors(const error_code& error) {
  return error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system;
}

/// The coroutines handle every expected error. Any other is a defect: it is logged, and the daemon goes on.
void report(const std::exception_ptr& error) {
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& unexpected) {
    spdlog::error("http: a connection ended with an unexpected error: {}", unexpected.what());
  } catch (...) {
    spdlog::error("http: a connection ended with an unexpected error");
  }
}

}  // namespace

/// Shared by the server and its coroutines, which may end after it.
class Server::State : public std::enable_shared_from_this<State> {
 public:
  State(const asio::any_io_executor& executor, ServerOptions options, Routes routes)
      : acceptor_(open_listener(executor, options.listen)),
        endpoint_(acceptor_.local_endpoint()),
        backoff_(executor),
        max_connections_(options.max_connections),
        service_(std::make_shared<Service>(Service{.routes = std::move(routes),
                                                   .bearer = std::move(options.bearer),
                                                   .deadline = options.deadline,
                                                   .max_requests = options.max_requests,
                                                   .wrong_token = std::move(options.wrong_token)})) {
    if (!service_->wrong_token) service_->wrong_token = [](const std::string& /*peer*/) {};
    // Every connection keeps this object alive.
    service_->page_is_asked_for = [this] { keep_slots_for_probes(); };
  }

  [[nodiscard]] const tcp::endpoint& endpoint() const { return endpoint_; }

  void start() { asio::co_spawn(acceptor_.get_executor(), accept_all(shared_from_this()), report); }

  void use_bearer(std::string bearer) { service_->bearer = std::move(bearer); }

  void stop() {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    backoff_.cancel();
    for (Connection* connection : connections_) connection->close_when_idle();
  }

 private:
  /// Keeps a connection in the list of its state while it is served.
  class Listed {
   public:
    Listed(State& state, Connection& connection)
        : state_(state), place_(state.connections_.insert(state.connections_.end(), &connection)) {}
    ~Listed() { state_.connections_.erase(place_); }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;

   private:
    State& state_;
    std::list<Connection*>::iterator place_;
  };

  // Static, with the state as a parameter: the coroutine's frame then keeps it alive.
  static asio::awaitable<void> accept_all(std::shared_ptr<State> state) {
    while (!state->stopping_) {
      error_code error;
      tcp::socket socket = co_await state->acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (state->stopping_) co_return;
      state->note_accept(error);
      if (error) {
        // The dispatchers need the descriptors more.
        if (is_out_of_descriptors(error)) state->evict_one([](const Connection& /*any*/) { return true; });
        state->backoff_.expires_after(kAcceptBackoff);
        co_await state->backoff_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      } else {
        state->free_a_slot();
        asio::co_spawn(state->acceptor_.get_executor(), serve(state, std::move(socket)), report);
      }
    }
  }

  static asio::awaitable<void> serve(std::shared_ptr<State> state, tcp::socket socket) {
    // stop() ran between the accept and the first turn of this coroutine, so it could not see this connection.
    if (state->stopping_) co_return;
    Connection connection(std::move(socket), state->service_);
    const Listed listed(*state, connection);
    co_await connection.serve();
  }

  /// Logs one line when accepting begins to fail and one when it works again, not one for each attempt.
  void note_accept(const error_code& error) {
    if (error && !accept_fails_) {
      spdlog::warn("http: connections can't be accepted ({}); retrying. Scrapes and probes fail meanwhile",
                   error.message());
    } else if (!error && accept_fails_) {
      spdlog::info("http: connections are accepted again");
    }
    accept_fails_ = static_cast<bool>(error);
  }

  using Wanted = bool (*)(const Connection&);

  /// The connections of this kind that are not closing.
  [[nodiscard]] std::vector<Connection*> open_ones(Wanted wanted) const {
    std::vector<Connection*> open;
    for (Connection* connection : connections_) {
      if (!connection->closing() && wanted(*connection)) open.push_back(connection);
    }
    return open;
  }

  void evict_one(Wanted wanted) {
    const auto open = open_ones(wanted);
    std::vector<Slot> slots;
    slots.reserve(open.size());
    for (const Connection* connection : open) slots.push_back(connection->slot());
    if (const auto index = slot_to_evict(slots, std::chrono::steady_clock::now())) open[*index]->close();
  }

  /// Frees a slot for the connection that was just accepted, so that idle clients, and clients that leave answers
  /// unread, can't keep probes out.
  void free_a_slot() {
    constexpr Wanted kAny = [](const Connection& /*any*/) { return true; };
    if (open_ones(kAny).size() >= max_connections_) evict_one(kAny);
  }

  void keep_slots_for_probes() {
    constexpr Wanted kPages = [](const Connection& connection) { return connection.has_page(); };
    const auto kept = std::max<std::size_t>(1, max_connections_ / kShareOfProbes);
    if (open_ones(kPages).size() + kept >= max_connections_) evict_one(kPages);
  }

  tcp::acceptor acceptor_;
  const tcp::endpoint endpoint_;
  asio::steady_timer backoff_;
  const std::size_t max_connections_;
  std::shared_ptr<Service> service_;
  std::list<Connection*> connections_;
  bool stopping_ = false;
  bool accept_fails_ = false;
};

Server::Server(const asio::any_io_executor& executor, ServerOptions options, Routes routes)
    : state_(std::make_shared<State>(executor, std::move(options), std::move(routes))) {
  state_->start();
}

Server::~Server() {
  stop();
}

std::uint16_t Server::port() const {
  return state_->endpoint().port();
}

bool Server::is_on_loopback() const {
  const auto address = state_->endpoint().address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

void Server::use_bearer(std::string bearer) {
  state_->use_bearer(std::move(bearer));
}

void Server::stop() {
  state_->stop();
}

}  // namespace outboxd::http
