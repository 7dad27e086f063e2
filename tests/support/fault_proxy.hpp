// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>

namespace outboxd::test {

/// A TCP proxy on loopback, on a thread of its own, that injects faults between a client and a server.
///
/// There are two kinds of faults: lasting ones (delay, silence, refusal), and faults at one moment of the protocol:
/// the proxy stops when a request with a certain text passes, the test acts meanwhile, and then decides what happens
/// to the held bytes.
class FaultProxy {
 public:
  /// When the proxy stops, in the course of the request that contains the text.
  enum class Phase {
    asked,     ///< The client has sent the request, and none of it was forwarded.
    done,      ///< The server has begun to answer, and none of the answer was forwarded.
    answered,  ///< The first bytes of the answer were forwarded.
  };
  /// What happens to the held bytes and their connection.
  enum class Then {
    pass,
    cut,       ///< They are dropped, and both sides see a reset.
    cut_half,  ///< Half of them is forwarded; then as cut.
    garble,    ///< Random bytes are forwarded in their place.
    swallow,   ///< They and all later bytes of this connection are dropped; it stays open.
  };

  explicit FaultProxy(std::uint16_t target_port, std::uint32_t seed = 1);
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;
  ~FaultProxy();

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Lasting faults, each until it is reset.
  void delay(std::chrono::milliseconds each_way);
  /// Connections stay open and new ones are accepted, but no bytes are forwarded.
  void go_silent(bool silent);
  /// New connections are accepted and ended at once.
  void refuse(bool refuse);
  /// New connections are refused, as if there were no listener.
  void go_away(bool away);
  /// Resets every connection.
  void cut_all();

  /// Returns when the proxy has stopped at the given phase of the next request with this text. It forwards nothing
  /// until go_on(). Throws if no such request comes within the deadline.
  void wait_for(std::string_view text, Phase phase, std::chrono::milliseconds deadline = std::chrono::seconds(20));
  void go_on(Then then = Then::pass);

 private:
  using Clock = std::chrono::steady_clock;

  struct Held {
    Clock::time_point due;
    std::string bytes;
  };
  struct Way {
    std::list<Held> bytes;
    bool ended = false;
  };
  struct Link {
    int client = -1;
    int server = -1;
    Way to_server, to_client;
    /// A request with the wanted text was forwarded here, and its answer is awaited.
    bool awaits_answer = false;
    bool swallows = false;
    bool broken = false;
  };
  struct Moment {
    std::string text;
    Phase phase = Phase::asked;
  };

  void serve();
  void accept_one();
  void read_from(Link& link, bool from_client);
  void forward(Link& link, bool to_server);
  [[nodiscard]] bool is_the_moment(Link& link, bool from_client, const std::string& bytes);
  Then stop_here();
  void treat(Link& link, bool from_client, std::string bytes, Then then);
  void keep(Link& link, bool from_client, std::string bytes);
  void wake() const;
  static void reset(Link& link);

  std::uint16_t target_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_fd_ = -1;
  std::mt19937 random_;
  std::list<Link> links_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  bool silent_ = false;
  bool refuses_ = false;
  bool away_ = false;
  bool cut_all_ = false;
  std::chrono::milliseconds delay_{0};
  std::optional<Moment> wanted_;
  bool stopped_ = false;
  std::optional<Then> then_;

  std::thread thread_;
};

}  // namespace outboxd::test
