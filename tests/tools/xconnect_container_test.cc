// xconnect in a container, without an engine: the image's tree as the root folder, in mount and
// network namespaces of its own, with the capabilities that daemonset.yaml adds and no others.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "purebpf/tests/tools/xconnect_fixture.h"

namespace purebpf::testing {
namespace {

// include/uapi/linux/capability.h
constexpr uint64_t kNetAdmin = uint64_t{1} << 12U;
constexpr uint64_t kSysAdmin = uint64_t{1} << 21U;
constexpr uint64_t kBpf = uint64_t{1} << 39U;

class ContainerTest : public XconnectTest {
 protected:
  void SetUp() override {
    XconnectTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    root_ = folder_ / "root";
    // Before Linux 5.11 what BPF takes is charged to it, and 64 KiB are soon taken; the container
    // has no capability to raise it.
    const rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    (void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
    std::filesystem::create_directory(root_);
    const std::string unpack = "tar -C " + root_ + " -xf " + BinaryFromEnvironment("ROOTFS");
    ASSERT_EQ(std::system(unpack.c_str()), 0) << unpack;
    Publish("..2026_11_27_00_00_00.1", "links:\n  v1: v2\n");
    ASSERT_EQ(symlink("..data/xconnect.yaml", (folder() + "/xconnect.yaml").c_str()), 0);
  }

  std::string folder() const { return root_ + "/etc/xconnect"; }

  // A ConfigMap's new contents, as kubelet writes them: a folder of its own, and ..data leads there
  // from one moment to the next.
  void Publish(const std::string& time, std::string_view text) const {
    std::filesystem::create_directory(folder() + "/" + time);
    WriteText(folder() + "/" + time + "/xconnect.yaml", text);
    ASSERT_EQ(symlink(time.c_str(), (folder() + "/..data_tmp").c_str()), 0);
    ASSERT_EQ(std::rename((folder() + "/..data_tmp").c_str(), (folder() + "/..data").c_str()), 0);
  }

  [[nodiscard]] Container With(uint64_t capabilities) const {
    return {.root = root_, .capabilities = capabilities};
  }

  const std::vector<std::string> kArguments = {"--config", "/etc/xconnect/xconnect.yaml"};
  const std::vector<std::string> kCheck = {"--check", "--config", "/etc/xconnect/xconnect.yaml"};
  std::string root_;
};

TEST_F(ContainerTest, RunsWithTwoCapabilitiesAndFollowsTheConfigMap) {
  XconnectProcess process("/xconnect", kArguments, With(kBpf | kNetAdmin));
  ASSERT_TRUE(process.Await("started with /etc/xconnect/xconnect.yaml (skb): 1 connected"));
  EXPECT_TRUE(Connected(1, 2));
  Publish("..2026_11_27_00_01_00.2", "links:\n  v1: v3\n");
  std::filesystem::remove_all(folder() + "/..2026_11_27_00_00_00.1");
  ASSERT_TRUE(process.Await("reloaded"));
  EXPECT_TRUE(Connected(1, 3));
  Publish("..2026_11_27_00_02_00.3", "links:\n  v1: v3\n  v2: v4\n");
  ASSERT_TRUE(process.Await("1 added, 0 removed, 1 unchanged"));
  EXPECT_TRUE(Connected(2, 4));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_TRUE(NothingAttached());
}

TEST_F(ContainerTest, RunsWithMuslToo) {
  if (const std::string problem = std::getenv("MUSL_PROBLEM"); !problem.empty())
    GTEST_SKIP() << problem;
  std::filesystem::copy_file(BinaryFromEnvironment("XCONNECT_MUSL"), root_ + "/xconnect",
                             std::filesystem::copy_options::overwrite_existing);
  XconnectProcess process("/xconnect", kArguments, With(kBpf | kNetAdmin));
  ASSERT_TRUE(process.Await("started with /etc/xconnect/xconnect.yaml (skb): 1 connected"));
  EXPECT_TRUE(Connected(1, 2));
  WriteText(folder() + "/..data/xconnect.yaml", "links:\n  v1 v3\n");
  ASSERT_TRUE(
      process.Await("refused /etc/xconnect/xconnect.yaml:2:8: expected ': ' after 'v1 v3'"));
  Publish("..2026_11_27_00_01_00.2", "links:\n  v1: v3\n");
  ASSERT_TRUE(process.Await("reloaded"));
  EXPECT_TRUE(Connected(1, 3));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_TRUE(NothingAttached());
}

// Since Linux 5.8 it includes CAP_BPF.
TEST_F(ContainerTest, RunsWithSysAdminInThePlaceOfBpf) {
  XconnectProcess process("/xconnect", kArguments, With(kSysAdmin | kNetAdmin));
  ASSERT_TRUE(process.Await("started"));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
}

TEST_F(ContainerTest, NamesTheCapabilityThatIsMissing) {
  struct Row {
    uint64_t has;
    std::string_view lacks;
  };
  const Row rows[] = {
      {kNetAdmin, "CAP_BPF"},
      {kBpf, "CAP_NET_ADMIN"},
      {0, "CAP_BPF and CAP_NET_ADMIN"},
  };
  for (const Row& row : rows) {
    XconnectProcess process("/xconnect", kArguments, With(row.has));
    EXPECT_EQ(process.Wait(), 1);
    const std::string lacks = "this process lacks " + std::string(row.lacks) + "\n";
    EXPECT_TRUE(
        process.Says("EPERM (Operation not permitted); needs CAP_BPF and CAP_NET_ADMIN "
                     "(CAP_SYS_ADMIN before Linux 5.8); " +
                     lacks))
        << process.output();
    XconnectProcess check("/xconnect", kCheck, With(row.has));
    EXPECT_EQ(check.Wait(), 0);
    EXPECT_TRUE(check.Says("needs CAP_BPF and CAP_NET_ADMIN: this process lacks " +
                           std::string(row.lacks) + "; without CAP_SYS_ADMIN"))
        << check.output();
    EXPECT_TRUE(NothingAttached());
  }
}

TEST_F(ContainerTest, TellsWhatItNeeds) {
  XconnectProcess enough("/xconnect", kCheck, With(kBpf | kNetAdmin));
  EXPECT_EQ(enough.Wait(), 0);
  EXPECT_TRUE(
      enough.Says("xconnect: needs CAP_BPF and CAP_NET_ADMIN: this process has them; "
                  "without CAP_SYS_ADMIN every program that is attached already counts as "
                  "foreign\n"))
      << enough.output();
  XconnectProcess more("/xconnect", kCheck, With(kBpf | kNetAdmin | kSysAdmin));
  EXPECT_EQ(more.Wait(), 0);
  EXPECT_TRUE(more.Says("xconnect: needs CAP_BPF and CAP_NET_ADMIN: this process has them\n"))
      << more.output();
}

}  // namespace
}  // namespace purebpf::testing
