// Links that are there already, over a kernel that is not.
#include "purebpf/bpf/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/attr_link.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::IsEmpty;

class LinkCalls : public ::testing::Test {
 protected:
  Link Make(bool is_kernel_link = true) {
    return Link(Fd(kernel_, kernel_.NewFd()), "on_packet", is_kernel_link);
  }
  Program MakeProgram() {
    auto program = Program::Load(kernel_, {.type = ProgType::kXdp, .insns = {{.code = kExit}}});
    EXPECT_THAT(program, IsOk());
    return std::move(*program);
  }
  // Answers with this info; where a name is asked for, with that too.
  template <typename Rest>
  void InfoIs(LinkType type, const Rest& rest, const std::string& name = {},
              size_t name_offset = 0) {
    kernel_.Always(Command::kObjGetInfoByFd,
                   [=](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                     BpfLinkInfo info{.type = static_cast<uint32_t>(type), .id = 21, .prog_id = 22};
                     std::memcpy(info.rest.data(), BytesOf(rest).data(), sizeof rest);
                     if (regions.size() > 1) {
                       EXPECT_EQ(regions[1].holder, 0);
                       EXPECT_EQ(regions[1].attr_offset, 16 + name_offset);
                       std::memcpy(regions[1].bytes.data(), name.data(), name.size());
                     }
                     std::memcpy(regions[0].bytes.data(), &info, sizeof info);
                     return 0;
                   });
  }
  void TearDown() override { EXPECT_EQ(kernel_.wrong_closes(), 0u); }

  FakeKernel kernel_;
};

LinkInfo Named(LinkType type) { return {.id = 21, .type = type, .program_id = 22}; }

TEST_F(LinkCalls, DetachesWithItsLastDescriptor) {
  {
    const Link link = Make();
  }
  EXPECT_THAT(kernel_.open_fds(), IsEmpty());
  EXPECT_THAT(kernel_.calls(), IsEmpty());
}

TEST_F(LinkCalls, IsOpenedByPinIdAndDescriptor) {
  kernel_.files["/proc/self/fdinfo/101"] = "link_type:\txdp\nlink_id:\t21\n";
  const auto pinned = Link::FromPin(kernel_, "/sys/fs/bpf/l");
  ASSERT_THAT(pinned, IsOk());
  EXPECT_EQ(pinned->name(), "/sys/fs/bpf/l");
  const auto known = Link::FromId(kernel_, 21);
  ASSERT_THAT(known, IsOk());
  EXPECT_EQ(known->name(), "id 21");
  EXPECT_EQ(kernel_.Nth(Command::kLinkGetFdById, 0).As<GetFdByIdAttr>().id, 21u);
  const auto owned = Link::FromFd(kernel_, kernel_.NewFd());
  ASSERT_THAT(owned, IsOk());
  EXPECT_EQ(owned->name(), "descriptor 103");
  EXPECT_EQ(kernel_.calls().size(), 2u);

  kernel_.files["/proc/self/fdinfo/104"] = "prog_type:\t6\n";
  EXPECT_THAT(Link::FromPin(kernel_, "/sys/fs/bpf/p"),
              Fails(Code::kInvalidArgument, "open link '/sys/fs/bpf/p': it is a program"));
  kernel_.Answer(Command::kLinkGetFdById, Errno{ENOENT});
  EXPECT_THAT(Link::FromId(kernel_, 9), Fails(Code::kNotFound, "open link 'id 9': ENOENT"));
  EXPECT_EQ(kernel_.open_fds().size(), 3u);
}

TEST_F(LinkCalls, UpdatesItsProgram) {
  const Link link = Make();
  const Program next = MakeProgram();
  const Program old = MakeProgram();
  EXPECT_THAT(link.Update(next), IsOk());
  auto attr = kernel_.Nth(Command::kLinkUpdate, 0).As<LinkUpdateAttr>();
  EXPECT_EQ(attr.link_fd, static_cast<uint32_t>(link.fd()));
  EXPECT_EQ(attr.new_prog_fd, static_cast<uint32_t>(next.fd()));
  EXPECT_EQ(attr.flags + attr.old_prog_fd, 0u);
  EXPECT_THAT(link.Update(next, old), IsOk());
  attr = kernel_.Nth(Command::kLinkUpdate, 1).As<LinkUpdateAttr>();
  EXPECT_EQ(attr.flags, 4u);
  EXPECT_EQ(attr.old_prog_fd, static_cast<uint32_t>(old.fd()));
}

TEST_F(LinkCalls, UpdatesItsMap) {
  const Link link = Make();
  const auto next = Map::Create(kernel_, {.type = MapType::kStructOps});
  const auto old = Map::Create(kernel_, {.type = MapType::kStructOps});
  EXPECT_THAT(link.Update(*next), IsOk());
  EXPECT_THAT(link.Update(*next, *old), IsOk());
  const auto attr = kernel_.Nth(Command::kLinkUpdate, 1).As<LinkUpdateAttr>();
  EXPECT_EQ(attr.new_prog_fd, static_cast<uint32_t>(next->fd()));
  EXPECT_EQ(attr.old_prog_fd, static_cast<uint32_t>(old->fd()));
  EXPECT_EQ(attr.flags, 4u);
}

TEST_F(LinkCalls, SaysWhyItCannotBeUpdated) {
  const Link link = Make();
  const Program program = MakeProgram();
  kernel_.Answer(Command::kLinkUpdate, Errno{EPERM});
  EXPECT_THAT(link.Update(program, program),
              Fails(Code::kConflict,
                    "update link 'on_packet': EPERM (Operation not permitted): not what was "
                    "expected is attached"));
  kernel_.Answer(Command::kLinkUpdate, Errno{EPERM});
  EXPECT_THAT(link.Update(program), Fails(Code::kPermission, "EPERM"));
  kernel_.Answer(Command::kLinkUpdate, Errno{EINVAL});
  EXPECT_THAT(link.Update(program), Fails(Code::kInvalidArgument, "of another type"));
  kernel_.Answer(Command::kLinkUpdate, Errno{ENOLINK});
  EXPECT_THAT(link.Update(program), Fails(Code::kSystem, "to nothing any more"));
  kernel_.release = std::string("5.6.0");
  kernel_.Answer(Command::kLinkUpdate, Errno{EINVAL});
  EXPECT_THAT(link.Update(program), Fails(Code::kUnsupported, "BPF_LINK_UPDATE needs Linux 5.7"));
}

TEST_F(LinkCalls, DetachesAtOnce) {
  Link link = Make();
  EXPECT_THAT(link.Detach(), IsOk());
  EXPECT_EQ(kernel_.Nth(Command::kLinkDetach, 0).As<LinkDetachAttr>().link_fd,
            static_cast<uint32_t>(link.fd()));
  EXPECT_EQ(kernel_.open_fds().size(), 1u);
  kernel_.Answer(Command::kLinkDetach, Errno{EOPNOTSUPP});
  EXPECT_THAT(link.Detach(), Fails(Code::kUnsupported, "detach link 'on_packet': EOPNOTSUPP"));
}

TEST_F(LinkCalls, WithoutAKernelLinkIsAnAttachmentOnly) {
  Link link = Make(/*is_kernel_link=*/false);
  const Program program = MakeProgram();
  const size_t before = kernel_.calls().size();
  EXPECT_FALSE(link.is_kernel_link());
  EXPECT_THAT(link.Update(program), Fails(Code::kUnsupported, "without a link; links of perf"));
  EXPECT_THAT(link.Pin("/sys/fs/bpf/l"), Fails(Code::kUnsupported, "pin link 'on_packet'"));
  EXPECT_THAT(link.Info(), Fails(Code::kUnsupported, "ask about link 'on_packet'"));
  EXPECT_THAT(link.OpenIterator(), Fails(Code::kUnsupported, "without a link"));
  EXPECT_THAT(link.Detach(), IsOk());
  EXPECT_EQ(kernel_.open_fds().size(), 1u);  // the program's
  EXPECT_THAT(link.Detach(), IsOk());
  EXPECT_EQ(kernel_.calls().size(), before);
}

TEST_F(LinkCalls, IsPinned) {
  const Link link = Make();
  EXPECT_THAT(link.Pin("/sys/fs/bpf/l"), IsOk());
  EXPECT_EQ(kernel_.Nth(Command::kObjPin, 0).As<ObjAttr>().bpf_fd,
            static_cast<uint32_t>(link.fd()));
  kernel_.Answer(Command::kObjPin, Errno{EEXIST});
  EXPECT_THAT(link.Pin("/sys/fs/bpf/l"), Fails(Code::kConflict, "pin link 'on_packet': EEXIST"));
  EXPECT_THAT(Link::Unpin(kernel_, "/sys/fs/bpf/l"), Fails(Code::kNotFound, "unpin link"));
}

// --- Iterators --------------------------------------------------------------------------------

TEST_F(LinkCalls, ReadsAllThatAnIteratorWrites) {
  const Link link = Make();
  kernel_.readable = {"one\n", std::string(16384, 'x'), "three\n"};
  EXPECT_EQ(link.ReadIterator().value(), "one\n" + std::string(16384, 'x') + "three\n");
  EXPECT_EQ(kernel_.Nth(Command::kIterCreate, 0).As<IterCreateAttr>().link_fd,
            static_cast<uint32_t>(link.fd()));
  EXPECT_EQ(kernel_.open_fds().size(), 1u);
  kernel_.readable = {"12345", "6"};
  EXPECT_THAT(link.ReadIterator(5), Fails(Code::kSystem, "it writes more than 5 bytes"));
  kernel_.readable = {"12345"};
  EXPECT_EQ(link.ReadIterator(5).value(), "12345");
  kernel_.Answer(Command::kIterCreate, Errno{EINVAL});
  EXPECT_THAT(link.ReadIterator(), Fails(Code::kInvalidArgument, "not an iterator's"));
}

// --- Info -------------------------------------------------------------------------------------

TEST_F(LinkCalls, TellsWhatEachTypeHasInOneCall) {
  const Link link = Make();
  InfoIs(LinkType::kXdp, BpfDeviceLinkInfo{.ifindex = 3});
  LinkInfo expected = Named(LinkType::kXdp);
  expected.attach_type = AttachType::kXdp;
  expected.ifindex = 3;
  EXPECT_EQ(link.Info().value(), expected);
  EXPECT_EQ(kernel_.calls().size(), 1u);
  EXPECT_EQ(kernel_.calls()[0].As<GetInfoByFdAttr>().info_len, 64u);

  InfoIs(LinkType::kTcx, BpfDeviceLinkInfo{.ifindex = 3, .attach_type = 47});
  expected = Named(LinkType::kTcx);
  expected.attach_type = AttachType::kTcxEgress;
  expected.ifindex = 3;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kTracing,
         BpfTracingLinkInfo{
             .attach_type = 24, .target_obj_id = 1, .target_btf_id = 4242, .cookie = 9});
  expected = Named(LinkType::kTracing);
  expected.attach_type = AttachType::kTraceFentry;
  expected.target_id = 1;
  expected.target_btf_id = 4242;
  expected.cookie = 9;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kCgroup, BpfCgroupLinkInfo{.cgroup_id = 77, .attach_type = 1});
  expected = Named(LinkType::kCgroup);
  expected.attach_type = AttachType::kCgroupInetEgress;
  expected.cgroup_id = 77;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kNetns, BpfNetnsLinkInfo{.netns_ino = 88, .attach_type = 36});
  expected = Named(LinkType::kNetns);
  expected.attach_type = AttachType::kSkLookup;
  expected.netns_inode = 88;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kStructOps, BpfMapLinkInfo{.map_id = 6});
  expected = Named(LinkType::kStructOps);
  expected.attach_type = AttachType::kStructOps;
  expected.map_id = 6;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kSockmap, BpfMapLinkInfo{.map_id = 6, .attach_type = 7});
  expected = Named(LinkType::kSockmap);
  expected.attach_type = AttachType::kSkMsgVerdict;
  expected.map_id = 6;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kNetfilter,
         BpfNetfilterLinkInfo{.pf = 2, .hooknum = 1, .priority = -5, .flags = 1});
  expected = Named(LinkType::kNetfilter);
  expected.attach_type = AttachType::kNetfilter;
  expected.pf = 2;
  expected.hook = 1;
  expected.priority = -5;
  expected.flags = 1;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kKprobeMulti, BpfKprobeMultiLinkInfo{.count = 5, .flags = 1, .missed = 4});
  expected = Named(LinkType::kKprobeMulti);
  expected.count = 5;
  expected.flags = 1;
  expected.missed = 4;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType{99}, BpfDeviceLinkInfo{.ifindex = 3});
  EXPECT_EQ(link.Info().value(), Named(LinkType{99}));
  EXPECT_EQ(kernel_.calls().size(), 10u);
}

TEST_F(LinkCalls, AsksOnceMoreForAName) {
  const Link link = Make();
  InfoIs(LinkType::kRawTracepoint, BpfRawTracepointLinkInfo{.cookie = 7}, "sched_switch");
  LinkInfo expected = Named(LinkType::kRawTracepoint);
  expected.name = "sched_switch";
  expected.cookie = 7;
  EXPECT_EQ(link.Info().value(), expected);
  EXPECT_EQ(kernel_.calls().size(), 2u);

  InfoIs(LinkType::kIter, BpfIterLinkInfo{.map_id = 5, .cgroup_id = 9}, "bpf_map_elem");
  expected = Named(LinkType::kIter);
  expected.name = "bpf_map_elem";
  expected.map_id = 5;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kIter, BpfIterLinkInfo{.cgroup_id = 9}, "cgroup");
  expected = Named(LinkType::kIter);
  expected.name = "cgroup";
  expected.cgroup_id = 9;
  EXPECT_EQ(link.Info().value(), expected);

  InfoIs(LinkType::kUprobeMulti, BpfUprobeMultiLinkInfo{.count = 2, .flags = 1}, "/bin/sh");
  expected = Named(LinkType::kUprobeMulti);
  expected.name = "/bin/sh";
  expected.count = 2;
  expected.flags = 1;
  EXPECT_EQ(link.Info().value(), expected);
}

TEST_F(LinkCalls, TellsWhichPerfEventItIsOf) {
  struct Case {
    PerfEventType type;
    std::string name;
    uint64_t address;
    uint64_t offset;
    uint64_t cookie;
    uint64_t missed;
    size_t calls;
  };
  const Case cases[] = {
      {PerfEventType::kKprobe, "vfs_read", 0x11, 0x22, 0, 0x33, 2},
      {PerfEventType::kKretprobe, "vfs_read", 0x11, 0x22, 0, 0x33, 2},
      {PerfEventType::kUprobe, "/bin/sh", 0, 0x22, 0x11, 0, 2},
      {PerfEventType::kUretprobe, "/bin/sh", 0, 0x22, 0x11, 0, 2},
      {PerfEventType::kTracepoint, "sched_switch", 0, 0, 0x11, 0, 2},
      {PerfEventType::kEvent, "", 0, 0, 0x11, 0, 1},
      {PerfEventType::kUnspec, "", 0, 0, 0x11, 0, 1},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name + std::to_string(static_cast<int>(row.type)));
    const Link link = Make();
    InfoIs(LinkType::kPerfEvent,
           BpfPerfEventLinkInfo{.type = static_cast<uint32_t>(row.type),
                                .offset = 0x22,
                                .addr_or_cookie = 0x11,
                                .missed = 0x33},
           row.name, 8);
    const size_t before = kernel_.calls().size();
    LinkInfo expected = Named(LinkType::kPerfEvent);
    expected.event_type = row.type;
    expected.name = row.name;
    expected.address = row.address;
    expected.offset = row.offset;
    expected.cookie = row.cookie;
    expected.missed = row.missed;
    EXPECT_EQ(link.Info().value(), expected);
    EXPECT_EQ(kernel_.calls().size() - before, row.calls);
  }
}

}  // namespace
}  // namespace purebpf
