// How many calls loading costs: those without which there would be no such maps and programs, and
// at most one more. Counted at the seam, on the running kernel. Needs root.
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf {
namespace {

// The paths of objects: this test's arguments.
std::vector<std::string> objects;

class CountingKernel final : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override {
    ++of[command];
    ++all;
    return ForwardingKernel::Bpf(command, attr, regions);
  }
  SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max) override {
    files.push_back(path);
    ++all;
    return ForwardingKernel::ReadFile(path, max);
  }
  SysResult<Bytes> OpenFile(const std::string& path, size_t max) override {
    files.push_back(path);
    ++all;
    return ForwardingKernel::OpenFile(path, max);
  }
  SysResult<std::vector<std::string>> ListFolder(const std::string& path) override {
    files.push_back(path);
    ++all;
    return ForwardingKernel::ListFolder(path);
  }
  SysResult<std::string> Release() override {
    ++all;
    return ForwardingKernel::Release();
  }
  SysResult<ResourceLimit> GetResourceLimit(int resource) override {
    ++all;
    return ForwardingKernel::GetResourceLimit(resource);
  }

  std::map<Command, int> of;
  std::vector<std::string> files;
  int all = 0;
};

class CallsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "loading programs needs root";
    ASSERT_EQ(objects.size(), 3u);
  }
  void Load(const std::string& path) {
    const auto spec = CollectionSpec::FromFile(host_, path);
    ASSERT_TRUE(spec) << spec.error().ToString();
    const auto loaded = spec->Load(kernel_);
    ASSERT_TRUE(loaded) << loaded.error().ToString();
  }

  HostKernel host_;
  CountingKernel kernel_{host_};
};

TEST_F(CallsTest, CoreObjectReadsTheKernelsTypesOnceAndLoadsItsPrograms) {
  Load(objects[0]);
  EXPECT_EQ(kernel_.of[Command::kBtfLoad], 1);
  EXPECT_EQ(kernel_.of[Command::kProgLoad], 5);
  EXPECT_EQ(kernel_.files, std::vector<std::string>{"/sys/kernel/btf/vmlinux"});
  EXPECT_LE(kernel_.all, 1 + 5 + 1 + 1);
}

TEST_F(CallsTest, FiftyProgramsWithFiftyMapsAreNoCallMoreThanThey) {
  Load(objects[1]);
  EXPECT_EQ(kernel_.of[Command::kBtfLoad], 1);
  EXPECT_EQ(kernel_.of[Command::kMapCreate], 53);  // .data, .bss and .rodata
  EXPECT_EQ(kernel_.of[Command::kProgLoad], 50);
  EXPECT_EQ(kernel_.of[Command::kMapUpdateElem], 2);  // .bss is zero as it is
  EXPECT_EQ(kernel_.of[Command::kMapFreeze], 1);
  EXPECT_EQ(kernel_.files, std::vector<std::string>());
  EXPECT_LE(kernel_.all, 1 + 53 + 50 + 2 + 1 + 1);
}

TEST_F(CallsTest, SmallObjectIsOneMapAndOneProgram) {
  Load(objects[2]);
  EXPECT_EQ(kernel_.of[Command::kMapCreate], 1);
  EXPECT_EQ(kernel_.of[Command::kProgLoad], 1);
  EXPECT_EQ(kernel_.files, std::vector<std::string>());
  EXPECT_LE(kernel_.all, 1 + 1 + 1);
}

}  // namespace
}  // namespace purebpf

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  purebpf::objects.assign(argv + 1, argv + argc);
  return RUN_ALL_TESTS();
}
