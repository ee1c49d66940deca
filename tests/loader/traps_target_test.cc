// Facts of kernels that are easily read wrongly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_plan.h"
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

// Trap 29: uname(2) tells what the distribution calls the kernel, or what the personality of the
// process demands (2.6.78 of 6.18); LINUX_KERNEL_VERSION is what the kernel was compiled as.
TEST(Target, TheVersionIsWhatTheKernelWasCompiledAs) {
  struct Case {
    std::string_view what;
    std::string version;    // /proc/version
    std::string signature;  // /proc/version_signature, where there is one
    uint32_t code;
  };
  const Case cases[] = {
      {"uname -r is 2.6.78", "Linux version 6.18.44-x (a@b) (gcc (Debian 14.2.0-19) 14.2.0) #1 SMP",
       "", 0x06122cU},
      {"Debian",
       "Linux version 6.1.0-18-amd64 (a@b) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP "
       "Debian 6.1.76-1 (2024-02-01)",
       "", 0x06014cU},
      {"Ubuntu", "Linux version 5.15.0-94-generic (a@b) (gcc (Ubuntu 11.4.0) 11.4.0) #104-Ubuntu",
       "Ubuntu 5.15.0-94.104-generic 5.15.136\n", 0x050f88U},
      {"Ubuntu without a signature",
       "Linux version 5.15.0-94-generic (a@b) (gcc (Ubuntu 11.4.0) 11.4.0) #104-Ubuntu", "",
       0x050f00U},
      {"no /proc", "", "", 0x02064eU},
  };
  for (const Case& c : cases) {
    FakeKernel kernel;
    kernel.release = std::string("2.6.78-x");
    if (!c.version.empty()) kernel.files["/proc/version"] = c.version + "\n";
    if (!c.signature.empty()) kernel.files["/proc/version_signature"] = c.signature;
    auto target = TargetKernel::Running(kernel);
    const auto version = target.Version();
    ASSERT_THAT(version, IsOk()) << c.what;
    EXPECT_EQ(*version, c.code) << c.what;
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

// Trap 16: a perf event array has a place for CPUs that are offline, too: they may come.
TEST(Target, CpusThatAreOfflineArePossible) {
  FakeKernel kernel;
  kernel.files["/sys/devices/system/cpu/possible"] = "0-7\n";
  kernel.files["/sys/devices/system/cpu/present"] = "0-5\n";
  kernel.files["/sys/devices/system/cpu/online"] = "0,2-3\n";
  CollectionSpec spec{.name = "object"};
  spec.maps.push_back(
      {.name = "events",
       .params = {
           .name = "events", .type = MapType::kPerfEventArray, .key_size = 4, .value_size = 4}});
  auto target = TargetKernel::Running(kernel);
  const auto plan = LoadPlan::Make(spec, target);
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(std::get<CreateMapStep>(plan->steps.at(0)).params.max_entries, 8U);
  EXPECT_THAT(kernel.read_paths(), ::testing::ElementsAre("/sys/devices/system/cpu/possible"));
}

}  // namespace
}  // namespace purebpf
