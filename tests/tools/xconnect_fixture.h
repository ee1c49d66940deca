// What the tests of the running xconnect share: hosts on cables to a namespace where it runs, its
// configuration, and programs of somebody else.
#ifndef PUREBPF_TESTS_TOOLS_XCONNECT_FIXTURE_H_
#define PUREBPF_TESTS_TOOLS_XCONNECT_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/program.h"
#include "purebpf/netlink/socket.h"
#include "purebpf/netlink/xdp.h"
#include "purebpf/tests/support/frames.h"
#include "purebpf/tests/support/netns.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "purebpf/tests/tools/xconnect_process.h"

namespace purebpf::testing {

// In place: open, truncate, write, close.
void WriteText(const std::string& path, std::string_view text);
// Under another name first, then renamed over it.
void ReplaceText(const std::string& path, std::string_view text);

// Host i (from 1) has "eth0" on a cable to "v<i>", in the namespace that the test is in.
class XconnectTest : public ::testing::Test {
 protected:
  static constexpr size_t kHosts = 4;

  void SetUp() override;

  const Netns& host(size_t number) const { return hosts_[number - 1]; }
  // Whether frames cross from one host to the other and back.
  ::testing::AssertionResult Connected(size_t a, size_t b) const;
  ::testing::AssertionResult NotConnected(size_t a, size_t b) const;

  // Frames between two hosts without a pause while it lives, each batch when the one before has
  // arrived.
  class Traffic {
   public:
    Traffic(const Netns& from, const Netns& to);
    ~Traffic() { Stop(); }
    // Ends it; how many frames were lost, and that some were sent at all is expected.
    size_t Stop();

   private:
    static constexpr uint64_t kTag = 0x7261;
    void Exchange();
    FrameCounter counter_;
    FrameSender sender_;
    std::atomic<bool> stop_ = false;
    size_t sent_ = 0;
    size_t lost_ = 0;
    std::thread thread_;
  };

  // The program that is attached to a link here.
  netlink::XdpState Xdp(std::string_view link);
  bool NothingAttached();
  // Somebody else's program, which lets everything pass.
  static Program Foreign(Kernel& kernel);
  Result<void> AttachForeign(std::string_view link, const Program& program,
                             const netlink::AttachOptions& options);

  std::vector<std::string> Arguments(std::vector<std::string> more = {}) const;

  HostKernel kernel_;
  TempNetns here_;
  std::vector<Netns> hosts_;
  TempFolder folder_;
  std::string config_ = folder_ / "xconnect.yaml";
  std::string binary_ = BinaryFromEnvironment("XCONNECT");
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_TOOLS_XCONNECT_FIXTURE_H_
