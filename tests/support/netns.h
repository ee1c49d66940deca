// Network namespaces for tests that need root: made by the test, anonymous, and gone with the
// process however it ends, so that nothing of the machine's own network is ever touched.
//
// Links in them are made by iproute2's `ip`, which knows nothing of this library: an independent
// judge. Programs that the test starts (posix_spawn) inherit the namespace of the calling thread.
#ifndef PUREBPF_TESTS_SUPPORT_NETNS_H_
#define PUREBPF_TESTS_SUPPORT_NETNS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace purebpf::testing {

// While it lives, the calling thread is in another network namespace; then back in the one before.
class NetnsScope {
 public:
  explicit NetnsScope(int netns_fd);
  NetnsScope(NetnsScope&& other) noexcept;
  NetnsScope& operator=(NetnsScope&&) = delete;
  ~NetnsScope();

 private:
  int before_;
};

// A network namespace, kept by a descriptor. The calling thread does not enter it: several of them
// are several hosts. IPv6 is off in it, so that no frame is sent that no test asked for.
//
// A pretended one is for a test that replays a recording: everything that is asked of it succeeds
// and does nothing, and Index knows the links that MakePair and MakeVeth would have made.
class Netns {
 public:
  explicit Netns(bool pretended = false);
  Netns(Netns&& other) noexcept;
  Netns& operator=(Netns&&) = delete;
  ~Netns();

  // False where this process may not make one: then reason() says why, for GTEST_SKIP.
  [[nodiscard]] bool ok() const { return pretended_ || fd_ >= 0; }
  [[nodiscard]] const std::string& reason() const { return reason_; }

  [[nodiscard]] int fd() const { return fd_; }
  // Names it to other processes: `ip link set DEVICE netns PATH`.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] NetnsScope Enter() const { return NetnsScope(fd_); }

  // Runs `ip ARGUMENTS` (split at spaces) in it: EXPECT_TRUE(netns.Ip("link set veth0 up")). A
  // failure carries what ip said.
  [[nodiscard]] ::testing::AssertionResult Ip(std::string_view arguments) const;
  // What it printed; "" where it failed.
  [[nodiscard]] std::string IpOutput(std::string_view arguments) const;

  // Two ends of a cable, both down. Indices count from 101 in this namespace and give the
  // addresses: the same in every run.
  [[nodiscard]] ::testing::AssertionResult MakePair(std::string_view name,
                                                    std::string_view peer) const;
  // The same with both up, and the second in `peer_netns`. Returns when both have a carrier.
  [[nodiscard]] ::testing::AssertionResult MakeVeth(std::string_view name,
                                                    std::string_view peer) const;
  [[nodiscard]] ::testing::AssertionResult MakeVeth(std::string_view name, std::string_view peer,
                                                    const Netns& peer_netns) const;
  [[nodiscard]] ::testing::AssertionResult Up(std::string_view link) const;
  [[nodiscard]] ::testing::AssertionResult Down(std::string_view link) const;
  [[nodiscard]] ::testing::AssertionResult Delete(std::string_view link) const;
  [[nodiscard]] ::testing::AssertionResult Rename(std::string_view link, std::string_view to) const;
  [[nodiscard]] ::testing::AssertionResult AddAltname(std::string_view link,
                                                      std::string_view altname) const;
  // "10.0.0.1/24"
  [[nodiscard]] ::testing::AssertionResult AddAddress(std::string_view link,
                                                      std::string_view address) const;
  // A link that moves goes down.
  [[nodiscard]] ::testing::AssertionResult Move(std::string_view link, const Netns& to) const;

  // The ifindex, 0 where there is none of that name.
  [[nodiscard]] uint32_t Index(std::string_view link) const;
  // True as soon as frames can pass (IFF_UP and a carrier), false after 2 seconds.
  [[nodiscard]] bool AwaitCarrier(std::string_view link) const;

 private:
  [[nodiscard]] ::testing::AssertionResult AddPair(std::string_view name, std::string_view peer,
                                                   const Netns& peer_netns) const;

  bool pretended_;
  int fd_ = -1;
  std::string reason_;
  mutable uint32_t last_index_ = 100;
  mutable std::map<std::string, uint32_t, std::less<>> made_;  // name and index
};

// A namespace that the calling thread is in while this lives.
class TempNetns {
 public:
  explicit TempNetns(bool pretended = false);
  [[nodiscard]] bool ok() const { return netns_.ok(); }
  [[nodiscard]] const std::string& reason() const { return netns_.reason(); }
  [[nodiscard]] const Netns& netns() const { return netns_; }
  const Netns* operator->() const { return &netns_; }

 private:
  Netns netns_;
  NetnsScope scope_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_NETNS_H_
