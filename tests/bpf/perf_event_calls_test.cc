// Perf events over a kernel that is not there: which event is opened, and how the program gets to
// it.
#include "purebpf/bpf/perf_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/attr_link.h"
#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kId = "/sys/kernel/tracing/events/sched/sched_switch/id";
constexpr const char* kOldId = "/sys/kernel/debug/tracing/events/sched/sched_switch/id";
constexpr const char* kKprobeType = "/sys/bus/event_source/devices/kprobe/type";
constexpr const char* kUprobeType = "/sys/bus/event_source/devices/uprobe/type";

// Keeps whom an event is for and what its pointers lead to, and can refuse.
class PerfKernel : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  SysResult<int> PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                               const PerfTarget& target) override {
    targets.push_back(target);
    std::string name;
    for (const Region& region : regions) {
      EXPECT_EQ(region.attr_offset, 56u);
      name.assign(reinterpret_cast<const char*>(region.bytes.data()), region.bytes.size());
    }
    names.push_back(name);
    if (open_error) return std::unexpected(Errno{*open_error});
    if (offline.contains(target.cpu)) return std::unexpected(Errno{ENODEV});
    return ForwardingKernel::PerfEventOpen(attr, regions, target);
  }
  SysResult<int> Ioctl(int fd, uint32_t request, uint64_t argument) override {
    if (ioctl_error) return std::unexpected(Errno{*ioctl_error});
    return ForwardingKernel::Ioctl(fd, request, argument);
  }
  SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max_bytes) override {
    if (read_error) return std::unexpected(Errno{*read_error});
    return ForwardingKernel::ReadFile(path, max_bytes);
  }

  std::vector<PerfTarget> targets;
  std::vector<std::string> names;
  std::set<int> offline;  // CPUs
  std::optional<int> open_error;
  std::optional<int> ioctl_error;
  std::optional<int> read_error;
};

class PerfEventCalls : public ::testing::Test {
 protected:
  PerfEventCalls() : kernel_(fake_), program_(Make()) {
    fake_.files[kId] = "317\n";
    fake_.files[kKprobeType] = "8\n";
    fake_.files[kUprobeType] = "9\n";
  }
  Program Make() {
    auto program = Program::Load(
        kernel_, {.name = "on_event", .type = ProgType::kTracepoint, .insns = {{.code = kExit}}});
    EXPECT_THAT(program, IsOk());
    return std::move(*program);
  }
  [[nodiscard]] PerfEventAttr Opened(size_t n = 0) const {
    PerfEventAttr attr;
    EXPECT_EQ(fake_.perf_events.at(n).size(), sizeof attr);
    std::memcpy(&attr, fake_.perf_events.at(n).data(), sizeof attr);
    return attr;
  }

  FakeKernel fake_;
  PerfKernel kernel_;
  Program program_;
};

TEST_F(PerfEventCalls, ATracepointIsAFileAndTwoCalls) {
  {
    const auto link =
        Attach(program_, TracepointTarget{.group = "sched", .name = "sched_switch", .cookie = 5});
    ASSERT_THAT(link, IsOk());
    EXPECT_TRUE(link->is_kernel_link());
    // The event's own descriptor is closed: the link keeps it.
    EXPECT_EQ(fake_.open_fds().size(), 2u);
  }
  EXPECT_THAT(fake_.read_paths(), ElementsAre(kId));
  ASSERT_EQ(fake_.perf_events.size(), 1u);
  EXPECT_EQ(Opened().type, 2u);
  EXPECT_EQ(Opened().size, 72u);
  EXPECT_EQ(Opened().config, 317u);
  EXPECT_EQ(Opened().flags, 0u);
  EXPECT_EQ(kernel_.targets[0].pid, -1);
  EXPECT_EQ(kernel_.targets[0].cpu, 0);
  EXPECT_EQ(fake_.Count(Command::kLinkCreate), 1u);
  EXPECT_EQ(fake_.Nth(Command::kLinkCreate, 0).As<LinkCreatePerfEventAttr>().bpf_cookie, 5u);
  EXPECT_THAT(fake_.ioctls, IsEmpty());
  EXPECT_EQ(fake_.open_fds().size(), 1u);
}

TEST_F(PerfEventCalls, ATracepointIsFoundWhereOlderSystemsHaveIt) {
  fake_.files.erase(kId);
  fake_.files[kOldId] = "318\n";
  EXPECT_THAT(Attach(program_, TracepointTarget{.group = "sched", .name = "sched_switch"}), IsOk());
  EXPECT_THAT(fake_.read_paths(), ElementsAre(kId, kOldId));
  EXPECT_EQ(Opened().config, 318u);
}

TEST_F(PerfEventCalls, SaysWhyATracepointIsNotFound) {
  const TracepointTarget target = {.group = "sched", .name = "sched_switch"};
  fake_.files.erase(kId);
  EXPECT_THAT(Attach(program_, target),
              Fails(Code::kNotFound,
                    "find tracepoint 'sched/sched_switch': ENOENT (No such file or directory): its "
                    "number is in /sys/kernel/tracing/events/sched/sched_switch/id; no such "
                    "tracepoint, or tracefs is not mounted: mount -t tracefs"));
  kernel_.read_error = EACCES;
  EXPECT_THAT(Attach(program_, target), Fails(Code::kPermission, "tracefs is for root alone"));
  kernel_.read_error = EIO;
  const auto broken = Attach(program_, target);
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().hint, "");
  kernel_.read_error.reset();
  for (const char* text : {"", "x", "0", "\n"}) {
    fake_.files[kId] = text;
    EXPECT_THAT(Attach(program_, target), Fails(Code::kMalformed, "there is no number in it"));
  }
  EXPECT_THAT(fake_.perf_events, IsEmpty());
}

TEST_F(PerfEventCalls, ATracepointsNameLeadsNowhereElse) {
  for (const std::string& name : {std::string(), std::string(".."), std::string("a/b"),
                                  std::string("a\0b", 3), std::string(".")}) {
    EXPECT_THAT(Attach(program_, TracepointTarget{.group = "sched", .name = name}),
                Fails(Code::kInvalidArgument, "no names of a group and a tracepoint"));
    EXPECT_THAT(Attach(program_, TracepointTarget{.group = name, .name = "sched_switch"}),
                Fails(Code::kInvalidArgument, "no names of a group and a tracepoint"));
  }
  EXPECT_THAT(fake_.read_paths(), IsEmpty());
}

TEST_F(PerfEventCalls, AKprobeIsOfThePmusType) {
  ASSERT_THAT(Attach(program_, KprobeTarget{.function = "vfs_read", .offset = 4}), IsOk());
  EXPECT_EQ(Opened().type, 8u);
  EXPECT_EQ(Opened().config, 0u);
  EXPECT_NE(Opened().config1, 0u);
  EXPECT_EQ(Opened().config2, 4u);
  EXPECT_EQ(kernel_.names[0], std::string("vfs_read\0", 9));
  EXPECT_EQ(kernel_.targets[0].pid, -1);
  EXPECT_EQ(kernel_.targets[0].cpu, 0);
  ASSERT_THAT(Attach(program_, KprobeTarget{.function = "vfs_read", .on_return = true}), IsOk());
  EXPECT_EQ(Opened(1).config, 1u);
  // By address: no name.
  ASSERT_THAT(Attach(program_, KprobeTarget{.offset = 0xffffffff81000000}), IsOk());
  EXPECT_EQ(Opened(2).config1, 0u);
  EXPECT_EQ(Opened(2).config2, 0xffffffff81000000u);
  EXPECT_EQ(kernel_.names[2], "");
}

TEST_F(PerfEventCalls, AUprobeHasItsSemaphoreInTheConfig) {
  ASSERT_THAT(Attach(program_, UprobeTarget{.path = "/bin/sh",
                                            .offset = 0x1234,
                                            .ref_ctr_offset = 0xabcd,
                                            .on_return = true,
                                            .pid = 77}),
              IsOk());
  EXPECT_EQ(Opened().type, 9u);
  EXPECT_EQ(Opened().config, 0x0000abcd00000001u);
  EXPECT_EQ(Opened().config2, 0x1234u);
  EXPECT_EQ(kernel_.names[0], std::string("/bin/sh\0", 8));
  EXPECT_EQ(kernel_.targets[0].pid, 77);
  EXPECT_EQ(kernel_.targets[0].cpu, -1);
  ASSERT_THAT(Attach(program_, UprobeTarget{.path = "/bin/sh"}), IsOk());
  EXPECT_EQ(kernel_.targets[1].pid, -1);
  EXPECT_EQ(kernel_.targets[1].cpu, 0);

  EXPECT_THAT(Attach(program_, UprobeTarget{.path = "/x", .ref_ctr_offset = uint64_t{1} << 32}),
              Fails(Code::kInvalidArgument, "32 bits wide; it is 0x100000000"));
  EXPECT_THAT(Attach(program_, UprobeTarget{}), Fails(Code::kInvalidArgument, "path of a uprobe"));
  EXPECT_THAT(Attach(program_, UprobeTarget{.path = std::string("a\0b", 3)}),
              Fails(Code::kInvalidArgument, "path of a uprobe"));
  EXPECT_EQ(fake_.perf_events.size(), 2u);
}

TEST_F(PerfEventCalls, ACounterIsWhatItIsToldToBe) {
  ASSERT_THAT(Attach(program_, CounterTarget{.type = kPerfTypeHardware,
                                             .config = 3,
                                             .period = 99,
                                             .is_frequency = true,
                                             .cpu = 1}),
              IsOk());
  EXPECT_EQ(Opened().type, 0u);
  EXPECT_EQ(Opened().config, 3u);
  EXPECT_EQ(Opened().sample_period, 99u);
  EXPECT_EQ(Opened().flags, uint64_t{1} << 10);
  EXPECT_EQ(kernel_.targets[0].cpu, 1);
  EXPECT_EQ(kernel_.targets[0].pid, -1);
}

// Trap 16: an event of no process cannot be bound to a CPU that is offline. A probe fires on every
// CPU, whichever it is bound to; a counter does not.
TEST_F(PerfEventCalls, AProbeIsBoundToACpuThatIsOnline) {
  kernel_.offline = {0, 1};
  fake_.files["/sys/devices/system/cpu/online"] = "2-7\n";
  EXPECT_THAT(Attach(program_, KprobeTarget{.function = "do_nanosleep"}), IsOk());
  EXPECT_THAT(Attach(program_, TracepointTarget{.group = "sched", .name = "sched_switch"}), IsOk());
  EXPECT_THAT(Attach(program_, UprobeTarget{.path = "/bin/true", .offset = 4096}), IsOk());
  ASSERT_EQ(kernel_.targets.size(), 6u);
  for (size_t i = 0; i < kernel_.targets.size(); ++i) {
    EXPECT_EQ(kernel_.targets[i].pid, -1);
    EXPECT_EQ(kernel_.targets[i].cpu, i % 2 == 0 ? 0 : 2);
  }
  EXPECT_EQ(kernel_.names[0], kernel_.names[1]);

  EXPECT_THAT(Attach(program_, CounterTarget{.period = 1, .cpu = 1}),
              Fails(Code::kNotFound, "is CPU 1 online? /sys/devices/system/cpu/online"));
  fake_.files.erase("/sys/devices/system/cpu/online");
  EXPECT_THAT(Attach(program_, KprobeTarget{.function = "do_nanosleep"}),
              Fails(Code::kNotFound, "is CPU 0 online?"));
}

TEST_F(PerfEventCalls, SaysWhyAnEventCannotBeOpened) {
  struct Case {
    int error;
    Code code;
    const char* words;
  };
  const Case cases[] = {
      {EACCES, Code::kPermission, "open perf event 'function vfs_read': EACCES"},
      {EPERM, Code::kPermission, "needs CAP_PERFMON"},
      {ENOENT, Code::kNotFound, "no such function or file"},
      {EADDRNOTAVAIL, Code::kSystem, "several functions have this name"},
      {EOPNOTSUPP, Code::kUnsupported, "cannot count it so"},
      {EMFILE, Code::kSystem, "ulimit -n"},
      {EINVAL, Code::kInvalidArgument, "EINVAL"},
  };
  for (const Case& row : cases) {
    kernel_.open_error = row.error;
    EXPECT_THAT(Attach(program_, KprobeTarget{.function = "vfs_read"}), Fails(row.code, row.words));
  }
  EXPECT_EQ(fake_.Count(Command::kLinkCreate), 0u);
  kernel_.open_error.reset();
  fake_.files.erase(kKprobeType);
  EXPECT_THAT(Attach(program_, KprobeTarget{.function = "vfs_read"}),
              Fails(Code::kUnsupported, "Linux 4.17, or was built without CONFIG_KPROBE_EVENTS"));
  fake_.files[kUprobeType] = "none";
  EXPECT_THAT(Attach(program_, UprobeTarget{.path = "/x"}), Fails(Code::kMalformed, "no number"));
}

TEST_F(PerfEventCalls, GoesByIoctlWhereTheKernelHasNoSuchLinks) {
  fake_.Always(Command::kLinkCreate, Errno{EINVAL});
  {
    const auto link = Attach(program_, KprobeTarget{.function = "vfs_read"});
    ASSERT_THAT(link, IsOk());
    EXPECT_FALSE(link->is_kernel_link());
    EXPECT_EQ(link->name(), "on_event");
    EXPECT_THAT(fake_.ioctls, ElementsAre(Pair(0x40042408u, static_cast<uint64_t>(program_.fd())),
                                          Pair(0x2400u, 0u)));
    EXPECT_EQ(fake_.open_fds().size(), 2u);  // the program's and the event's
  }
  EXPECT_EQ(fake_.open_fds().size(), 1u);
}

TEST_F(PerfEventCalls, HasNoCookieByIoctl) {
  fake_.release = std::string("5.10.0");
  fake_.Always(Command::kLinkCreate, Errno{EINVAL});
  EXPECT_THAT(Attach(program_, KprobeTarget{.function = "vfs_read", .cookie = 1}),
              Fails(Code::kUnsupported,
                    "attach program 'on_event': EINVAL (Invalid argument): to function vfs_read; "
                    "BPF_LINK_TYPE_PERF_EVENT needs Linux 5.15; this is 5.10.0"));
  EXPECT_THAT(fake_.ioctls, IsEmpty());
  EXPECT_EQ(fake_.open_fds().size(), 1u);
}

TEST_F(PerfEventCalls, KeepsWhatTheKernelSaidOfTheLink) {
  const KprobeTarget target = {.function = "vfs_read", .offset = 0x10, .on_return = true};
  // Anything but EINVAL is about the link.
  fake_.Answer(Command::kLinkCreate, Errno{EPERM});
  EXPECT_THAT(Attach(program_, target),
              Fails(Code::kPermission, "to return of vfs_read+0x10; needs CAP_PERFMON"));
  EXPECT_THAT(fake_.ioctls, IsEmpty());
  // EINVAL both times: the program is not of that kind.
  fake_.Always(Command::kLinkCreate, Errno{EINVAL});
  kernel_.ioctl_error = EINVAL;
  EXPECT_THAT(Attach(program_, target), Fails(Code::kInvalidArgument, "expected attach type"));
  // Another word of the ioctl is the later one.
  kernel_.ioctl_error = EEXIST;
  EXPECT_THAT(Attach(program_, target), Fails(Code::kConflict, "EEXIST (File exists): to return"));
  EXPECT_EQ(fake_.open_fds().size(), 1u);
}

}  // namespace
}  // namespace purebpf
