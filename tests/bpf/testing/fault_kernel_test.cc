// Calls that are made to fail, and what is counted meanwhile.
#include "purebpf/bpf/testing/fault_kernel.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/testing/gtest.h"
#include "purebpf/tests/support/every_call.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf::testing {
namespace {

SysResult<int> MakeMap(Kernel& kernel) {
  MapCreateAttr attr{.map_type = 1, .key_size = 4, .value_size = 4, .max_entries = 1};
  return BpfCall(Command::kMapCreate, attr).Issue(kernel);
}

SysResult<int> Pin(Kernel& kernel, int fd, std::string path) {
  ObjAttr attr{.bpf_fd = static_cast<uint32_t>(fd)};
  path += '\0';
  return BpfCall(Command::kObjPin, attr)
      .In(&ObjAttr::pathname, std::as_bytes(std::span(path)))
      .Issue(kernel);
}

TEST(FaultKernel, FailsTheNthCallAndHandsItOnToNobody) {
  FakeKernel fake;
  FaultKernel kernel(fake);
  kernel.FailCall(2, Errno{ENOMEM});
  EXPECT_TRUE(kernel.Release().has_value());
  EXPECT_EQ(MakeMap(kernel).error().value, ENOMEM);
  EXPECT_TRUE(MakeMap(kernel).has_value());
  EXPECT_EQ(fake.Count(Command::kMapCreate), 1U);
  EXPECT_EQ(kernel.calls(), 3U);
  EXPECT_EQ(kernel.faults(), 1U);
  EXPECT_EQ(kernel.last_fault(), "BPF_MAP_CREATE, call 2: ENOMEM");
}

TEST(FaultKernel, TellsWhatFailedAndOfAFileWhich) {
  FakeKernel fake;
  FaultKernel kernel(fake);
  EXPECT_FALSE(kernel.failed().has_value());
  kernel.FailCall(1, Errno{EIO});
  EXPECT_FALSE(kernel.ReadFile("/proc/config.gz", 64).has_value());
  EXPECT_EQ(kernel.last_fault(), "ReadFile '/proc/config.gz', call 1: EIO");
  ASSERT_TRUE(kernel.failed().has_value());
  EXPECT_EQ(kernel.failed()->kind, CallKind::kReadFile);
  EXPECT_EQ(kernel.failed()->command, std::nullopt);
  EXPECT_EQ(kernel.failed()->path, "/proc/config.gz");
  kernel.FailEvery(1, Command::kMapCreate, Errno{EPERM});
  EXPECT_FALSE(MakeMap(kernel).has_value());
  EXPECT_EQ(kernel.failed()->command, Command::kMapCreate);
  EXPECT_EQ(kernel.failed()->error, Errno{EPERM});
  EXPECT_EQ(kernel.failed()->path, "");
}

TEST(FaultKernel, FailsEveryNthOfAKind) {
  FakeKernel fake;
  FaultKernel kernel(fake);
  kernel.FailEvery(2, CallKind::kRelease, Errno{EIO});
  kernel.FailEvery(1, Command::kObjPin, Errno{EPERM});
  const int map = *MakeMap(kernel);
  EXPECT_TRUE(kernel.Release().has_value());
  EXPECT_EQ(kernel.Release().error().value, EIO);
  EXPECT_TRUE(kernel.Release().has_value());
  EXPECT_EQ(Pin(kernel, map, "/sys/fs/bpf/x").error().value, EPERM);
  EXPECT_EQ(Pin(kernel, map, "/sys/fs/bpf/x").error().value, EPERM);
  EXPECT_EQ(kernel.faults(), 3U);
  kernel.Heal();
  EXPECT_TRUE(Pin(kernel, map, "/sys/fs/bpf/x").has_value());
  EXPECT_EQ(kernel.faults(), 3U);
}

TEST(FaultKernel, KnowsWhatIsLeft) {
  FakeKernel fake;
  fake.files["/proc/x"] = "x";
  FaultKernel kernel(fake);
  const int map = *MakeMap(kernel);
  ASSERT_TRUE(Pin(kernel, map, "/sys/fs/bpf/x").has_value());
  const auto memory = kernel.MapMemory(map, 4096, 0, Access::kRead, 0);
  const auto view = kernel.OpenFile("/proc/x", 10);
  ASSERT_TRUE(kernel.MakeFolder("/sys/fs/bpf/y").has_value());
  EXPECT_EQ(kernel.held(),
            (FaultKernel::Held{.fds = 1, .mappings = 1, .files = 1, .pins = 1, .folders = 1}));
  EXPECT_EQ(kernel.Leaks(), "1 descriptor (" + std::to_string(map) +
                                "), 1 mapping (4096 bytes), 1 open file contents, 1 pin "
                                "(/sys/fs/bpf/x), 1 folder (/sys/fs/bpf/y)");
  EXPECT_FALSE(NothingLeft(kernel));

  kernel.UnmapMemory(*memory);
  kernel.CloseFile(*view, [] { return std::vector<std::byte>(); });
  for (const char* path : {"/sys/fs/bpf/x", "/sys/fs/bpf/y"}) {
    fake.files[path] = "";
    ASSERT_TRUE(kernel.RemoveFile(path).has_value());
  }
  kernel.Close(map);
  EXPECT_TRUE(NothingLeft(kernel));
  kernel.Close(map);
  EXPECT_EQ(kernel.Leaks(), "closed what was not open: 1 times");
}

// Each in turn: whoever goes on after a failure ends what was opened all the same.
TEST(FaultKernel, FailsEachCallOfTheSeam) {
  FakeKernel whole;
  PrepareEveryCall(whole);
  FaultKernel counter(whole);
  (void)EveryCall(counter);
  const size_t calls = counter.calls();
  EXPECT_EQ(calls, 43U);
  for (size_t n = 1; n <= calls; ++n) {
    FakeKernel fake;
    PrepareEveryCall(fake);
    FaultKernel kernel(fake);
    kernel.FailCall(n, Errno{ENOMEM});
    EXPECT_NE(EveryCall(kernel).find("ENOMEM"), std::string::npos) << kernel.last_fault();
    EXPECT_EQ(kernel.faults(), 1U);
    FaultKernel::Held held = kernel.held();
    held.pins = held.folders = 0;  // EveryCall's pin stays, as does the folder
    EXPECT_EQ(held, FaultKernel::Held{}) << kernel.last_fault();
  }
}

}  // namespace
}  // namespace purebpf::testing
