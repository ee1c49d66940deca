#include "purebpf/bpf/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using testing::FakeKernel;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr uint64_t kNetAdmin = 0x1000;
constexpr uint64_t kSysAdmin = 0x200000;
constexpr uint64_t kPerfmon = 0x4000000000;
constexpr uint64_t kBpf = 0x8000000000;
constexpr std::array kXdp = {Capability::kBpf, Capability::kNetAdmin};

TEST(Capabilities, AreThoseThatTheKernelTellsOfThisProcess) {
  std::ifstream status("/proc/self/status");
  uint64_t effective = 1;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:")) effective = std::stoull(line.substr(7), nullptr, 16);
  HostKernel kernel;
  EXPECT_EQ(kernel.Capabilities(), effective);
}

TEST(Capabilities, AreMissingOneByOne) {
  FakeKernel kernel;
  kernel.capabilities = kBpf | kNetAdmin;
  EXPECT_THAT(MissingCapabilities(kernel, kXdp), Optional(IsEmpty()));
  EXPECT_EQ(kernel.release_count(), 0U);
  kernel.capabilities = kBpf;
  EXPECT_THAT(MissingCapabilities(kernel, kXdp), Optional(ElementsAre(Capability::kNetAdmin)));
  kernel.capabilities = kNetAdmin | kPerfmon;
  EXPECT_THAT(MissingCapabilities(kernel, kXdp), Optional(ElementsAre(Capability::kBpf)));
  kernel.capabilities = 0;
  EXPECT_THAT(MissingCapabilities(kernel, kXdp),
              Optional(ElementsAre(Capability::kBpf, Capability::kNetAdmin)));
}

TEST(Capabilities, OfSysAdminAreOthersToo) {
  FakeKernel kernel;
  kernel.capabilities = kSysAdmin;
  constexpr std::array kAll = {Capability::kBpf, Capability::kPerfmon, Capability::kNetAdmin};
  EXPECT_THAT(MissingCapabilities(kernel, kAll), Optional(ElementsAre(Capability::kNetAdmin)));
}

TEST(Capabilities, AreSysAdminBeforeLinux58) {
  FakeKernel kernel;
  kernel.release = std::string("5.7.19");
  kernel.capabilities = kNetAdmin;
  EXPECT_THAT(CapabilitiesOf(kernel, kXdp),
              ElementsAre(Capability::kSysAdmin, Capability::kNetAdmin));
  EXPECT_THAT(MissingCapabilities(kernel, kXdp), Optional(ElementsAre(Capability::kSysAdmin)));
  kernel.release = std::string("5.8.0");
  EXPECT_THAT(CapabilitiesOf(kernel, kXdp), ElementsAre(Capability::kBpf, Capability::kNetAdmin));
  EXPECT_THAT(MissingCapabilities(kernel, kXdp), Optional(ElementsAre(Capability::kBpf)));
}

TEST(Capabilities, AreNotKnownInAReplay) {
  FakeKernel kernel;
  EXPECT_EQ(MissingCapabilities(kernel, kXdp), std::nullopt);
  EXPECT_EQ(kernel.release_count(), 0U);
}

TEST(Capabilities, AreNamedInAnErrorWhoseHintSaysWhatIsNeeded) {
  struct Row {
    std::string hint;
    std::optional<uint64_t> has;
    std::string expected;
  };
  const std::string xdp = "needs CAP_BPF and CAP_NET_ADMIN (CAP_SYS_ADMIN before Linux 5.8)";
  const std::string freeze = "needs CAP_BPF, or a descriptor that may write";
  const std::vector<Row> rows = {
      {xdp, std::nullopt, xdp},
      {xdp, kNetAdmin, xdp + "; this process lacks CAP_BPF"},
      {xdp, kBpf, xdp + "; this process lacks CAP_NET_ADMIN"},
      {xdp, 0, xdp + "; this process lacks CAP_BPF and CAP_NET_ADMIN"},
      {xdp, kBpf | kNetAdmin,
       xdp + "; this process has CAP_BPF and CAP_NET_ADMIN: a user namespace, a security module or "
             "a seccomp filter refuses it all the same"},
      {freeze, 0, freeze + "; this process lacks CAP_BPF"},
      {freeze, kBpf, freeze + "; this process has CAP_BPF"},
      {"another program is attached there", 0, "another program is attached there"},
      {"", 0, ""},
  };
  for (const Row& row : rows) {
    FakeKernel kernel;
    kernel.capabilities = row.has;
    Error error{.hint = row.hint};
    NameMissingCapabilities(kernel, error);
    EXPECT_EQ(error.hint, row.expected);
  }
}

}  // namespace
}  // namespace purebpf
