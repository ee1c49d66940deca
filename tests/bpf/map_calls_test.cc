// Maps are created over a kernel that is not there: which calls are made, with which bytes, and
// what becomes of each answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/capabilities.h"
#include "purebpf/bpf/map.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kPossible = "/sys/devices/system/cpu/possible";

MapParams Hash() {
  return {
      .name = "counts", .type = MapType::kHash, .key_size = 4, .value_size = 8, .max_entries = 10};
}

Map MapOf(FakeKernel& kernel, const MapParams& params) {
  auto map = Map::Create(kernel, params);
  EXPECT_THAT(map, IsOk());
  return std::move(*map);
}

// --- Create -----------------------------------------------------------------------------------

TEST(MapCreate, IsOneCallWithTheParametersAsTheyAre) {
  FakeKernel kernel;
  {
    const Map map = MapOf(kernel, {.name = "xconnect map of ports",
                                   .type = MapType::kDevmap,
                                   .key_size = 4,
                                   .value_size = 8,
                                   .max_entries = 256,
                                   .flags = kNumaNode | kReadOnlyProg,
                                   .numa_node = 3,
                                   .map_extra = 0x1122334455667788});
    EXPECT_EQ(kernel.open_fds().count(map.fd()), 1u);
    EXPECT_EQ(map.name(), "xconnect map of ports");
    EXPECT_EQ(map.key_size(), 4u);
    EXPECT_EQ(map.value_size(), 8u);
    EXPECT_EQ(map.lookup_size(), 8u);
    EXPECT_EQ(map.cpus(), 1u);
  }
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
  ASSERT_EQ(kernel.calls().size(), 1u);
  EXPECT_EQ(kernel.release_count() + kernel.get_limit_count() + kernel.read_paths().size(), 0u);
  const auto attr = kernel.calls()[0].As<MapCreateAttr>();
  EXPECT_EQ(attr.map_type, 14u);
  EXPECT_EQ(attr.key_size, 4u);
  EXPECT_EQ(attr.value_size, 8u);
  EXPECT_EQ(attr.max_entries, 256u);
  EXPECT_EQ(attr.map_flags, 0x84u);
  EXPECT_EQ(attr.numa_node, 3u);
  EXPECT_EQ(attr.map_extra, 0x1122334455667788u);
  EXPECT_STREQ(attr.map_name.data(), "xconnect_map_of");
}

TEST(MapCreate, ReadsThePossibleCpusForPerCpuTypesOnly) {
  struct Case {
    const char* list;
    uint32_t value_size;
    uint32_t cpus;
    uint32_t lookup_size;
  };
  const Case cases[] = {
      {"0\n", 8, 1, 8},         {"0-3\n", 8, 4, 32},  {"0-1,4-5,9\n", 1, 5, 40},
      {"0-127", 12, 128, 2048}, {"0,2\n", 16, 2, 32},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.list);
    FakeKernel kernel;
    kernel.files[kPossible] = row.list;
    const Map map = MapOf(kernel, {.type = MapType::kPercpuHash,
                                   .key_size = 4,
                                   .value_size = row.value_size,
                                   .max_entries = 1});
    EXPECT_EQ(map.cpus(), row.cpus);
    EXPECT_EQ(map.lookup_size(), row.lookup_size);
    EXPECT_EQ(map.value_size(), row.value_size);
    EXPECT_THAT(kernel.read_paths(), ElementsAre(kPossible));
    EXPECT_EQ(kernel.calls()[0].As<MapCreateAttr>().value_size, row.value_size);
  }
}

TEST(MapCreate, RefusesAListOfCpusThatIsNone) {
  const char* const lists[] = {"",        "\n",  "x",   "0-",   "-3",           "3-1",
                               "0,",      ",0",  "0;1", "0-1 ", "0-4294967295", "0-99999999999",
                               "0-65536", "0--1"};
  for (const char* list : lists) {
    SCOPED_TRACE(list);
    FakeKernel kernel;
    kernel.files[kPossible] = list;
    EXPECT_THAT(Map::Create(kernel, {.name = "m",
                                     .type = MapType::kPercpuArray,
                                     .key_size = 4,
                                     .value_size = 8,
                                     .max_entries = 1}),
                Fails(Code::kMalformed, "not a list of CPUs"));
    EXPECT_THAT(kernel.calls(), IsEmpty());
  }
}

TEST(MapCreate, SaysThatThePossibleCpusCannotBeRead) {
  FakeKernel kernel;
  EXPECT_THAT(Map::Create(kernel, {.name = "m",
                                   .type = MapType::kLruPercpuHash,
                                   .key_size = 4,
                                   .value_size = 8,
                                   .max_entries = 1}),
              Fails(Code::kNotFound,
                    "read 'm: /sys/devices/system/cpu/possible': ENOENT (No such file or "
                    "directory); per-CPU maps and perf event arrays need /sys: mount it"));
  EXPECT_THAT(kernel.calls(), IsEmpty());
}

TEST(MapCreate, RefusesValuesThatAllCpusTogetherCannotHold) {
  FakeKernel kernel;
  kernel.files[kPossible] = "0-7";
  EXPECT_THAT(Map::Create(kernel, {.name = "m",
                                   .type = MapType::kPercpuArray,
                                   .key_size = 4,
                                   .value_size = 0x20000000,
                                   .max_entries = 1}),
              Fails(Code::kInvalidArgument, "value_size is 536870912"));
  EXPECT_THAT(Map::Create(kernel, {.name = "m",
                                   .type = MapType::kPercpuArray,
                                   .key_size = 4,
                                   .value_size = UINT32_MAX,
                                   .max_entries = 1}),
              Fails(Code::kInvalidArgument, "more than 4 GiB"));
  EXPECT_THAT(kernel.calls(), IsEmpty());
}

TEST(MapCreate, ExplainsARefusal) {
  struct Case {
    const char* name;
    MapParams params;
    int error;
    const char* release;
    Code code;
    const char* words;
  };
  const MapParams trie = {
      .name = "m", .type = MapType::kLpmTrie, .key_size = 8, .value_size = 4, .max_entries = 1};
  const MapParams devmap = {
      .name = "m", .type = MapType::kDevmap, .key_size = 4, .value_size = 4, .max_entries = 4};
  auto with = [](MapParams params, auto change) {
    change(params);
    return params;
  };
  const Case cases[] = {
      {"no privilege", Hash(), EPERM, "6.1.0", Code::kPermission,
       "EPERM (Operation not permitted); needs CAP_BPF (CAP"},
      {"no privilege for the network", devmap, EPERM, "6.1.0", Code::kPermission,
       "needs CAP_BPF and CAP_NET_ADMIN"},
      {"trie", trie, EINVAL, "6.1.0", Code::kInvalidArgument, "needs BPF_F_NO_PREALLOC"},
      {"trie, otherwise",
       with(trie,
            [](MapParams& p) {
              p.flags = kNoPrealloc;
              p.max_entries = 0;
            }),
       EINVAL, "6.1.0", Code::kInvalidArgument, "max_entries must not be 0"},
      {"no entries", with(Hash(), [](MapParams& p) { p.max_entries = 0; }), EINVAL, "6.1.0",
       Code::kInvalidArgument,
       "create map 'counts': EINVAL (Invalid argument); max_entries must not be 0"},
      {"a storage of sockets without types",
       with(Hash(),
            [](MapParams& p) {
              p.type = MapType::kSkStorage;
              p.flags = kNoPrealloc;
              p.max_entries = 0;
            }),
       EINVAL, "6.1.0", Code::kInvalidArgument,
       "a storage needs BPF_F_NO_PREALLOC, max_entries 0, a key of 4 bytes, and BTF of both types"},
      {"a storage of cgroups",
       with(Hash(),
            [](MapParams& p) {
              p.type = MapType::kCgroupStorage;
              p.max_entries = 0;
            }),
       EINVAL, "6.1.0", Code::kInvalidArgument, "check sizes and flags"},
      {"too new a type", with(Hash(), [](MapParams& p) { p.type = MapType::kBloomFilter; }), EINVAL,
       "5.10.0-9-amd64", Code::kUnsupported,
       "BPF_MAP_TYPE_BLOOM_FILTER needs Linux 5.16; this is 5.10.0-9-amd64"},
      {"a bloom filter with keys",
       with(Hash(), [](MapParams& p) { p.type = MapType::kBloomFilter; }), EINVAL, "5.16.0",
       Code::kInvalidArgument, "key_size must be 0"},
      {"a type that nobody knows", with(Hash(), [](MapParams& p) { p.type = MapType{4000}; }),
       EINVAL, "6.1.0", Code::kInvalidArgument, "no such map type is known here"},
      {"a ring of odd size",
       with(Hash(),
            [](MapParams& p) {
              p.type = MapType::kRingbuf;
              p.key_size = p.value_size = 0;
              p.max_entries = 5000;
            }),
       EINVAL, "6.1.0", Code::kInvalidArgument, "power of two"},
      {"an array with large keys",
       with(Hash(),
            [](MapParams& p) {
              p.type = MapType::kArray;
              p.key_size = 8;
            }),
       EINVAL, "6.1.0", Code::kInvalidArgument, "key_size must be 4"},
      {"a devmap", devmap, EINVAL, "6.1.0", Code::kInvalidArgument, "an interface index"},
      {"anything else", Hash(), EINVAL, "6.1.0", Code::kInvalidArgument, "check sizes and flags"},
      {"a release without a number", Hash(), EINVAL, "unknown", Code::kInvalidArgument,
       "check sizes"},
      {"too large", Hash(), E2BIG, "6.1.0", Code::kSystem, "above the kernel's limits"},
      {"no memory", Hash(), ENOMEM, "6.1.0", Code::kSystem, "lower max_entries"},
      {"no bpf at all", Hash(), ENOSYS, "6.1.0", Code::kUnsupported, "CONFIG_BPF_SYSCALL"},
      {"no hint is known", Hash(), EMFILE, "6.1.0", Code::kSystem, "EMFILE (Too many open files)"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    FakeKernel kernel;
    kernel.release = std::string(row.release);
    kernel.Always(Command::kMapCreate, Errno{row.error});
    const auto map = Map::Create(kernel, row.params);
    EXPECT_THAT(map, Fails(row.code, row.words));
    EXPECT_EQ(map.error().sys_errno, row.error);
    // E2BIG may be about the name, before Linux 4.15.
    EXPECT_EQ(kernel.calls().size(), row.error == E2BIG ? 2u : 1u);
    EXPECT_THAT(kernel.open_fds(), IsEmpty());
  }
}

TEST(MapCreate, NamesAMapWithoutANameByItsType) {
  FakeKernel kernel;
  kernel.Always(Command::kMapCreate, Errno{EMFILE});
  EXPECT_THAT(Map::Create(kernel, {.type = MapType::kQueue}),
              Fails(Code::kSystem, "create map 'BPF_MAP_TYPE_QUEUE': EMFILE"));
  EXPECT_THAT(Map::Create(kernel, {.type = MapType{4000}}),
              Fails(Code::kSystem, "create map 'map type 4000': EMFILE"));
}

// --- Fields of newer kernels, and kernels that refuse them -------------------------------------

MapParams Typed() {
  MapParams params = Hash();
  params.btf_fd = 55;
  params.btf_key_type_id = 7;
  params.btf_value_type_id = 9;
  return params;
}

TEST(MapCreate, HandsOnEveryField) {
  FakeKernel kernel;
  MapParams params = Typed();
  params.inner_map_fd = 44;
  params.btf_vmlinux_value_type_id = 11;
  params.value_type_btf_obj_fd = 66;
  params.token_fd = 77;
  params.ifindex = 88;
  params.flags = kMmapable;
  const Map map = MapOf(kernel, params);
  EXPECT_EQ(map.params(), params);
  ASSERT_EQ(kernel.calls().size(), 1u);
  const auto attr = kernel.calls()[0].As<MapCreateAttr>();
  EXPECT_EQ(attr.map_flags, 0x18400u);  // BPF_F_MMAPABLE, _VTYPE_BTF_OBJ_FD and _TOKEN_FD
  EXPECT_EQ(attr.inner_map_fd, 44u);
  EXPECT_EQ(attr.btf_fd, 55u);
  EXPECT_EQ(attr.btf_key_type_id, 7u);
  EXPECT_EQ(attr.btf_value_type_id, 9u);
  EXPECT_EQ(attr.btf_vmlinux_value_type_id, 11u);
  EXPECT_EQ(attr.value_type_btf_obj_fd, 66);
  EXPECT_EQ(attr.map_token_fd, 77);
  EXPECT_EQ(attr.map_ifindex, 88u);
}

TEST(MapCreate, OffersNoBtfToTypesThatTakeNone) {
  const MapType none[] = {
      MapType::kPerfEventArray, MapType::kStackTrace, MapType::kCgroupArray, MapType::kArrayOfMaps,
      MapType::kHashOfMaps,     MapType::kDevmap,     MapType::kDevmapHash,  MapType::kCpumap,
      MapType::kXskmap,         MapType::kSockmap,    MapType::kSockhash,    MapType::kQueue,
      MapType::kStack,          MapType::kRingbuf,    MapType::kUserRingbuf, MapType::kArena};
  for (const MapType type : none) {
    SCOPED_TRACE(KernelSpelling(type));
    FakeKernel kernel;
    MapParams params = Typed();
    params.type = type;
    const Map map = MapOf(kernel, params);
    ASSERT_EQ(kernel.calls().size(), 1u);
    const auto attr = kernel.calls()[0].As<MapCreateAttr>();
    EXPECT_EQ(attr.btf_fd + attr.btf_key_type_id + attr.btf_value_type_id, 0u);
    EXPECT_EQ(map.params().btf_fd, -1);
    EXPECT_EQ(map.params().btf_value_type_id, 0u);
  }
}

TEST(MapCreate, DoesWithoutTheBtfThatIsRefused) {
  for (const int error : {EINVAL, E2BIG, EOPNOTSUPP, 524}) {
    SCOPED_TRACE(error);
    FakeKernel kernel;
    kernel.Answer(Command::kMapCreate, Errno{error});
    const Map map = MapOf(kernel, Typed());
    ASSERT_EQ(kernel.calls().size(), 2u);
    auto first = kernel.calls()[0].As<MapCreateAttr>();
    EXPECT_EQ(first.btf_value_type_id, 9u);
    first.btf_fd = first.btf_key_type_id = first.btf_value_type_id = 0;
    const auto second = kernel.calls()[1].As<MapCreateAttr>();
    EXPECT_EQ(std::memcmp(&first, &second, sizeof first), 0);
    EXPECT_EQ(map.params(), Hash());
  }
}

TEST(MapCreate, KeepsTheBtfWhereTheErrorIsAnother) {
  for (const int error : {EPERM, ENOMEM, EMFILE, ENOSYS, EBADF}) {
    SCOPED_TRACE(error);
    FakeKernel kernel;
    kernel.Always(Command::kMapCreate, Errno{error});
    EXPECT_FALSE(Map::Create(kernel, Typed()).has_value());
    EXPECT_EQ(kernel.calls().size(), 1u);
  }
}

TEST(MapCreate, KeepsTheKernelsStructureOfStructOps) {
  FakeKernel kernel;
  kernel.Always(Command::kMapCreate, Errno{EINVAL});
  MapParams params = Hash();
  params.type = MapType::kStructOps;
  params.btf_fd = 55;
  params.btf_vmlinux_value_type_id = 11;
  EXPECT_FALSE(Map::Create(kernel, params).has_value());
  ASSERT_EQ(kernel.calls().size(), 1u);
  EXPECT_EQ(kernel.calls()[0].As<MapCreateAttr>().btf_fd, 55u);
}

TEST(MapCreate, ReplacesDotsBeforeLinux52) {
  FakeKernel kernel;
  kernel.Answer(Command::kMapCreate, Errno{EINVAL});
  MapParams params = Hash();
  params.name = "x.rodata.str1.1";
  const Map map = MapOf(kernel, params);
  EXPECT_EQ(map.name(), "x.rodata.str1.1");
  ASSERT_EQ(kernel.calls().size(), 2u);
  EXPECT_STREQ(kernel.calls()[0].As<MapCreateAttr>().map_name.data(), "x.rodata.str1.1");
  EXPECT_STREQ(kernel.calls()[1].As<MapCreateAttr>().map_name.data(), "x_rodata_str1_1");
}

TEST(MapCreate, DropsTheNameBeforeLinux415) {
  FakeKernel kernel;
  kernel.Answer(Command::kMapCreate, Errno{E2BIG});  // BTF
  kernel.Answer(Command::kMapCreate, Errno{E2BIG});  // name
  const Map map = MapOf(kernel, Typed());
  EXPECT_EQ(map.name(), "counts");
  ASSERT_EQ(kernel.calls().size(), 3u);
  EXPECT_STREQ(kernel.calls()[1].As<MapCreateAttr>().map_name.data(), "counts");
  const auto last = kernel.calls()[2].As<MapCreateAttr>();
  EXPECT_STREQ(last.map_name.data(), "");
  EXPECT_EQ(last.btf_fd, 0u);
  EXPECT_EQ(last.max_entries, 10u);
}

// Trap 28: the kernel passes over a token that does not allow what is asked, and says EPERM.
TEST(MapCreate, NamesWhatATokenMayNotAllow) {
  FakeKernel kernel;
  kernel.Always(Command::kMapCreate, Errno{EPERM});
  MapParams params = Hash();
  params.token_fd = 9;
  EXPECT_THAT(Map::Create(kernel, params),
              Fails(Code::kPermission,
                    "the token does not allow BPF_MAP_TYPE_HASH (mount its BPF "
                    "file system with that in delegate_maps), or not"));
  params.type = MapType{9999};
  EXPECT_THAT(Map::Create(kernel, params),
              Fails(Code::kPermission, "the token does not allow this type (mount"));
}

TEST(MapCreate, RaisesMemlockForWhatIsLeft) {
  FakeKernel kernel;
  kernel.release = std::string("5.10.0");
  kernel.Answer(Command::kMapCreate, Errno{EINVAL});
  kernel.Answer(Command::kMapCreate, Errno{EPERM});
  const Map map = MapOf(kernel, Typed());
  ASSERT_EQ(kernel.calls().size(), 3u);
  EXPECT_EQ(kernel.calls()[2].As<MapCreateAttr>().btf_fd, 0u);
  EXPECT_EQ(kernel.set_limits().size(), 1u);
}

// --- RLIMIT_MEMLOCK ---------------------------------------------------------------------------

constexpr uint64_t kInfinity = ResourceLimit::kInfinity;

TEST(MapCreate, RaisesMemlockOnceWhereTheKernelChargesIt) {
  FakeKernel kernel;
  kernel.release = std::string("5.10.0-28-amd64");
  kernel.Answer(Command::kMapCreate, Errno{EPERM});
  EXPECT_THAT(Map::Create(kernel, Hash()), IsOk());
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 2u);
  EXPECT_THAT(kernel.set_limits(), ElementsAre(ResourceLimit{kInfinity, kInfinity}));
  EXPECT_EQ(kernel.release_count(), 1u);
  // The second call is the first again.
  EXPECT_EQ(kernel.Nth(Command::kMapCreate, 0).attr, kernel.Nth(Command::kMapCreate, 1).attr);
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
}

TEST(MapCreate, RaisesMemlockToItsHardLimitWithoutCapSysResource) {
  FakeKernel kernel;
  kernel.release = std::string("4.19.0");
  kernel.may_raise_hard_limit = false;
  kernel.limit = {.soft = 65536, .hard = 1 << 20};
  kernel.Answer(Command::kMapCreate, Errno{EPERM});
  EXPECT_THAT(Map::Create(kernel, Hash()), IsOk());
  EXPECT_THAT(kernel.set_limits(),
              ElementsAre(ResourceLimit{kInfinity, kInfinity}, ResourceLimit{1 << 20, 1 << 20}));
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 2u);
}

TEST(MapCreate, KeepsTheErrorWhereMemlockMayNotBeRaised) {
  FakeKernel kernel;
  kernel.release = std::string("5.10.0");
  kernel.may_raise_hard_limit = false;
  kernel.Always(Command::kMapCreate, Errno{EPERM});
  EXPECT_THAT(Map::Create(kernel, Hash()),
              Fails(Code::kPermission, "EPERM (Operation not permitted); raise RLIMIT_MEMLOCK"));
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 1u);
  EXPECT_EQ(kernel.limit, (ResourceLimit{65536, 65536}));
}

// kernel/bpf/devmap.c answers so from Linux 5.4 to 5.10 where the limit is reached.
TEST(MapCreate, RaisesMemlockForADeviceMapThatIsInvalid) {
  for (const MapType type : {MapType::kDevmap, MapType::kDevmapHash}) {
    const MapParams params = {
        .name = "m", .type = type, .key_size = 4, .value_size = 4, .max_entries = 4};
    FakeKernel kernel;
    kernel.release = std::string("5.10.0");
    kernel.Answer(Command::kMapCreate, Errno{EINVAL});
    EXPECT_THAT(Map::Create(kernel, params), IsOk());
    EXPECT_EQ(kernel.Count(Command::kMapCreate), 2u);
    FakeKernel bound;
    bound.release = std::string("5.10.0");
    bound.may_raise_hard_limit = false;
    bound.Always(Command::kMapCreate, Errno{EINVAL});
    EXPECT_THAT(Map::Create(bound, params),
                Fails(Code::kInvalidArgument, "raise RLIMIT_MEMLOCK (ulimit -l), beyond which"));
    FakeKernel newer;
    newer.Always(Command::kMapCreate, Errno{EINVAL});
    EXPECT_THAT(Map::Create(newer, params), Fails(Code::kInvalidArgument, "value_size must be 4"));
    EXPECT_EQ(newer.get_limit_count(), 0u);
  }
}

TEST(MapCreate, NamesACapabilityThatIsMissingBeforeTheLimit) {
  FakeKernel kernel;
  kernel.release = std::string("5.10.0");
  kernel.may_raise_hard_limit = false;
  kernel.Always(Command::kMapCreate, Errno{EPERM});
  kernel.capabilities = 0;
  EXPECT_THAT(Map::Create(kernel, Hash()), Fails(Code::kPermission, "this process lacks CAP_BPF"));
  kernel.capabilities = uint64_t{1} << static_cast<unsigned>(Capability::kBpf);
  EXPECT_THAT(Map::Create(kernel, Hash()), Fails(Code::kPermission, "raise RLIMIT_MEMLOCK"));
}

TEST(MapCreate, KeepsTheErrorWhereRaisingMemlockDidNotHelp) {
  FakeKernel kernel;
  kernel.release = std::string("5.10.0");
  kernel.Always(Command::kMapCreate, Errno{EPERM});
  EXPECT_THAT(Map::Create(kernel, Hash()), Fails(Code::kPermission, "needs CAP_BPF"));
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 2u);
}

TEST(MapCreate, LeavesMemlockAloneWhereItIsNotTheReason) {
  struct Case {
    const char* name;
    SysResult<std::string> release;
    ResourceLimit limit;
    int error;
  };
  const Case cases[] = {
      {"charged to the cgroup", std::string("5.11.0"), {65536, 65536}, EPERM},
      {"a new kernel", std::string("6.1.0"), {65536, 65536}, EPERM},
      {"a release without a number", std::string("mine"), {65536, 65536}, EPERM},
      {"no release", std::unexpected(Errno{EFAULT}), {65536, 65536}, EPERM},
      {"no limit", std::string("5.10.0"), {kInfinity, kInfinity}, EPERM},
      {"another error", std::string("5.10.0"), {65536, 65536}, EINVAL},
      {"no memory", std::string("5.10.0"), {65536, 65536}, ENOMEM},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    FakeKernel kernel;
    kernel.release = row.release;
    kernel.limit = row.limit;
    kernel.Always(Command::kMapCreate, Errno{row.error});
    const auto map = Map::Create(kernel, Hash());
    ASSERT_FALSE(map.has_value());
    EXPECT_EQ(map.error().sys_errno, row.error);
    EXPECT_EQ(kernel.Count(Command::kMapCreate), 1u);
    EXPECT_THAT(kernel.set_limits(), IsEmpty());
    EXPECT_EQ(map.error().hint.find("MEMLOCK"), std::string::npos);
  }
}

}  // namespace
}  // namespace purebpf
