// Facts of kernels that are easily read wrongly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "purebpf/loader/target_kernel.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;

// Trap 29: KERNEL_VERSION() has 8 bits for the last number, and stays at the greatest.
TEST(Target, AVersionsLastNumberStopsAt255) {
  for (const auto& [release, version] :
       {std::pair("4.14.300", 0x040effU), {"6.1.255-generic", 0x0601ffU}, {"6.18.0", 0x061200U}}) {
    KernelSources sources;
    sources.release = release;
    auto target = TargetKernel::Described(std::move(sources));
    const auto read = target.Version();
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(*read, version) << release;
  }
}

// A kernel that is known by its types and its configuration needs no release besides.
TEST(Target, AConfigurationTellsTheVersion) {
  constexpr const char* kText = "# Linux/x86 6.12.5 Kernel Configuration\nCONFIG_BPF=y\n";
  KernelSources text;
  text.kconfig = kText;
  auto described = TargetKernel::Described(std::move(text));
  ASSERT_THAT(described.Version(), IsOk());
  EXPECT_EQ(*described.Version(), 0x060c05U);

  FakeKernel files;
  files.release = std::string("6.18.0");
  files.files["config"] = kText;
  KernelSources path;
  path.kconfig_path = "config";
  auto from_files = TargetKernel::FromFiles(files, path);
  ASSERT_THAT(from_files.Version(), IsOk());
  EXPECT_EQ(*from_files.Version(), 0x060c05U);
  auto running = TargetKernel::Running(files, path);
  ASSERT_THAT(running.Version(), IsOk());
  EXPECT_EQ(*running.Version(), 0x061200U);  // the running kernel knows better

  KernelSources given = path;
  given.release = "5.10.1";
  auto released = TargetKernel::FromFiles(files, std::move(given));
  EXPECT_EQ(*released.Version(), 0x050a01U);
  EXPECT_THAT(TargetKernel::Described().Version(),
              Fails(Code::kNotFound, "its version is not known"));
}

// Trap 17: the kernel counts the CPUs that there can be; their numbers may have holes.
TEST(Target, ThePossibleCpusMayHaveHoles) {
  for (const auto& [list, count] : {std::pair("0-3,8-11\n", 8U), {"0\n", 1U}, {"0,2,4-5\n", 4U}}) {
    FakeKernel kernel;
    kernel.files["/sys/devices/system/cpu/possible"] = list;
    auto target = TargetKernel::Running(kernel);
    const auto cpus = target.PossibleCpus();
    ASSERT_THAT(cpus, IsOk());
    EXPECT_EQ(*cpus, count) << list;
  }
}

}  // namespace
}  // namespace purebpf
