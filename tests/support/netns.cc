#include "purebpf/tests/support/netns.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <initializer_list>
#include <thread>
#include <utility>
#include <vector>

namespace purebpf::testing {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

constexpr const char* kOwnNetns = "/proc/thread-self/ns/net";

std::string Failed(std::string_view what) {
  return std::string(what) + ": " + std::strerror(errno);
}

void WriteFile(const char* path, std::string_view text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;  // a kernel without IPv6
  if (write(fd, text.data(), text.size()) < 0) ADD_FAILURE() << Failed(path);
  close(fd);
}

struct Output {
  bool ok = false;
  std::string text;  // both streams
};

// Runs ip(8) in the calling thread's network namespace.
Output RunIp(std::string_view arguments) {
  std::vector<std::string> words = {"ip"};
  while (!arguments.empty()) {
    const size_t space = std::min(arguments.find(' '), arguments.size());
    if (space > 0) words.emplace_back(arguments.substr(0, space));
    arguments.remove_prefix(std::min(space + 1, arguments.size()));
  }
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path, nullptr};

  std::array<int, 2> pipe_fds{};
  if (pipe2(pipe_fds.data(), O_CLOEXEC) != 0) return {.text = Failed("pipe2")};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDERR_FILENO);
  pid_t child = 0;
  int error = ENOENT;
  for (const char* ip : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"}) {
    error = posix_spawn(&child, ip, &actions, nullptr, argv.data(), environment);
    if (error != ENOENT) break;
  }
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_fds[1]);

  Output output;
  std::array<char, 4096> chunk{};
  for (ssize_t n = 0; (n = read(pipe_fds[0], chunk.data(), chunk.size())) > 0;)
    output.text.append(chunk.data(), static_cast<size_t>(n));
  close(pipe_fds[0]);
  if (error != 0) {
    errno = error;
    return {.text = Failed("cannot run ip (package iproute2)")};
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  output.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return output;
}

std::string Join(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) joined += part;
  return joined;
}

// Locally administered.
std::string AddressOf(uint32_t index) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string address = "02:00:00:00:";
  for (const uint32_t shift : {12U, 8U, 4U, 0U}) {
    address += kDigits[(index >> shift) & 0xf];
    if (shift == 8) address += ':';
  }
  return address;
}

}  // namespace

NetnsScope::NetnsScope(int netns_fd) : before_(-1) {
  if (netns_fd < 0) return;
  before_ = open(kOwnNetns, O_RDONLY | O_CLOEXEC);
  if (setns(netns_fd, CLONE_NEWNET) != 0) ADD_FAILURE() << Failed("setns");
}

NetnsScope::NetnsScope(NetnsScope&& other) noexcept : before_(std::exchange(other.before_, -1)) {}

NetnsScope::~NetnsScope() {
  if (before_ < 0) return;
  if (setns(before_, CLONE_NEWNET) != 0) ADD_FAILURE() << Failed("setns back");
  close(before_);
}

Netns::Netns(bool pretended) : pretended_(pretended) {
  if (pretended) return;
  const int before = open(kOwnNetns, O_RDONLY | O_CLOEXEC);
  if (before < 0) {
    reason_ = Failed(kOwnNetns);
    return;
  }
  if (unshare(CLONE_NEWNET) != 0) {
    reason_ = Failed("cannot make a network namespace (needs CAP_SYS_ADMIN)");
  } else {
    fd_ = open(kOwnNetns, O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) reason_ = Failed(kOwnNetns);
    WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    if (setns(before, CLONE_NEWNET) != 0) ADD_FAILURE() << Failed("setns back");
  }
  close(before);
}

Netns::Netns(Netns&& other) noexcept
    : pretended_(other.pretended_),
      fd_(std::exchange(other.fd_, -1)),
      reason_(std::move(other.reason_)),
      last_index_(other.last_index_),
      made_(std::move(other.made_)) {}

Netns::~Netns() {
  if (fd_ >= 0) close(fd_);
}

std::string Netns::path() const {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_);
}

AssertionResult Netns::Ip(std::string_view arguments) const {
  if (pretended_) return AssertionSuccess();
  if (!ok()) return AssertionFailure() << reason_;
  const NetnsScope scope = Enter();
  const Output output = RunIp(arguments);
  if (output.ok) return AssertionSuccess();
  return AssertionFailure() << "ip " << arguments << ": " << output.text;
}

std::string Netns::IpOutput(std::string_view arguments) const {
  if (!ok() || pretended_) return "";
  const NetnsScope scope = Enter();
  Output output = RunIp(arguments);
  return output.ok ? std::move(output.text) : "";
}

AssertionResult Netns::AddPair(std::string_view name, std::string_view peer,
                               const Netns& peer_netns) const {
  // A veth pair whose ends have the same index, each in its namespace, waits up to a second for
  // its carrier: linkwatch_urgent_event (net/core/link_watch.c) takes it for a plain device.
  const uint32_t index = ++last_index_;
  const uint32_t peer_index = ++last_index_;
  made_.insert_or_assign(std::string(name), index);
  peer_netns.made_.insert_or_assign(std::string(peer), peer_index);
  return Ip(
      Join({"link add ", name, " index ", std::to_string(index), " address ", AddressOf(index),
            " type veth peer name ", peer, " index ", std::to_string(peer_index), " address ",
            AddressOf(peer_index), " netns ", peer_netns.path()}));
}

AssertionResult Netns::MakePair(std::string_view name, std::string_view peer) const {
  return AddPair(name, peer, *this);
}

AssertionResult Netns::MakeVeth(std::string_view name, std::string_view peer) const {
  return MakeVeth(name, peer, *this);
}

AssertionResult Netns::MakeVeth(std::string_view name, std::string_view peer,
                                const Netns& peer_netns) const {
  AssertionResult made = AddPair(name, peer, peer_netns);
  if (made) made = Up(name);
  if (made) made = peer_netns.Up(peer);
  if (!made) return made;
  if (!AwaitCarrier(name)) return AssertionFailure() << name << " gets no carrier";
  if (!peer_netns.AwaitCarrier(peer)) return AssertionFailure() << peer << " gets no carrier";
  return AssertionSuccess();
}

AssertionResult Netns::Up(std::string_view link) const {
  return Ip(Join({"link set ", link, " up"}));
}

AssertionResult Netns::Down(std::string_view link) const {
  return Ip(Join({"link set ", link, " down"}));
}

AssertionResult Netns::Delete(std::string_view link) const {
  return Ip(Join({"link delete ", link}));
}

AssertionResult Netns::Rename(std::string_view link, std::string_view to) const {
  return Ip(Join({"link set ", link, " name ", to}));
}

AssertionResult Netns::AddAltname(std::string_view link, std::string_view altname) const {
  return Ip(Join({"link property add dev ", link, " altname ", altname}));
}

AssertionResult Netns::AddAddress(std::string_view link, std::string_view address) const {
  return Ip(Join({"address add ", address, " dev ", link}));
}

AssertionResult Netns::Move(std::string_view link, const Netns& to) const {
  return Ip(Join({"link set ", link, " netns ", to.path()}));
}

uint32_t Netns::Index(std::string_view link) const {
  if (pretended_) {
    const auto found = made_.find(link);
    if (found != made_.end()) return found->second;
    return link == "lo" ? 1 : 0;
  }
  if (!ok()) return 0;
  const NetnsScope scope = Enter();
  return if_nametoindex(std::string(link).c_str());
}

bool Netns::AwaitCarrier(std::string_view link) const {
  if (pretended_) return true;
  if (!ok() || link.size() >= IFNAMSIZ) return false;
  const NetnsScope scope = Enter();
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  link.copy(request.ifr_name, IFNAMSIZ - 1);
  constexpr int kWanted = IFF_UP | IFF_RUNNING;
  bool running = false;
  for (int i = 0; i < 2000 && !running; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    running = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & kWanted) == kWanted;
  }
  close(fd);
  return running;
}

TempNetns::TempNetns(bool pretended) : netns_(pretended), scope_(netns_.fd()) {}

}  // namespace purebpf::testing
