// Maps that are there already, over a kernel that is not: pins, ids, descriptors, what they tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/map.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeCall;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::IsEmpty;

constexpr const char* kPin = "/sys/fs/bpf/counts";

BpfMapInfo Info() {
  return {.type = 1,
          .id = 12,
          .key_size = 4,
          .value_size = 8,
          .max_entries = 100,
          .map_flags = 1,
          .name = {'c', 'o', 'u', 'n', 't', 's'},
          .ifindex = 3,
          .btf_vmlinux_value_type_id = 4,
          .btf_id = 5,
          .btf_key_type_id = 6,
          .btf_value_type_id = 7,
          .map_extra = 8};
}

class MapHandle : public ::testing::Test {
 protected:
  void InfoIs(const BpfMapInfo& info) {
    kernel_.Always(Command::kObjGetInfoByFd,
                   [info](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                     EXPECT_EQ(regions[0].bytes.size(), sizeof info);
                     std::memcpy(regions[0].bytes.data(), &info, sizeof info);
                     return 0;
                   });
  }
  Map Created() {
    auto map = Map::Create(kernel_, {.name = "counts",
                                     .type = MapType::kHash,
                                     .key_size = 4,
                                     .value_size = 8,
                                     .max_entries = 100});
    EXPECT_THAT(map, IsOk());
    before_ = kernel_.calls().size();
    return std::move(*map);
  }
  [[nodiscard]] size_t Calls() const { return kernel_.calls().size() - before_; }
  void TearDown() override {
    EXPECT_THAT(kernel_.open_fds(), IsEmpty());
    EXPECT_EQ(kernel_.wrong_closes(), 0u);
  }

  FakeKernel kernel_;
  size_t before_ = 0;
};

TEST_F(MapHandle, IsOpenedFromAPinInTwoCalls) {
  InfoIs(Info());
  kernel_.files["/proc/self/fdinfo/101"] = "pos:\t0\nmap_type:\t1\n";
  {
    const auto map = Map::FromPin(kernel_, kPin, MapAccess::kReadOnly);
    ASSERT_THAT(map, IsOk());
    const MapParams expected = {.name = "counts",
                                .type = MapType::kHash,
                                .key_size = 4,
                                .value_size = 8,
                                .max_entries = 100,
                                .flags = 1,
                                .map_extra = 8,
                                .btf_key_type_id = 6,
                                .btf_value_type_id = 7,
                                .btf_vmlinux_value_type_id = 4,
                                .ifindex = 3};
    EXPECT_EQ(map->params(), expected);
    EXPECT_EQ(map->lookup_size(), 8u);
    EXPECT_EQ(map->fd(), 101);
  }
  ASSERT_EQ(kernel_.calls().size(), 2u);
  EXPECT_EQ(kernel_.calls()[0].As<ObjAttr>().file_flags, 8u);
}

TEST_F(MapHandle, IsOpenedByIdInTwoCalls) {
  InfoIs(Info());
  {
    const auto map = Map::FromId(kernel_, 12, MapAccess::kWriteOnly);
    ASSERT_THAT(map, IsOk());
    EXPECT_EQ(map->name(), "counts");
  }
  ASSERT_EQ(kernel_.calls().size(), 2u);
  const auto attr = kernel_.calls()[0].As<GetFdByIdAttr>();
  EXPECT_EQ(attr.id, 12u);
  EXPECT_EQ(attr.open_flags, 16u);
  EXPECT_THAT(kernel_.read_paths(), IsEmpty());
  kernel_.Answer(Command::kMapGetFdById, Errno{ENOENT});
  EXPECT_THAT(Map::FromId(kernel_, 9), Fails(Code::kNotFound, "open map 'id 9': ENOENT"));
  kernel_.Answer(Command::kMapGetFdById, Errno{EPERM});
  EXPECT_THAT(Map::FromId(kernel_, 9), Fails(Code::kPermission, "needs CAP_SYS_ADMIN"));
}

TEST_F(MapHandle, ReadsThePossibleCpusOfAPerCpuMap) {
  BpfMapInfo info = Info();
  info.type = 5;
  InfoIs(info);
  kernel_.files["/sys/devices/system/cpu/possible"] = "0-3\n";
  const auto map = Map::FromFd(kernel_, kernel_.NewFd());
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->cpus(), 4u);
  EXPECT_EQ(map->lookup_size(), 32u);
}

TEST_F(MapHandle, IsNotOpenedFromWhatIsNoMap) {
  kernel_.files["/proc/self/fdinfo/101"] = "prog_type:\t6\nprog_id:\t3\n";
  EXPECT_THAT(Map::FromPin(kernel_, kPin),
              Fails(Code::kInvalidArgument, "open map '/sys/fs/bpf/counts': it is a program"));
  kernel_.files["/proc/self/fdinfo/102"] = "link_type:\ttracing\n";
  EXPECT_THAT(Map::FromFd(kernel_, kernel_.NewFd()),
              Fails(Code::kInvalidArgument, "open map 'descriptor 102': it is a link"));
}

TEST_F(MapHandle, ClosesWhatItCannotUnderstand) {
  kernel_.Always(Command::kObjGetInfoByFd, Errno{EINVAL});
  EXPECT_THAT(Map::FromPin(kernel_, kPin), Fails(Code::kInvalidArgument, "ask about map"));
  EXPECT_THAT(Map::FromId(kernel_, 3), Fails(Code::kInvalidArgument, "needs Linux 4.13"));
  EXPECT_THAT(Map::FromFd(kernel_, kernel_.NewFd()), Fails(Code::kInvalidArgument, "EINVAL"));
}

TEST_F(MapHandle, TellsAllOfItsInfo) {
  const Map map = Created();
  InfoIs(Info());
  const MapInfo expected = {.id = 12,
                            .type = MapType::kHash,
                            .name = "counts",
                            .key_size = 4,
                            .value_size = 8,
                            .max_entries = 100,
                            .flags = 1,
                            .map_extra = 8,
                            .ifindex = 3,
                            .btf_id = 5,
                            .btf_key_type_id = 6,
                            .btf_value_type_id = 7,
                            .btf_vmlinux_value_type_id = 4};
  EXPECT_EQ(map.Info().value(), expected);
  EXPECT_EQ(Calls(), 1u);
}

TEST_F(MapHandle, TellsItsUsageFromProc) {
  const Map map = Created();
  EXPECT_THAT(map.Usage(), Fails(Code::kUnsupported, "fdinfo tells nothing of it"));
  std::string& fdinfo = kernel_.files["/proc/self/fdinfo/" + std::to_string(map.fd())];
  fdinfo = "pos:\t0\nflags:\t02000002\nmap_type:\t1\nmemlock:\t8192\nmap_id:\t12\nfrozen:\t0\n";
  EXPECT_EQ(map.Usage().value(), (MapUsage{.memory = 8192, .frozen = false}));
  fdinfo = "memlock:\t4096\nfrozen:\t1";
  EXPECT_EQ(map.Usage().value(), (MapUsage{.memory = 4096, .frozen = true}));
  fdinfo = "memlock:\t4096\n";  // before Linux 5.2
  EXPECT_EQ(map.Usage().value(), (MapUsage{.memory = 4096, .frozen = false}));
  EXPECT_EQ(Calls(), 0u);
}

TEST_F(MapHandle, IsFrozenInOneCall) {
  const Map map = Created();
  EXPECT_THAT(map.Freeze(), IsOk());
  const FakeCall& call = kernel_.Nth(Command::kMapFreeze, 0);
  EXPECT_EQ(call.attr.size(), 4u);
  EXPECT_EQ(call.As<MapFreezeAttr>().map_fd, static_cast<uint32_t>(map.fd()));
  kernel_.Answer(Command::kMapFreeze, Errno{EBUSY});
  EXPECT_THAT(map.Freeze(), Fails(Code::kConflict,
                                  "freeze map 'counts': EBUSY (Device or resource "
                                  "busy); something may still write"));
  kernel_.Answer(Command::kMapFreeze, Errno{EPERM});
  EXPECT_THAT(map.Freeze(), Fails(Code::kPermission, "needs CAP_BPF"));
  kernel_.Answer(Command::kMapFreeze, Errno{524});
  EXPECT_THAT(map.Freeze(), Fails(Code::kUnsupported, "cannot be frozen"));
  kernel_.release = std::string("4.19.0");
  kernel_.Answer(Command::kMapFreeze, Errno{EINVAL});
  EXPECT_THAT(map.Freeze(), Fails(Code::kUnsupported, "BPF_MAP_FREEZE needs Linux 5.2"));
}

TEST_F(MapHandle, IsPinnedAndUnpinned) {
  const Map map = Created();
  EXPECT_THAT(map.Pin(kPin), IsOk());
  EXPECT_EQ(Calls(), 1u);
  EXPECT_EQ(kernel_.Nth(Command::kObjPin, 0).As<ObjAttr>().bpf_fd, static_cast<uint32_t>(map.fd()));
  kernel_.Answer(Command::kObjPin, Errno{EEXIST});
  EXPECT_THAT(map.Pin(kPin), Fails(Code::kConflict, "pin map 'counts': EEXIST (File exists): at " +
                                                        std::string(kPin)));
  // Paths of one and of no folder.
  kernel_.file_system = 1;
  kernel_.Answer(Command::kObjPin, Errno{EINVAL});
  EXPECT_THAT(map.Pin("/counts"), Fails(Code::kInvalidArgument, "/ is not in a BPF file system"));
  kernel_.Answer(Command::kObjPin, Errno{EINVAL});
  EXPECT_THAT(map.Pin("counts"), Fails(Code::kInvalidArgument, ". is not in a BPF file system"));
  kernel_.files[kPin] = "";
  EXPECT_THAT(Map::Unpin(kernel_, kPin), IsOk());
  EXPECT_THAT(Map::Unpin(kernel_, kPin), Fails(Code::kNotFound, "unpin map"));
}

TEST_F(MapHandle, IsDuplicated) {
  const Map map = Created();
  const auto copy = map.Duplicate();
  ASSERT_THAT(copy, IsOk());
  EXPECT_NE(copy->fd(), map.fd());
  EXPECT_EQ(copy->params(), map.params());
  EXPECT_EQ(Calls(), 0u);
}

TEST_F(MapHandle, LooksUpUnderTheValuesLock) {
  const Map map = Created();
  const uint32_t key = 1;
  uint64_t value = 0;
  EXPECT_EQ(map.LookupLocked(BytesOf(key), MutableBytesOf(value)).value(), true);
  EXPECT_EQ(kernel_.Nth(Command::kMapLookupElem, 0).As<MapElemAttr>().flags, 4u);
  EXPECT_THAT(map.Put(BytesOf(key), BytesOf(value), PutFlag::kLock), IsOk());
  EXPECT_EQ(kernel_.Nth(Command::kMapUpdateElem, 0).As<MapElemAttr>().flags, 4u);
}

}  // namespace
}  // namespace purebpf
