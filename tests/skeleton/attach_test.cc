// A skeleton's links, against a scripted kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/attr.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/skeleton/places.skel.h"

namespace purebpf {
namespace {

using testing::BtfBuilder;
using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;

// A kernel that has struct made_up_ops, and takes links of struct_ops. As the real one it takes a
// map's value once (bpf_struct_ops_map_update_elem: EBUSY unless the state is INIT).
struct FakeMachine : FakeKernel {
  FakeMachine() {
    BtfBuilder btf;
    const uint32_t word = btf.Int("unsigned int", 4);
    const uint32_t number = btf.Int("int", 4, 1);
    const uint32_t function = btf.Ptr(btf.FuncProto(number, {}));
    const uint32_t ops =
        btf.Struct("made_up_ops", 16, {{"start", function, 0}, {"limit", word, 64}});
    const uint32_t common = btf.Struct("bpf_struct_ops_common", 8, {});
    btf.Struct("bpf_struct_ops_made_up_ops", 80, {{"common", common, 0}, {"data", ops, 512}});
    const std::vector<std::byte> bytes = btf.Build();
    files["/sys/kernel/btf/vmlinux"] =
        std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    files["/sys/devices/system/cpu/possible"] = "0\n";
    release = std::string("6.12.0");
    Always(Command::kMapUpdateElem,
           [this](MutableBytes attr, std::span<const Region>) -> SysResult<int> {
             MapElemAttr asked;
             std::memcpy(&asked, attr.data(), sizeof asked);
             if (!filled.insert(asked.map_fd).second) return std::unexpected(Errno{EBUSY});
             return 0;
           });
  }

  std::set<uint32_t> filled;  // maps
};

TEST(SkeletonAttach, AttachesWhatSectionsSayAndLeavesTheRest) {
  FakeMachine kernel;
  {
    auto objects = places::Load(kernel);
    ASSERT_THAT(objects, IsOk());
    EXPECT_FALSE(objects->links.on_enter);
    ASSERT_THAT(objects->Attach(), IsOk());
    EXPECT_TRUE(objects->links.on_enter);
    EXPECT_TRUE(objects->links.on_exit);
    EXPECT_FALSE(objects->links.pass);   // which interface?
    EXPECT_FALSE(objects->links.start);  // a member of struct_ops
    EXPECT_TRUE(objects->links.linked);
    EXPECT_FALSE(objects->links.registered);  // of a section without links
    EXPECT_EQ(kernel.Count(Command::kRawTracepointOpen), 2U);
    EXPECT_EQ(kernel.Count(Command::kLinkCreate), 1U);
    // The value of both struct_ops maps.
    EXPECT_EQ(kernel.Count(Command::kMapUpdateElem), 2U);
    EXPECT_EQ(kernel.Count(Command::kMapDeleteElem), 0U);
  }
  // What has no link to close is taken back by its key.
  EXPECT_EQ(kernel.Count(Command::kMapDeleteElem), 1U);
  EXPECT_TRUE(kernel.open_fds().empty());
}

TEST(SkeletonAttach, UndoesAllWhereOneFails) {
  FakeMachine kernel;
  auto objects = places::Load(kernel);
  ASSERT_THAT(objects, IsOk());
  const size_t open = kernel.open_fds().size();
  kernel.Always(Command::kLinkCreate, Errno{EPERM});
  EXPECT_THAT(objects->Attach(), Fails(Code::kPermission, "linked"));
  EXPECT_FALSE(objects->links.on_enter);
  EXPECT_FALSE(objects->links.on_exit);
  EXPECT_EQ(kernel.open_fds().size(), open);
  // And again, once it may.
  kernel.Always(Command::kLinkCreate,
                [&kernel](MutableBytes, std::span<const Region>) -> SysResult<int> {
                  return kernel.NewFd();
                });
  EXPECT_THAT(objects->Attach(), IsOk());
  EXPECT_TRUE(objects->links.linked);
}

TEST(SkeletonAttach, AttachesStructOpsWithLinksAgain) {
  FakeMachine kernel;
  auto objects = places::Load(kernel, {.skip = {"registered"}});
  ASSERT_THAT(objects, IsOk());
  ASSERT_THAT(objects->Attach(), IsOk());
  objects->Detach();
  EXPECT_FALSE(objects->links.linked);
  EXPECT_THAT(objects->Attach(), IsOk());
  EXPECT_TRUE(objects->links.linked);
  EXPECT_EQ(kernel.Count(Command::kLinkCreate), 2U);
}

TEST(SkeletonAttach, RegistersStructOpsOnce) {
  FakeMachine kernel;
  auto objects = places::Load(kernel);
  ASSERT_THAT(objects, IsOk());
  ASSERT_THAT(objects->Attach(), IsOk());
  ASSERT_THAT(objects->Attach(), IsOk());
  EXPECT_EQ(kernel.Count(Command::kMapUpdateElem), 2U);
  objects->Detach();
  EXPECT_EQ(kernel.Count(Command::kMapDeleteElem), 1U);
  // The kernel does not take it back.
  EXPECT_THAT(objects->Attach(), Fails(Code::kConflict, "registered"));
  EXPECT_FALSE(objects->links.linked);
}

TEST(SkeletonAttach, LeavesAloneWhatIsAttached) {
  FakeMachine kernel;
  auto objects = places::Load(kernel, {.only = {{"on_enter", "on_exit"}}});
  ASSERT_THAT(objects, IsOk());
  auto link = Attach(*objects->programs.on_enter, RawTracepointTarget{.name = "other"});
  ASSERT_THAT(link, IsOk());
  const int fd = link->fd();
  objects->links.on_enter = std::move(*link);
  ASSERT_THAT(objects->Attach(), IsOk());
  EXPECT_EQ(objects->links.on_enter->fd(), fd);
  EXPECT_EQ(kernel.Count(Command::kRawTracepointOpen), 2U);
  ASSERT_THAT(objects->Attach(), IsOk());
  EXPECT_EQ(kernel.Count(Command::kRawTracepointOpen), 2U);
  objects->Detach();
  EXPECT_FALSE(objects->links.on_enter);
  EXPECT_FALSE(objects->links.on_exit);
}

}  // namespace
}  // namespace purebpf
