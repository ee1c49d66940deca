// Attaching without a link, and asking what is attached, over a kernel that is not there.
#include "purebpf/bpf/prog_attach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <tuple>
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

Program Make(Kernel& kernel) {
  auto program = Program::Load(
      kernel, {.name = "count", .type = ProgType::kCgroupSkb, .insns = {{.code = kExit}}});
  EXPECT_THAT(program, IsOk());
  return std::move(*program);
}

constexpr AttachPoint kPoint = {.target = 5, .attach_type = AttachType::kCgroupInetEgress};

TEST(ProgAttach, IsOneCall) {
  FakeKernel kernel;
  const Program program = Make(kernel);
  const Program old = Make(kernel);
  EXPECT_THAT(ProgAttach(program, kPoint), IsOk());
  auto attr = kernel.Nth(Command::kProgAttach, 0).As<ProgAttachAttr>();
  EXPECT_EQ(attr.target_fd, 5u);
  EXPECT_EQ(attr.attach_bpf_fd, static_cast<uint32_t>(program.fd()));
  EXPECT_EQ(attr.attach_type, 1u);
  EXPECT_EQ(attr.attach_flags + attr.replace_bpf_fd + attr.relative_fd, 0u);
  EXPECT_THAT(
      ProgAttach(program, kPoint,
                 {.flags = kAllowMulti | kAttachReplace,
                  .replace_fd = old.fd(),
                  .anchor = {.flags = kAttachBefore, .relative = 9, .expected_revision = 4}}),
      IsOk());
  attr = kernel.Nth(Command::kProgAttach, 1).As<ProgAttachAttr>();
  EXPECT_EQ(attr.attach_flags, 0xeu);
  EXPECT_EQ(attr.replace_bpf_fd, static_cast<uint32_t>(old.fd()));
  EXPECT_EQ(attr.relative_fd, 9u);
  EXPECT_EQ(attr.expected_revision, 4u);
}

TEST(ProgAttach, IsUndoneInOneCall) {
  FakeKernel kernel;
  const Program program = Make(kernel);
  EXPECT_THAT(ProgDetach(program, kPoint), IsOk());
  const auto attr = kernel.Nth(Command::kProgDetach, 0).As<ProgAttachAttr>();
  EXPECT_EQ(attr.attach_bpf_fd, static_cast<uint32_t>(program.fd()));
  EXPECT_EQ(attr.attach_type, 1u);
}

TEST(ProgAttach, SaysWhyItIsRefused) {
  FakeKernel kernel;
  const Program program = Make(kernel);
  kernel.Answer(Command::kProgAttach, Errno{EEXIST});
  EXPECT_THAT(ProgAttach(program, kPoint),
              Fails(Code::kConflict,
                    "attach program 'count': EEXIST (File exists): BPF_CGROUP_INET_EGRESS; the "
                    "program is attached there already"));
  kernel.Answer(Command::kProgAttach, Errno{EPERM});
  EXPECT_THAT(ProgAttach(program, kPoint), Fails(Code::kPermission, "needs CAP_NET_ADMIN"));
  kernel.Answer(Command::kProgDetach, Errno{ENOENT});
  EXPECT_THAT(ProgDetach(program, {.target = 5, .attach_type = AttachType{777}}),
              Fails(Code::kNotFound,
                    "detach program 'count': ENOENT (No such file or directory): "
                    "attach type 777; the program is not attached there"));
}

// --- What is attached -------------------------------------------------------------------------

// A kernel with programs 101, 102, ... at one point.
struct Point {
  uint32_t count;
  bool knows_flags = true;
  SysResult<int> operator()(MutableBytes bytes, std::span<const Region> regions) {
    ProgQueryAttr attr;
    std::memcpy(&attr, bytes.data(), sizeof attr);
    if (!knows_flags && attr.prog_attach_flags != 0) return std::unexpected(Errno{EINVAL});
    const uint32_t room = attr.count;
    for (const Region& region : regions) {
      const uint32_t base = region.attr_offset == offsetof(ProgQueryAttr, prog_ids)   ? 101
                            : region.attr_offset == offsetof(ProgQueryAttr, link_ids) ? 201
                                                                                      : 301;
      for (uint32_t i = 0; i < std::min(room, count); ++i) {
        const uint32_t id = base + i;
        std::memcpy(&region.bytes[i * 4], &id, 4);
      }
    }
    attr.count = count;
    attr.attach_flags = 2;
    attr.revision = 8;
    std::memcpy(bytes.data(), &attr, sizeof attr);
    if (room != 0 && room < count) return std::unexpected(Errno{ENOSPC});
    return 0;
  }
};

using Entry = AttachedPrograms::Entry;

TEST(QueryAttached, TellsACgroupsProgramsInTwoCalls) {
  FakeKernel kernel;
  kernel.Always(Command::kProgQuery, Point{.count = 2});
  const auto found = QueryAttached(kernel, kPoint);
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->entries, ElementsAre(Entry{.program_id = 101, .attach_flags = 301},
                                          Entry{.program_id = 102, .attach_flags = 302}));
  EXPECT_EQ(found->attach_flags, 2u);
  EXPECT_EQ(found->revision, 8u);
  EXPECT_EQ(kernel.calls().size(), 2u);
  EXPECT_EQ(kernel.calls()[0].As<ProgQueryAttr>().count, 0u);
  EXPECT_EQ(kernel.calls()[1].As<ProgQueryAttr>().count, 2u);
  EXPECT_EQ(kernel.calls()[1].As<ProgQueryAttr>().query_flags, 0u);
}

TEST(QueryAttached, TellsLinksOfAnInterface) {
  FakeKernel kernel;
  kernel.Always(Command::kProgQuery, Point{.count = 1});
  const auto found = QueryAttached(kernel, {.target = 3, .attach_type = AttachType::kTcxEgress});
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->entries, ElementsAre(Entry{.program_id = 101, .link_id = 201}));
}

TEST(QueryAttached, IsOneCallWhereNothingIsAttached) {
  FakeKernel kernel;
  kernel.Always(Command::kProgQuery, Point{.count = 0});
  EXPECT_THAT(QueryAttached(kernel, kPoint)->entries, IsEmpty());
  EXPECT_EQ(kernel.calls().size(), 1u);
}

TEST(QueryAttached, AsksForNoFlagsOfWhatIsEffective) {
  FakeKernel kernel;
  kernel.Always(Command::kProgQuery, Point{.count = 1});
  const auto found = QueryAttached(kernel, kPoint, /*effective=*/true);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(kernel.calls()[1].As<ProgQueryAttr>().query_flags, 1u);
  EXPECT_EQ(kernel.calls()[1].As<ProgQueryAttr>().prog_attach_flags, 0u);
}

TEST(QueryAttached, DoesWithoutFlagsBeforeLinux60) {
  FakeKernel kernel;
  kernel.Always(Command::kProgQuery, Point{.count = 1, .knows_flags = false});
  const auto found = QueryAttached(kernel, kPoint);
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->entries, ElementsAre(Entry{.program_id = 101}));
  EXPECT_EQ(kernel.calls().size(), 3u);
}

TEST(QueryAttached, AsksAgainWhereMoreIsAttachedMeanwhile) {
  FakeKernel kernel;
  kernel.Answer(Command::kProgQuery, Point{.count = 1});
  kernel.Always(Command::kProgQuery, Point{.count = 3});
  EXPECT_EQ(QueryAttached(kernel, kPoint)->entries.size(), 3u);
  EXPECT_EQ(kernel.calls().size(), 3u);
}

TEST(QueryAttached, GivesUpWhereItNeverEnds) {
  FakeKernel kernel;
  uint32_t count = 1;
  kernel.Always(Command::kProgQuery, [&](MutableBytes attr, std::span<const Region> regions) {
    return Point{.count = ++count}(attr, regions);
  });
  EXPECT_THAT(QueryAttached(kernel, kPoint), Fails(Code::kSystem, "query programs"));
  EXPECT_EQ(kernel.calls().size(), 5u);
}

TEST(QueryAttached, SaysWhyItIsRefused) {
  FakeKernel kernel;
  kernel.Always(Command::kProgQuery, Errno{EPERM});
  EXPECT_THAT(QueryAttached(kernel, kPoint),
              Fails(Code::kPermission, "query programs 'BPF_CGROUP_INET_EGRESS': EPERM"));
  kernel.release = std::string("4.14.0");
  kernel.Always(Command::kProgQuery, Errno{EINVAL});
  EXPECT_THAT(QueryAttached(kernel, kPoint),
              Fails(Code::kUnsupported, "BPF_PROG_QUERY needs Linux 4.15"));
}

// --- Sockets ----------------------------------------------------------------------------------

class SocketKernel : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;
  SysResult<void> SetSocketOption(int fd, int level, int option, Bytes value) override {
    int number = 0;
    std::memcpy(&number, value.data(), value.size());
    options.emplace_back(fd, level, option, number);
    if (error != 0) return std::unexpected(Errno{error});
    return {};
  }
  std::vector<std::tuple<int, int, int, int>> options;
  int error = 0;
};

TEST(SocketFilter, IsASocketOption) {
  FakeKernel fake;
  SocketKernel kernel(fake);
  const Program program = Make(kernel);
  EXPECT_THAT(AttachToSocket(program, 30), IsOk());
  EXPECT_THAT(AttachToReuseport(program, 31), IsOk());
  EXPECT_THAT(DetachFromSocket(kernel, 32), IsOk());
  EXPECT_THAT(kernel.options,
              ElementsAre(std::tuple(30, 1, 50, program.fd()), std::tuple(31, 1, 52, program.fd()),
                          std::tuple(32, 1, 27, 0)));
  kernel.error = EINVAL;
  EXPECT_THAT(AttachToSocket(program, 30),
              Fails(Code::kInvalidArgument, "to a socket; a socket filter is of"));
  kernel.error = ENOENT;
  EXPECT_THAT(DetachFromSocket(kernel, 32), Fails(Code::kNotFound, "detach program 'socket'"));
}

}  // namespace
}  // namespace purebpf
