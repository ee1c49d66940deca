// BTF objects and ids over a kernel that is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/btf.h"
#include "purebpf/bpf/ids.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<std::byte> kBytes(40, std::byte{7});

// Writes `log` as far as it fits, as a kernel since Linux 6.4.
FakeKernel::Handler Refuses(const std::string& log, int error) {
  return [log, error](MutableBytes attr, std::span<const Region> regions) -> SysResult<int> {
    BtfLoadAttr asked;
    std::memcpy(&asked, attr.data(), sizeof asked);
    if (asked.btf_log_level == 0) return std::unexpected(Errno{error});
    const size_t fits = std::min<size_t>(log.size(), asked.btf_log_size - 1);
    std::memcpy(regions[1].bytes.data(), log.data(), fits);
    asked.btf_log_true_size = static_cast<uint32_t>(log.size() + 1);
    std::memcpy(attr.data(), &asked, sizeof asked);
    return std::unexpected(Errno{fits < log.size() ? ENOSPC : error});
  };
}

TEST(BtfLoad, IsOneCallWithoutALog) {
  FakeKernel kernel;
  {
    const auto btf = BtfObject::Load(kernel, kBytes, {.token_fd = 9});
    ASSERT_THAT(btf, IsOk());
    EXPECT_THAT(kernel.open_fds(), ElementsAre(btf->fd()));
  }
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
  ASSERT_EQ(kernel.calls().size(), 1u);
  const auto attr = kernel.calls()[0].As<BtfLoadAttr>();
  EXPECT_EQ(attr.btf_size, 40u);
  EXPECT_EQ(attr.btf_log_level + attr.btf_log_size, 0u);
  EXPECT_EQ(attr.btf_log_buf, 0u);
  EXPECT_EQ(attr.btf_flags, 0x10000u);
  EXPECT_EQ(attr.btf_token_fd, 9);
  ASSERT_EQ(kernel.calls()[0].regions.size(), 1u);
  EXPECT_EQ(kernel.calls()[0].regions[0].bytes, kBytes);
}

TEST(BtfLoad, AsksForTheLogOnlyAfterARefusal) {
  FakeKernel kernel;
  kernel.Always(Command::kBtfLoad,
                Refuses("magic: 0xeb9f\n[3] VAR x type_id=9 Invalid type_id\n", EINVAL));
  const auto btf = BtfObject::Load(kernel, kBytes);
  EXPECT_THAT(btf, Fails(Code::kRejected,
                         "load 'BTF': EINVAL (Invalid argument): [3] VAR x type_id=9 Invalid "
                         "type_id (2 log lines)"));
  EXPECT_THAT(btf.error().log, ::testing::StartsWith("magic: 0xeb9f\n"));
  ASSERT_EQ(kernel.calls().size(), 2u);
  EXPECT_EQ(kernel.calls()[1].As<BtfLoadAttr>().btf_log_level, 1u);
  EXPECT_EQ(kernel.calls()[1].As<BtfLoadAttr>().btf_log_size, 65536u);
}

TEST(BtfLoad, GivesTheLogTheRoomThatTheKernelTells) {
  FakeKernel kernel;
  const std::string log = std::string(100000, 'x') + "\nInvalid name\n";
  kernel.Always(Command::kBtfLoad, Refuses(log, EINVAL));
  const auto btf = BtfObject::Load(kernel, kBytes);
  EXPECT_THAT(btf, Fails(Code::kRejected, "EINVAL (Invalid argument): Invalid name"));
  EXPECT_EQ(btf.error().log, log);
  EXPECT_EQ(kernel.calls().size(), 3u);
}

TEST(BtfLoad, KeepsTheErrnoWhereTheLogMayNotGrow) {
  FakeKernel kernel;
  kernel.Always(Command::kBtfLoad, Refuses(std::string(100000, 'x'), EINVAL));
  const auto btf = BtfObject::Load(kernel, kBytes, {.max_log_bytes = 1000});
  EXPECT_THAT(btf, Fails(Code::kRejected, "EINVAL"));
  EXPECT_EQ(btf.error().log.size(), 999u);
}

TEST(BtfLoad, ExplainsARefusalWithoutWords) {
  struct Case {
    int error;
    const char* release;
    size_t calls;
    Code code;
    const char* words;
  };
  const Case cases[] = {
      {EPERM, "6.1.0", 2, Code::kPermission, "load 'BTF': EPERM (Operation not permitted); needs"},
      {EINVAL, "4.17.0", 2, Code::kUnsupported, "BPF_BTF_LOAD needs Linux 4.18; this is 4.17.0"},
      {EINVAL, "6.1.0", 2, Code::kInvalidArgument, "EINVAL"},
      {E2BIG, "6.1.0", 2, Code::kSystem, "16 MiB"},
      {ENOMEM, "6.1.0", 1, Code::kSystem, "ENOMEM"},
      {EMFILE, "6.1.0", 1, Code::kSystem, "EMFILE"},
      {ENOSYS, "6.1.0", 1, Code::kUnsupported, "ENOSYS"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.error);
    FakeKernel kernel;
    kernel.release = std::string(row.release);
    kernel.Always(Command::kBtfLoad, Errno{row.error});
    EXPECT_THAT(BtfObject::Load(kernel, kBytes), Fails(row.code, row.words));
    EXPECT_EQ(kernel.calls().size(), row.calls);
  }
}

TEST(BtfLoad, RaisesMemlockWhereTheKernelChargesIt) {
  FakeKernel kernel;
  kernel.release = std::string("5.10.0");
  kernel.Answer(Command::kBtfLoad, Errno{EPERM});
  EXPECT_THAT(BtfObject::Load(kernel, kBytes), IsOk());
  EXPECT_EQ(kernel.calls().size(), 2u);
  EXPECT_EQ(kernel.set_limits().size(), 1u);
}

// --- Info -------------------------------------------------------------------------------------

struct FakeBtf {
  uint32_t id;
  std::string_view name;
  bool of_kernel;
};

// A kernel with these objects. `before_names`: as Linux 5.10.
void Holds(FakeKernel& kernel, const std::vector<FakeBtf>& objects, bool before_names = false) {
  kernel.Always(Command::kBtfGetNextId, [objects](MutableBytes attr, auto) -> SysResult<int> {
    GetFdByIdAttr asked;
    std::memcpy(&asked, attr.data(), sizeof asked);
    for (const FakeBtf& object : objects)
      if (object.id > asked.id) {
        asked.next_id = object.id;
        std::memcpy(attr.data(), &asked, sizeof asked);
        return 0;
      }
    return std::unexpected(Errno{ENOENT});
  });
  // A descriptor is found again by its number: 1000 and the id.
  kernel.Always(Command::kBtfGetFdById, [&kernel](MutableBytes attr, auto) -> SysResult<int> {
    GetFdByIdAttr asked;
    std::memcpy(&asked, attr.data(), sizeof asked);
    if (asked.id == 13) return std::unexpected(Errno{ENOENT});
    int fd = kernel.NewFd();
    while (fd < 1000 + static_cast<int>(asked.id)) {
      kernel.Close(fd);
      fd = kernel.NewFd();
    }
    return fd;
  });
  kernel.Always(Command::kObjGetInfoByFd,
                [objects, before_names](MutableBytes attr,
                                        std::span<const Region> regions) -> SysResult<int> {
                  GetInfoByFdAttr asked;
                  std::memcpy(&asked, attr.data(), sizeof asked);
                  BpfBtfInfo info;
                  std::memcpy(&info, regions[0].bytes.data(), regions[0].bytes.size());
                  if (before_names && info.name_len != 0) return std::unexpected(Errno{E2BIG});
                  for (const FakeBtf& object : objects) {
                    if (asked.bpf_fd != 1000 + object.id) continue;
                    if (info.btf_size != 0)
                      std::memset(regions[1].bytes.data(), 'b', info.btf_size);
                    if (info.name_len != 0)
                      std::memcpy(regions[1].bytes.data(), object.name.data(), object.name.size());
                    info.id = object.id;
                    info.btf_size = 100 + object.id;
                    info.kernel_btf = object.of_kernel ? 1 : 0;
                    std::memcpy(regions[0].bytes.data(), &info, regions[0].bytes.size());
                  }
                  return 0;
                });
}

TEST(BtfObject, TellsWhatItIs) {
  FakeKernel kernel;
  Holds(kernel, {{1, "vmlinux", true}, {5, "nf_tables", true}});
  const auto btf = BtfObject::FromId(kernel, 5);
  ASSERT_THAT(btf, IsOk());
  const BtfInfo expected = {.id = 5, .size = 105, .name = "nf_tables", .kernel = true};
  EXPECT_EQ(btf->Info().value(), expected);
  EXPECT_EQ(kernel.Count(Command::kObjGetInfoByFd), 1u);
  EXPECT_EQ(kernel.Nth(Command::kObjGetInfoByFd, 0).regions[1].attr_offset, 16u);
}

TEST(BtfObject, TellsWhatItIsBeforeNamesToo) {
  FakeKernel kernel;
  Holds(kernel, {{5, "", false}}, /*before_names=*/true);
  const auto btf = BtfObject::FromId(kernel, 5);
  const BtfInfo expected = {.id = 5, .size = 105};
  EXPECT_EQ(btf->Info().value(), expected);
  EXPECT_EQ(kernel.Count(Command::kObjGetInfoByFd), 2u);
  EXPECT_EQ(kernel.Nth(Command::kObjGetInfoByFd, 1).As<GetInfoByFdAttr>().info_len, 16u);
}

TEST(BtfObject, GivesItsContents) {
  FakeKernel kernel;
  Holds(kernel, {{5, "m", true}});
  const auto btf = BtfObject::FromId(kernel, 5);
  EXPECT_EQ(btf->Contents().value(), std::vector<std::byte>(105, std::byte{'b'}));
  EXPECT_EQ(kernel.Count(Command::kObjGetInfoByFd), 2u);
  EXPECT_EQ(kernel.Nth(Command::kObjGetInfoByFd, 1).As<GetInfoByFdAttr>().info_len, 16u);
}

TEST(BtfObject, SaysWhyThereIsNone) {
  FakeKernel kernel;
  kernel.Answer(Command::kBtfGetFdById, Errno{ENOENT});
  EXPECT_THAT(BtfObject::FromId(kernel, 7), Fails(Code::kNotFound, "open BTF 'id 7': ENOENT"));
  kernel.Answer(Command::kBtfGetFdById, Errno{EPERM});
  EXPECT_THAT(BtfObject::FromId(kernel, 7), Fails(Code::kPermission, "needs CAP_SYS_ADMIN"));
}

// --- Modules and ids --------------------------------------------------------------------------

TEST(VisitModules, PassesOverWhatIsNoModule) {
  FakeKernel kernel;
  // 13 vanishes between the two calls.
  Holds(kernel, {{1, "vmlinux", true},
                 {5, "nf_tables", true},
                 {9, "", false},
                 {13, "gone", true},
                 {14, "xfs", true}});
  std::vector<std::string> names;
  std::vector<BtfObject> kept;
  EXPECT_THAT(VisitModules(kernel,
                           [&](BtfObject object, const BtfInfo& info) {
                             names.push_back(info.name);
                             if (info.id == 5) kept.push_back(std::move(object));
                             return true;
                           }),
              IsOk());
  EXPECT_THAT(names, ElementsAre("nf_tables", "xfs"));
  EXPECT_THAT(kernel.open_fds(), ElementsAre(1005));
  EXPECT_EQ(kernel.calls().size(), 6u + 5u + 4u);
}

TEST(VisitModules, StopsWhereItIsTold) {
  FakeKernel kernel;
  Holds(kernel, {{5, "nf_tables", true}, {14, "xfs", true}});
  int visited = 0;
  EXPECT_THAT(VisitModules(kernel, [&](BtfObject, const BtfInfo&) { return ++visited < 1; }),
              IsOk());
  EXPECT_EQ(visited, 1);
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
  EXPECT_EQ(kernel.calls().size(), 3u);
}

TEST(VisitModules, SaysWhyTheyCannotBeSeen) {
  FakeKernel kernel;
  auto none = [](BtfObject, const BtfInfo&) { return true; };
  kernel.Answer(Command::kBtfGetNextId, Errno{EPERM});
  EXPECT_THAT(VisitModules(kernel, none),
              Fails(Code::kPermission,
                    "list BTF objects: EPERM (Operation not permitted); needs CAP_SYS_ADMIN"));
  Holds(kernel, {{5, "nf_tables", true}});
  kernel.Answer(Command::kBtfGetFdById, Errno{EMFILE});
  EXPECT_THAT(VisitModules(kernel, none), Fails(Code::kSystem, "open BTF 'id 5': EMFILE"));
}

TEST(Ids, AreListedOneByOne) {
  FakeKernel kernel;
  Holds(kernel, {{3, "", false}, {4, "", false}, {90, "", false}});
  EXPECT_THAT(Ids(kernel, IdsOf::kBtf).value(), ElementsAre(3u, 4u, 90u));
  EXPECT_EQ(kernel.Count(Command::kBtfGetNextId), 4u);
  EXPECT_EQ(NextId(kernel, IdsOf::kBtf, 4).value(), 90u);
  EXPECT_EQ(NextId(kernel, IdsOf::kBtf, 90).value(), std::nullopt);
}

TEST(Ids, HaveACommandForEachKind) {
  FakeKernel kernel;
  for (const Command command :
       {Command::kProgGetNextId, Command::kMapGetNextId, Command::kLinkGetNextId})
    kernel.Always(command, Errno{EPERM});
  EXPECT_THAT(Ids(kernel, IdsOf::kPrograms), Fails(Code::kPermission, "list programs: EPERM"));
  EXPECT_THAT(Ids(kernel, IdsOf::kMaps), Fails(Code::kPermission, "list maps: EPERM"));
  EXPECT_THAT(Ids(kernel, IdsOf::kLinks), Fails(Code::kPermission, "list links: EPERM"));
  kernel.release = std::string("5.4.0");
  kernel.Always(Command::kLinkGetNextId, Errno{EINVAL});
  EXPECT_THAT(Ids(kernel, IdsOf::kLinks), Fails(Code::kUnsupported, "needs Linux 5.8"));
}

TEST(Ids, EndWhereAKernelTurnsInACircle) {
  FakeKernel kernel;
  kernel.Always(Command::kMapGetNextId, [](MutableBytes attr, auto) -> SysResult<int> {
    GetFdByIdAttr asked;
    std::memcpy(&asked, attr.data(), sizeof asked);
    asked.next_id = 7;
    std::memcpy(attr.data(), &asked, sizeof asked);
    return 0;
  });
  EXPECT_THAT(Ids(kernel, IdsOf::kMaps).value(), ElementsAre(7u));
}

}  // namespace
}  // namespace purebpf
