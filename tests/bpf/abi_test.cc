// Holds our numbers and layouts against the running kernel's own description of itself.
#include "purebpf/bpf/abi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/elf/btf.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- What is compared -------------------------------------------------------------------------

using Enumerators = std::multimap<std::string, uint64_t>;

struct Field {
  std::string name;
  size_t offset;
  size_t size;
};

// --- The checkers: pure, so that they are themselves tested below ------------------------------

bool IsLimit(std::string_view name) { return name.starts_with("__MAX"); }

// What is wrong with `rows`. A row that the kernel lacks is right where it may be newer than the
// kernel, and nothing else has its value. (A row that is there before its time is a distribution's
// backport.)
std::vector<std::string> WrongRows(std::span<const EnumRow> rows, const Enumerators& kernel,
                                   KernelVersion running) {
  std::vector<std::string> wrong;
  for (const EnumRow& row : rows) {
    const auto found = kernel.find(std::string(row.name));
    if (found != kernel.end()) {
      if (found->second != row.value)
        wrong.push_back(std::string(row.name) + " is " + std::to_string(found->second) + ", not " +
                        std::to_string(row.value));
      continue;
    }
    if (row.since != KernelVersion() && row.since <= running)
      wrong.push_back(std::string(row.name) + " is not in this kernel, which should have it");
    for (const auto& [name, value] : kernel)
      if (value == row.value && !IsLimit(name))
        wrong.push_back(std::string(row.name) + " has the value of " + name);
  }
  return wrong;
}

std::vector<std::string> UnknownToUs(std::span<const EnumRow> rows, const Enumerators& kernel) {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : kernel) {
    bool known = IsLimit(name);
    for (const EnumRow& row : rows) known |= row.name == name;
    if (!known) unknown.push_back(name + " = " + std::to_string(value));
  }
  return unknown;
}

// What is wrong with `ours`. A field that the kernel lacks is right beyond the end of what it has.
std::vector<std::string> WrongFields(std::span<const Field> ours, std::span<const Field> kernel) {
  std::vector<std::string> wrong;
  size_t kernel_end = 0;
  for (const Field& field : kernel) kernel_end = std::max(kernel_end, field.offset + field.size);
  for (const Field& field : ours) {
    const auto found = std::find_if(kernel.begin(), kernel.end(),
                                    [&](const Field& other) { return other.name == field.name; });
    if (found == kernel.end()) {
      if (field.offset < kernel_end) wrong.push_back(field.name + " is not in this kernel");
    } else if (found->offset != field.offset || found->size != field.size) {
      wrong.push_back(field.name + " is at " + std::to_string(found->offset) + " with " +
                      std::to_string(found->size) + " bytes, not at " +
                      std::to_string(field.offset) + " with " + std::to_string(field.size));
    }
  }
  return wrong;
}

// --- The kernel's side ------------------------------------------------------------------------

class KernelBtf : public ::testing::Test {
 protected:
  static constexpr const char* kPath = "/sys/kernel/btf/vmlinux";

  static void SetUpTestSuite() {
    HostKernel kernel;
    running = ParseRelease(kernel.Release().value_or(""));
    auto bytes = kernel.ReadFile(kPath, size_t{256} << 20);
    if (!bytes) return;
    raw = std::move(*bytes);
    auto parsed = elf::Btf::Parse(raw);
    if (parsed)
      vmlinux = std::move(*parsed);
    else
      parse_error = parsed.error().message;
  }
  static void TearDownTestSuite() {
    vmlinux.reset();
    raw.clear();
  }
  void SetUp() override {
    if (raw.empty()) GTEST_SKIP() << kPath << " cannot be read: CONFIG_DEBUG_INFO_BTF is off";
    ASSERT_TRUE(vmlinux.has_value()) << parse_error;
  }

  static Enumerators EnumeratorsOf(const elf::BtfType& type) {
    Enumerators found;
    for (const elf::BtfEnumerator& each : vmlinux->Enumerators(type))
      found.emplace(each.name, each.value);
    return found;
  }
  // The enum of that name; nothing where there is none.
  static Enumerators EnumNamed(std::string_view name) {
    const auto type = vmlinux->Find(elf::BtfKind::kEnum, name);
    return type ? EnumeratorsOf(*type) : Enumerators();
  }
  // The enum, with or without a name, that has this enumerator; flags have none.
  static Enumerators EnumWith(std::string_view enumerator) {
    for (uint32_t id = 1; id < vmlinux->type_count(); ++id) {
      const elf::BtfType type = vmlinux->Type(elf::TypeId{id});
      if (type.kind != elf::BtfKind::kEnum && type.kind != elf::BtfKind::kEnum64) continue;
      Enumerators found = EnumeratorsOf(type);
      if (found.contains(std::string(enumerator))) return found;
    }
    return {};
  }

  // The fields of a struct or union, those of anonymous members within among them.
  static std::vector<Field> FieldsOf(const elf::BtfType& type, size_t base = 0) {
    std::vector<Field> fields;
    for (const elf::BtfMember& member : vmlinux->Members(type)) {
      const size_t offset = base + member.bit_offset / 8;
      const auto resolved = vmlinux->Resolve(member.type);
      const auto size = vmlinux->SizeOf(member.type);
      if (!resolved || !size) continue;
      if (member.name.empty()) {
        for (Field& inner : FieldsOf(*resolved, offset)) fields.push_back(std::move(inner));
      } else {
        fields.push_back({std::string(member.name), offset, static_cast<size_t>(*size)});
      }
    }
    return fields;
  }
  static std::vector<Field> FieldsOfStruct(std::string_view name) {
    const auto type = vmlinux->Find(elf::BtfKind::kStruct, name);
    return type ? FieldsOf(*type) : std::vector<Field>();
  }
  // The member of union bpf_attr, with or without a name, that starts with all of `first`.
  static std::vector<Field> AttrWith(std::initializer_list<std::string_view> first) {
    const auto attr = vmlinux->Find(elf::BtfKind::kUnion, "bpf_attr");
    if (!attr) return {};
    for (const elf::BtfMember& member : vmlinux->Members(*attr)) {
      const auto type = vmlinux->Resolve(member.type);
      if (!type || type->kind != elf::BtfKind::kStruct) continue;
      std::vector<Field> fields = FieldsOf(*type);
      bool all = true;
      for (const std::string_view name : first)
        all &= std::ranges::any_of(fields, [&](const Field& field) { return field.name == name; });
      if (all) return fields;
    }
    return {};
  }

  static std::vector<std::byte> raw;
  static std::optional<elf::Btf> vmlinux;
  static std::string parse_error;
  static KernelVersion running;
};

std::vector<std::byte> KernelBtf::raw;
std::optional<elf::Btf> KernelBtf::vmlinux;
std::string KernelBtf::parse_error;
KernelVersion KernelBtf::running;

TEST_F(KernelBtf, HasOurEnumeratorsByNameAndValue) {
  struct Case {
    std::string_view name;
    std::span<const EnumRow> rows;
  };
  const Case cases[] = {
      {"bpf_cmd", CommandRows()},        {"bpf_map_type", MapTypeRows()},
      {"bpf_prog_type", ProgTypeRows()}, {"bpf_attach_type", AttachTypeRows()},
      {"bpf_link_type", LinkTypeRows()},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const Enumerators kernel = EnumNamed(row.name);
    ASSERT_FALSE(kernel.empty());
    EXPECT_THAT(WrongRows(row.rows, kernel, running), IsEmpty());
    for (const std::string& unknown : UnknownToUs(row.rows, kernel))
      std::cout << "note: this kernel's " << row.name << " also has " << unknown << "\n";
  }
}

TEST_F(KernelBtf, HasOurMapFlags) {
  const Enumerators kernel = EnumWith("BPF_F_NO_PREALLOC");
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongRows(MapFlagRows(), kernel, running), IsEmpty());
  for (const std::string& unknown : UnknownToUs(MapFlagRows(), kernel))
    std::cout << "note: this kernel's map flags also have " << unknown << "\n";
}

// One row of a field of ours.
#define FIELD(type, field) \
  Field { #field, offsetof(type, field), sizeof(type::field) }

TEST_F(KernelBtf, LaysOutMapCreateAsWeDo) {
  const Field ours[] = {
      FIELD(MapCreateAttr, map_type),
      FIELD(MapCreateAttr, key_size),
      FIELD(MapCreateAttr, value_size),
      FIELD(MapCreateAttr, max_entries),
      FIELD(MapCreateAttr, map_flags),
      FIELD(MapCreateAttr, inner_map_fd),
      FIELD(MapCreateAttr, numa_node),
      FIELD(MapCreateAttr, map_name),
      FIELD(MapCreateAttr, map_ifindex),
      FIELD(MapCreateAttr, btf_fd),
      FIELD(MapCreateAttr, btf_key_type_id),
      FIELD(MapCreateAttr, btf_value_type_id),
      FIELD(MapCreateAttr, btf_vmlinux_value_type_id),
      FIELD(MapCreateAttr, map_extra),
      FIELD(MapCreateAttr, value_type_btf_obj_fd),
      FIELD(MapCreateAttr, map_token_fd),
  };
  const std::vector<Field> kernel = AttrWith({"map_type", "key_size"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutMapElementsAsWeDo) {
  const Field ours[] = {
      FIELD(MapElemAttr, map_fd), FIELD(MapElemAttr, key),
      FIELD(MapElemAttr, value),  {"next_key", offsetof(MapElemAttr, value), 8},
      FIELD(MapElemAttr, flags),
  };
  const std::vector<Field> kernel = AttrWith({"map_fd", "key"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutProgLoadAsWeDo) {
  const Field ours[] = {
      FIELD(ProgLoadAttr, prog_type),
      FIELD(ProgLoadAttr, insn_cnt),
      FIELD(ProgLoadAttr, insns),
      FIELD(ProgLoadAttr, license),
      FIELD(ProgLoadAttr, log_level),
      FIELD(ProgLoadAttr, log_size),
      FIELD(ProgLoadAttr, log_buf),
      FIELD(ProgLoadAttr, kern_version),
      FIELD(ProgLoadAttr, prog_flags),
      FIELD(ProgLoadAttr, prog_name),
      FIELD(ProgLoadAttr, prog_ifindex),
      FIELD(ProgLoadAttr, expected_attach_type),
      FIELD(ProgLoadAttr, prog_btf_fd),
      FIELD(ProgLoadAttr, func_info_rec_size),
      FIELD(ProgLoadAttr, func_info),
      FIELD(ProgLoadAttr, func_info_cnt),
      FIELD(ProgLoadAttr, line_info_rec_size),
      FIELD(ProgLoadAttr, line_info),
      FIELD(ProgLoadAttr, line_info_cnt),
      FIELD(ProgLoadAttr, attach_btf_id),
      FIELD(ProgLoadAttr, attach_prog_fd),
      FIELD(ProgLoadAttr, core_relo_cnt),
      FIELD(ProgLoadAttr, fd_array),
      FIELD(ProgLoadAttr, core_relos),
      FIELD(ProgLoadAttr, core_relo_rec_size),
      FIELD(ProgLoadAttr, log_true_size),
      FIELD(ProgLoadAttr, prog_token_fd),
      FIELD(ProgLoadAttr, fd_array_cnt),
  };
  const std::vector<Field> kernel = AttrWith({"prog_type", "insns"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutIdsAndInfoAsWeDo) {
  const Field by_id[] = {
      {"prog_id", offsetof(GetFdByIdAttr, id), 4},
      {"map_id", offsetof(GetFdByIdAttr, id), 4},
      FIELD(GetFdByIdAttr, next_id),
      FIELD(GetFdByIdAttr, open_flags),
  };
  const std::vector<Field> kernel_by_id = AttrWith({"prog_id", "next_id"});
  ASSERT_FALSE(kernel_by_id.empty());
  EXPECT_THAT(WrongFields(by_id, kernel_by_id), IsEmpty());

  const Field info[] = {
      FIELD(GetInfoByFdAttr, bpf_fd),
      FIELD(GetInfoByFdAttr, info_len),
      FIELD(GetInfoByFdAttr, info),
  };
  const std::vector<Field> kernel_info = AttrWith({"bpf_fd", "info_len"});
  ASSERT_FALSE(kernel_info.empty());
  EXPECT_THAT(WrongFields(info, kernel_info), IsEmpty());
}

TEST_F(KernelBtf, LaysOutProgramInfoAsWeDo) {
  const Field ours[] = {
      FIELD(BpfProgInfo, type),
      FIELD(BpfProgInfo, id),
      FIELD(BpfProgInfo, tag),
      FIELD(BpfProgInfo, jited_prog_len),
      FIELD(BpfProgInfo, xlated_prog_len),
      FIELD(BpfProgInfo, jited_prog_insns),
      FIELD(BpfProgInfo, xlated_prog_insns),
      FIELD(BpfProgInfo, load_time),
      FIELD(BpfProgInfo, created_by_uid),
      FIELD(BpfProgInfo, nr_map_ids),
      FIELD(BpfProgInfo, map_ids),
      FIELD(BpfProgInfo, name),
  };
  const std::vector<Field> kernel = FieldsOfStruct("bpf_prog_info");
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutMapInfoAsWeDo) {
  const Field ours[] = {
      FIELD(BpfMapInfo, type),       FIELD(BpfMapInfo, id),          FIELD(BpfMapInfo, key_size),
      FIELD(BpfMapInfo, value_size), FIELD(BpfMapInfo, max_entries), FIELD(BpfMapInfo, map_flags),
      FIELD(BpfMapInfo, name),
  };
  const std::vector<Field> kernel = FieldsOfStruct("bpf_map_info");
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutInstructionsAsWeDo) {
  const Field ours[] = {FIELD(Insn, code), FIELD(Insn, off), FIELD(Insn, imm)};
  const std::vector<Field> kernel = FieldsOfStruct("bpf_insn");
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

#undef FIELD

// --- The checkers notice what is wrong --------------------------------------------------------

constexpr KernelVersion kRunning = {5, 10};

const Enumerators& SomeKernel() {
  static const Enumerators kernel = {{"A", 0}, {"B", 1}, {"C", 2}, {"__MAX_X", 3}};
  return kernel;
}

TEST(WrongRows, AreNoneWhereAllIsRight) {
  const EnumRow rows[] = {{0, "A", {3, 19}}, {1, "B", {}}, {2, "C", {5, 10}}, {3, "D", {6, 1}}};
  EXPECT_THAT(WrongRows(rows, SomeKernel(), kRunning), IsEmpty());
}

TEST(WrongRows, TellAWrongValueNameOrVersion) {
  const EnumRow value[] = {{2, "B", {}}};
  EXPECT_THAT(WrongRows(value, SomeKernel(), kRunning), ElementsAre("B is 1, not 2"));
  const EnumRow name[] = {{1, "Bee", {}}};
  EXPECT_THAT(WrongRows(name, SomeKernel(), kRunning), ElementsAre("Bee has the value of B"));
  const EnumRow missing[] = {{3, "D", {5, 9}}};
  EXPECT_THAT(WrongRows(missing, SomeKernel(), kRunning),
              ElementsAre("D is not in this kernel, which should have it"));
}

TEST(WrongRows, TellOneWrongNumberAmongOurOwn) {
  // Our table against itself, as a kernel would have it; then with one number changed.
  Enumerators kernel;
  for (const EnumRow& row : MapTypeRows()) kernel.emplace(row.name, row.value);
  EXPECT_THAT(WrongRows(MapTypeRows(), kernel, {9, 0}), IsEmpty());
  std::vector<EnumRow> rows(MapTypeRows().begin(), MapTypeRows().end());
  rows[14].value = 15;
  EXPECT_THAT(WrongRows(rows, kernel, {9, 0}), ElementsAre("BPF_MAP_TYPE_DEVMAP is 14, not 15"));
}

TEST(UnknownToUs, IsWhatTheKernelHasMore) {
  const EnumRow rows[] = {{0, "A", {}}, {1, "B", {}}};
  EXPECT_THAT(UnknownToUs(rows, SomeKernel()), ElementsAre("C = 2"));
}

TEST(WrongFields, AreNoneWhereAllIsRight) {
  const Field kernel[] = {{"a", 0, 4}, {"b", 4, 4}, {"c", 8, 8}};
  const Field ours[] = {{"a", 0, 4}, {"c", 8, 8}, {"newer", 16, 4}};
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST(WrongFields, TellAWrongOffsetSizeOrName) {
  const Field kernel[] = {{"a", 0, 4}, {"b", 4, 4}, {"c", 8, 8}};
  const Field offset[] = {{"c", 4, 8}};
  EXPECT_THAT(WrongFields(offset, kernel), ElementsAre("c is at 8 with 8 bytes, not at 4 with 8"));
  const Field size[] = {{"b", 4, 8}};
  EXPECT_THAT(WrongFields(size, kernel), ElementsAre("b is at 4 with 4 bytes, not at 4 with 8"));
  const Field name[] = {{"bee", 4, 4}};
  EXPECT_THAT(WrongFields(name, kernel), ElementsAre("bee is not in this kernel"));
}

// --- The tables without a kernel --------------------------------------------------------------

TEST(EnumRows, AreDenseAndNamed) {
  for (const auto rows :
       {CommandRows(), MapTypeRows(), ProgTypeRows(), AttachTypeRows(), LinkTypeRows()}) {
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].value, i);
      EXPECT_THAT(std::string(rows[i].name), HasSubstr("BPF_"));
    }
  }
  for (size_t i = 0; i < MapFlagRows().size(); ++i) EXPECT_EQ(MapFlagRows()[i].value, 1U << i);
}

TEST(KernelSpelling, IsTheKernelsOrEmpty) {
  EXPECT_EQ(KernelSpelling(Command::kProgLoad), "BPF_PROG_LOAD");
  EXPECT_EQ(KernelSpelling(MapType::kDevmapHash), "BPF_MAP_TYPE_DEVMAP_HASH");
  EXPECT_EQ(KernelSpelling(ProgType::kXdp), "BPF_PROG_TYPE_XDP");
  EXPECT_EQ(KernelSpelling(AttachType::kXdp), "BPF_XDP");
  EXPECT_EQ(KernelSpelling(LinkType::kXdp), "BPF_LINK_TYPE_XDP");
  EXPECT_EQ(KernelSpelling(MapType{4000}), "");
  EXPECT_EQ(KernelSpelling(ProgType{UINT32_MAX}), "");
}

TEST(Since, IsTheFirstKernelThatHasTheType) {
  EXPECT_EQ(Since(MapType::kHash), (KernelVersion{3, 19}));
  EXPECT_EQ(Since(MapType::kBloomFilter), (KernelVersion{5, 16}));
  EXPECT_EQ(Since(ProgType::kXdp), (KernelVersion{4, 8}));
  EXPECT_EQ(Since(ProgType::kNetfilter), (KernelVersion{6, 4}));
  EXPECT_EQ(Since(MapType{4000}), KernelVersion());
}

TEST(ParseRelease, TakesTheFirstTwoNumbers) {
  struct Case {
    std::string_view release;
    KernelVersion version;
  };
  const Case cases[] = {
      {"6.12.0-rc1", {6, 12}}, {"5.10", {5, 10}},   {"4.9.337-perf+", {4, 9}},
      {"6.1-rc3", {6, 1}},     {"", {0, 0}},        {"6", {0, 0}},
      {"6.", {0, 0}},          {"six.one", {0, 0}}, {".1.2", {0, 0}},
      {"-6.1", {0, 0}},        {" 6.1", {0, 0}},    {"6.x", {0, 0}},
      {"99999.1", {0, 0}},     {"6.99999", {0, 0}}, {"2.6.32", {2, 6}},
  };
  for (const Case& row : cases) EXPECT_EQ(ParseRelease(row.release), row.version) << row.release;
}

}  // namespace
}  // namespace purebpf
