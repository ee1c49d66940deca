// Holds our numbers and layouts against the running kernel's own description of itself.
#include "purebpf/bpf/abi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
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
#include "purebpf/bpf/attr_link.h"
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

  // The fields of a member of union bpf_attr, or of a member of that: {"link_create", "tracing"}.
  // Offsets count from the union's start.
  static std::vector<Field> AttrMember(std::initializer_list<std::string_view> path) {
    const auto attr = vmlinux->Find(elf::BtfKind::kUnion, "bpf_attr");
    return attr ? MemberOf(*attr, 0, {path.begin(), path.end()}) : std::vector<Field>();
  }
  // And of struct bpf_link_info.
  static std::vector<Field> LinkInfoMember(std::initializer_list<std::string_view> path) {
    const auto info = vmlinux->Find(elf::BtfKind::kStruct, "bpf_link_info");
    return info ? MemberOf(*info, 0, {path.begin(), path.end()}) : std::vector<Field>();
  }
  static std::vector<Field> MemberOf(const elf::BtfType& type, size_t base,
                                     std::span<const std::string_view> path) {
    if (path.empty()) return FieldsOf(type, base);
    for (const elf::BtfMember& member : vmlinux->Members(type)) {
      const auto inner = vmlinux->Resolve(member.type);
      const size_t offset = base + member.bit_offset / 8;
      if (!inner || (member.name != path.front() && !member.name.empty())) continue;
      if (inner->kind != elf::BtfKind::kStruct && inner->kind != elf::BtfKind::kUnion) continue;
      auto found = MemberOf(*inner, offset, member.name.empty() ? path : path.subspan(1));
      if (!found.empty()) return found;
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

TEST_F(KernelBtf, HasOurPerfEventTypes) {
  const Enumerators kernel = EnumNamed("bpf_perf_event_type");
  if (kernel.empty()) GTEST_SKIP() << "this kernel has no enum bpf_perf_event_type";
  EXPECT_THAT(WrongRows(PerfEventTypeRows(), kernel, running), IsEmpty());
}

TEST_F(KernelBtf, HasOurElementFlags) {
  const Enumerators kernel = EnumWith("BPF_NOEXIST");
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongRows(ElemFlagRows(), kernel, running), IsEmpty());
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
      FIELD(MapCreateAttr, excl_prog_hash),
      FIELD(MapCreateAttr, excl_prog_hash_size),
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
      FIELD(ProgLoadAttr, signature),
      FIELD(ProgLoadAttr, signature_size),
      FIELD(ProgLoadAttr, keyring_id),
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
      FIELD(GetFdByIdAttr, fd_by_id_token_fd),
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

TEST_F(KernelBtf, LaysOutBatchesAsWeDo) {
  const Field ours[] = {
      FIELD(MapBatchAttr, in_batch),   FIELD(MapBatchAttr, out_batch), FIELD(MapBatchAttr, keys),
      FIELD(MapBatchAttr, values),     FIELD(MapBatchAttr, count),     FIELD(MapBatchAttr, map_fd),
      FIELD(MapBatchAttr, elem_flags), FIELD(MapBatchAttr, flags),
  };
  const std::vector<Field> kernel = AttrMember({"batch"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutBtfLoadAsWeDo) {
  const Field ours[] = {
      FIELD(BtfLoadAttr, btf),           FIELD(BtfLoadAttr, btf_log_buf),
      FIELD(BtfLoadAttr, btf_size),      FIELD(BtfLoadAttr, btf_log_size),
      FIELD(BtfLoadAttr, btf_log_level), FIELD(BtfLoadAttr, btf_log_true_size),
      FIELD(BtfLoadAttr, btf_flags),     FIELD(BtfLoadAttr, btf_token_fd),
  };
  const std::vector<Field> kernel = AttrWith({"btf", "btf_log_buf"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutPinsAsWeDo) {
  const Field ours[] = {
      FIELD(ObjAttr, pathname),
      FIELD(ObjAttr, bpf_fd),
      FIELD(ObjAttr, file_flags),
      FIELD(ObjAttr, path_fd),
  };
  const std::vector<Field> kernel = AttrWith({"pathname", "bpf_fd"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutTestRunAsWeDo) {
  const Field ours[] = {
      FIELD(TestRunAttr, prog_fd),      FIELD(TestRunAttr, retval),
      FIELD(TestRunAttr, data_size_in), FIELD(TestRunAttr, data_size_out),
      FIELD(TestRunAttr, data_in),      FIELD(TestRunAttr, data_out),
      FIELD(TestRunAttr, repeat),       FIELD(TestRunAttr, duration),
      FIELD(TestRunAttr, ctx_size_in),  FIELD(TestRunAttr, ctx_size_out),
      FIELD(TestRunAttr, ctx_in),       FIELD(TestRunAttr, ctx_out),
      FIELD(TestRunAttr, flags),        FIELD(TestRunAttr, cpu),
      FIELD(TestRunAttr, batch_size),
  };
  const std::vector<Field> kernel = AttrMember({"test"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutProgBindMapAsWeDo) {
  const Field ours[] = {
      FIELD(ProgBindMapAttr, prog_fd),
      FIELD(ProgBindMapAttr, map_fd),
      FIELD(ProgBindMapAttr, flags),
  };
  const std::vector<Field> kernel = AttrMember({"prog_bind_map"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutTaskFdQueryAsWeDo) {
  const Field ours[] = {
      FIELD(TaskFdQueryAttr, pid),        FIELD(TaskFdQueryAttr, fd),
      FIELD(TaskFdQueryAttr, flags),      FIELD(TaskFdQueryAttr, buf_len),
      FIELD(TaskFdQueryAttr, buf),        FIELD(TaskFdQueryAttr, prog_id),
      FIELD(TaskFdQueryAttr, fd_type),    FIELD(TaskFdQueryAttr, probe_offset),
      FIELD(TaskFdQueryAttr, probe_addr),
  };
  const std::vector<Field> kernel = AttrMember({"task_fd_query"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutProgAttachAsWeDo) {
  const Field ours[] = {
      FIELD(ProgAttachAttr, target_fd),
      {"target_ifindex", offsetof(ProgAttachAttr, target_fd), sizeof(ProgAttachAttr::target_fd)},
      FIELD(ProgAttachAttr, attach_bpf_fd),
      FIELD(ProgAttachAttr, attach_type),
      FIELD(ProgAttachAttr, attach_flags),
      FIELD(ProgAttachAttr, replace_bpf_fd),
      FIELD(ProgAttachAttr, relative_fd),
      {"relative_id", offsetof(ProgAttachAttr, relative_fd), sizeof(ProgAttachAttr::relative_fd)},
      FIELD(ProgAttachAttr, expected_revision),
  };
  const std::vector<Field> kernel = AttrWith({"attach_bpf_fd"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutProgQueryAsWeDo) {
  const Field ours[] = {
      FIELD(ProgQueryAttr, target_fd),
      {"target_ifindex", offsetof(ProgQueryAttr, target_fd), sizeof(ProgQueryAttr::target_fd)},
      FIELD(ProgQueryAttr, attach_type),
      FIELD(ProgQueryAttr, query_flags),
      FIELD(ProgQueryAttr, attach_flags),
      FIELD(ProgQueryAttr, prog_ids),
      {"prog_cnt", offsetof(ProgQueryAttr, count), sizeof(ProgQueryAttr::count)},
      FIELD(ProgQueryAttr, prog_attach_flags),
      FIELD(ProgQueryAttr, link_ids),
      FIELD(ProgQueryAttr, link_attach_flags),
      FIELD(ProgQueryAttr, revision),
  };
  const std::vector<Field> kernel = AttrMember({"query"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutRawTracepointOpenAsWeDo) {
  const Field ours[] = {
      FIELD(RawTracepointOpenAttr, name),
      FIELD(RawTracepointOpenAttr, prog_fd),
      FIELD(RawTracepointOpenAttr, cookie),
  };
  const std::vector<Field> kernel = AttrMember({"raw_tracepoint"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutLinkCreateAsWeDo) {
  const Field ours[] = {
      FIELD(LinkCreateHead, prog_fd),
      FIELD(LinkCreateHead, target_fd),
      {"target_ifindex", offsetof(LinkCreateHead, target_fd), sizeof(LinkCreateHead::target_fd)},
      FIELD(LinkCreateHead, attach_type),
      FIELD(LinkCreateHead, flags),
  };
  const std::vector<Field> kernel = AttrMember({"link_create"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutLinkUpdateAsWeDo) {
  const Field ours[] = {
      FIELD(LinkUpdateAttr, link_fd),
      FIELD(LinkUpdateAttr, new_prog_fd),
      {"new_map_fd", offsetof(LinkUpdateAttr, new_prog_fd), sizeof(LinkUpdateAttr::new_prog_fd)},
      FIELD(LinkUpdateAttr, flags),
      FIELD(LinkUpdateAttr, old_prog_fd),
      {"old_map_fd", offsetof(LinkUpdateAttr, old_prog_fd), sizeof(LinkUpdateAttr::old_prog_fd)},
  };
  const std::vector<Field> kernel = AttrMember({"link_update"});
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

// Members that a kernel of this version may lack are passed over; the others must be there.
TEST_F(KernelBtf, LaysOutEveryKindOfLinkAsWeDo) {
  struct Case {
    std::string_view member;
    KernelVersion since;
    std::vector<Field> ours;
  };
  const Case cases[] = {
      {"perf_event", {5, 15}, {FIELD(LinkCreatePerfEventAttr, bpf_cookie)}},
      {"kprobe_multi",
       {5, 18},
       {FIELD(LinkCreateKprobeMultiAttr, flags), FIELD(LinkCreateKprobeMultiAttr, cnt),
        FIELD(LinkCreateKprobeMultiAttr, syms), FIELD(LinkCreateKprobeMultiAttr, addrs),
        FIELD(LinkCreateKprobeMultiAttr, cookies)}},
      {"tracing",
       {5, 19},
       {FIELD(LinkCreateTracingAttr, target_btf_id), FIELD(LinkCreateTracingAttr, cookie)}},
      {"netfilter",
       {6, 4},
       {FIELD(LinkCreateNetfilterAttr, pf), FIELD(LinkCreateNetfilterAttr, hooknum),
        FIELD(LinkCreateNetfilterAttr, priority), FIELD(LinkCreateNetfilterAttr, flags)}},
      {"tcx",
       {6, 6},
       {FIELD(LinkCreateAnchorAttr, relative_fd),
        {"relative_id", offsetof(LinkCreateAnchorAttr, relative_fd),
         sizeof(LinkCreateAnchorAttr::relative_fd)},
        FIELD(LinkCreateAnchorAttr, expected_revision)}},
      {"uprobe_multi",
       {6, 6},
       {FIELD(LinkCreateUprobeMultiAttr, path), FIELD(LinkCreateUprobeMultiAttr, offsets),
        FIELD(LinkCreateUprobeMultiAttr, ref_ctr_offsets),
        FIELD(LinkCreateUprobeMultiAttr, cookies), FIELD(LinkCreateUprobeMultiAttr, cnt),
        FIELD(LinkCreateUprobeMultiAttr, flags), FIELD(LinkCreateUprobeMultiAttr, pid),
        FIELD(LinkCreateUprobeMultiAttr, path_fd)}},
      {"netkit",
       {6, 7},
       {FIELD(LinkCreateAnchorAttr, relative_fd), FIELD(LinkCreateAnchorAttr, expected_revision)}},
      {"cgroup",
       {6, 16},
       {FIELD(LinkCreateAnchorAttr, relative_fd), FIELD(LinkCreateAnchorAttr, expected_revision)}},
      {"tracing_multi",
       {7, 2},
       {FIELD(LinkCreateTracingMultiAttr, ids), FIELD(LinkCreateTracingMultiAttr, cookies),
        FIELD(LinkCreateTracingMultiAttr, cnt)}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.member);
    const std::vector<Field> kernel = AttrMember({"link_create", row.member});
    if (kernel.empty()) {
      EXPECT_LT(running, row.since);
      continue;
    }
    EXPECT_THAT(WrongFields(row.ours, kernel), IsEmpty());
  }
  // The iterator's are members of link_create itself.
  const Field iter[] = {FIELD(LinkCreateIterAttr, iter_info),
                        FIELD(LinkCreateIterAttr, iter_info_len)};
  EXPECT_THAT(WrongFields(iter, AttrMember({"link_create"})), IsEmpty());
}

TEST_F(KernelBtf, LaysOutSmallCommandsAsWeDo) {
  struct Case {
    std::string_view member;
    KernelVersion since;
    std::vector<Field> ours;
  };
  const Case cases[] = {
      {"link_detach", {5, 9}, {FIELD(LinkDetachAttr, link_fd)}},
      {"enable_stats", {5, 8}, {FIELD(EnableStatsAttr, type)}},
      {"iter_create", {5, 8}, {FIELD(IterCreateAttr, link_fd), FIELD(IterCreateAttr, flags)}},
      {"token_create", {6, 9}, {FIELD(TokenCreateAttr, flags), FIELD(TokenCreateAttr, bpffs_fd)}},
      {"prog_stream_read",
       {6, 17},
       {FIELD(ProgStreamReadAttr, stream_buf), FIELD(ProgStreamReadAttr, stream_buf_len),
        FIELD(ProgStreamReadAttr, stream_id), FIELD(ProgStreamReadAttr, prog_fd)}},
      {"prog_assoc_struct_ops",
       {7, 0},
       {FIELD(ProgAssocStructOpsAttr, map_fd), FIELD(ProgAssocStructOpsAttr, prog_fd),
        FIELD(ProgAssocStructOpsAttr, flags)}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.member);
    const std::vector<Field> kernel = AttrMember({row.member});
    if (kernel.empty()) {
      EXPECT_LT(running, row.since);
      continue;
    }
    EXPECT_THAT(WrongFields(row.ours, kernel), IsEmpty());
  }
}

// Where a link's own part starts in struct bpf_link_info.
constexpr size_t kRest = offsetof(BpfLinkInfo, rest);
#define REST(type, field) \
  Field { #field, kRest + offsetof(type, field), sizeof(type::field) }

TEST_F(KernelBtf, LaysOutLinkInfoAsWeDo) {
  const Field head[] = {FIELD(BpfLinkInfo, type), FIELD(BpfLinkInfo, id),
                        FIELD(BpfLinkInfo, prog_id)};
  EXPECT_THAT(WrongFields(head, FieldsOfStruct("bpf_link_info")), IsEmpty());
  struct Case {
    std::initializer_list<std::string_view> path;
    KernelVersion since;
    std::vector<Field> ours;
  };
  const Case cases[] = {
      {{"raw_tracepoint"},
       {5, 8},
       {REST(BpfRawTracepointLinkInfo, tp_name), REST(BpfRawTracepointLinkInfo, tp_name_len),
        REST(BpfRawTracepointLinkInfo, cookie)}},
      {{"tracing"},
       {5, 8},
       {REST(BpfTracingLinkInfo, attach_type), REST(BpfTracingLinkInfo, target_obj_id),
        REST(BpfTracingLinkInfo, target_btf_id), REST(BpfTracingLinkInfo, cookie)}},
      {{"cgroup"},
       {5, 8},
       {REST(BpfCgroupLinkInfo, cgroup_id), REST(BpfCgroupLinkInfo, attach_type)}},
      {{"iter"},
       {5, 9},
       {REST(BpfIterLinkInfo, target_name), REST(BpfIterLinkInfo, target_name_len)}},
      {{"iter", "map"}, {5, 9}, {REST(BpfIterLinkInfo, map_id)}},
      {{"iter", "cgroup"},
       {6, 1},
       {REST(BpfIterLinkInfo, cgroup_id), REST(BpfIterLinkInfo, order)}},
      {{"netns"}, {5, 8}, {REST(BpfNetnsLinkInfo, netns_ino), REST(BpfNetnsLinkInfo, attach_type)}},
      {{"xdp"}, {5, 9}, {REST(BpfDeviceLinkInfo, ifindex)}},
      {{"tcx"}, {6, 6}, {REST(BpfDeviceLinkInfo, ifindex), REST(BpfDeviceLinkInfo, attach_type)}},
      {{"netkit"},
       {6, 7},
       {REST(BpfDeviceLinkInfo, ifindex), REST(BpfDeviceLinkInfo, attach_type)}},
      {{"struct_ops"}, {5, 15}, {REST(BpfMapLinkInfo, map_id)}},
      {{"sockmap"}, {6, 10}, {REST(BpfMapLinkInfo, map_id), REST(BpfMapLinkInfo, attach_type)}},
      {{"netfilter"},
       {6, 4},
       {REST(BpfNetfilterLinkInfo, pf), REST(BpfNetfilterLinkInfo, hooknum),
        REST(BpfNetfilterLinkInfo, priority), REST(BpfNetfilterLinkInfo, flags)}},
      {{"kprobe_multi"},
       {6, 6},
       {REST(BpfKprobeMultiLinkInfo, addrs), REST(BpfKprobeMultiLinkInfo, count),
        REST(BpfKprobeMultiLinkInfo, flags), REST(BpfKprobeMultiLinkInfo, missed),
        REST(BpfKprobeMultiLinkInfo, cookies)}},
      {{"uprobe_multi"},
       {6, 8},
       {REST(BpfUprobeMultiLinkInfo, path), REST(BpfUprobeMultiLinkInfo, offsets),
        REST(BpfUprobeMultiLinkInfo, ref_ctr_offsets), REST(BpfUprobeMultiLinkInfo, cookies),
        REST(BpfUprobeMultiLinkInfo, path_size), REST(BpfUprobeMultiLinkInfo, count),
        REST(BpfUprobeMultiLinkInfo, flags), REST(BpfUprobeMultiLinkInfo, pid)}},
      {{"perf_event"}, {6, 6}, {REST(BpfPerfEventLinkInfo, type)}},
      {{"perf_event", "uprobe"},
       {6, 6},
       {{"file_name", kRest + offsetof(BpfPerfEventLinkInfo, name),
         sizeof(BpfPerfEventLinkInfo::name)},
        REST(BpfPerfEventLinkInfo, name_len),
        REST(BpfPerfEventLinkInfo, offset),
        {"cookie", kRest + offsetof(BpfPerfEventLinkInfo, addr_or_cookie),
         sizeof(BpfPerfEventLinkInfo::addr_or_cookie)},
        {"ref_ctr_offset", kRest + offsetof(BpfPerfEventLinkInfo, missed),
         sizeof(BpfPerfEventLinkInfo::missed)}}},
      {{"perf_event", "kprobe"},
       {6, 6},
       {{"func_name", kRest + offsetof(BpfPerfEventLinkInfo, name),
         sizeof(BpfPerfEventLinkInfo::name)},
        REST(BpfPerfEventLinkInfo, name_len),
        REST(BpfPerfEventLinkInfo, offset),
        {"addr", kRest + offsetof(BpfPerfEventLinkInfo, addr_or_cookie),
         sizeof(BpfPerfEventLinkInfo::addr_or_cookie)},
        REST(BpfPerfEventLinkInfo, missed)}},
      {{"perf_event", "tracepoint"},
       {6, 6},
       {{"tp_name", kRest + offsetof(BpfPerfEventLinkInfo, name),
         sizeof(BpfPerfEventLinkInfo::name)},
        REST(BpfPerfEventLinkInfo, name_len)}},
      {{"perf_event", "event"},
       {6, 6},
       {{"config", kRest + offsetof(BpfPerfEventLinkInfo, name),
         sizeof(BpfPerfEventLinkInfo::name)},
        {"type", kRest + offsetof(BpfPerfEventLinkInfo, name_len),
         sizeof(BpfPerfEventLinkInfo::name_len)}}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(std::string(*row.path.begin()));
    const std::vector<Field> kernel = LinkInfoMember(row.path);
    if (kernel.empty()) {
      EXPECT_LT(running, row.since);
      continue;
    }
    EXPECT_THAT(WrongFields(row.ours, kernel), IsEmpty());
  }
}

#undef REST

TEST_F(KernelBtf, LaysOutBtfInfoAsWeDo) {
  const Field ours[] = {
      FIELD(BpfBtfInfo, btf),  FIELD(BpfBtfInfo, btf_size), FIELD(BpfBtfInfo, id),
      FIELD(BpfBtfInfo, name), FIELD(BpfBtfInfo, name_len), FIELD(BpfBtfInfo, kernel_btf),
  };
  const std::vector<Field> kernel = FieldsOfStruct("bpf_btf_info");
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
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
      FIELD(BpfProgInfo, ifindex),
      FIELD(BpfProgInfo, netns_dev),
      FIELD(BpfProgInfo, netns_ino),
      FIELD(BpfProgInfo, nr_jited_ksyms),
      FIELD(BpfProgInfo, nr_jited_func_lens),
      FIELD(BpfProgInfo, jited_ksyms),
      FIELD(BpfProgInfo, jited_func_lens),
      FIELD(BpfProgInfo, btf_id),
      FIELD(BpfProgInfo, func_info_rec_size),
      FIELD(BpfProgInfo, func_info),
      FIELD(BpfProgInfo, nr_func_info),
      FIELD(BpfProgInfo, nr_line_info),
      FIELD(BpfProgInfo, line_info),
      FIELD(BpfProgInfo, jited_line_info),
      FIELD(BpfProgInfo, nr_jited_line_info),
      FIELD(BpfProgInfo, line_info_rec_size),
      FIELD(BpfProgInfo, jited_line_info_rec_size),
      FIELD(BpfProgInfo, nr_prog_tags),
      FIELD(BpfProgInfo, prog_tags),
      FIELD(BpfProgInfo, run_time_ns),
      FIELD(BpfProgInfo, run_cnt),
      FIELD(BpfProgInfo, recursion_misses),
      FIELD(BpfProgInfo, verified_insns),
      FIELD(BpfProgInfo, attach_btf_obj_id),
      FIELD(BpfProgInfo, attach_btf_id),
  };
  const std::vector<Field> kernel = FieldsOfStruct("bpf_prog_info");
  ASSERT_FALSE(kernel.empty());
  EXPECT_THAT(WrongFields(ours, kernel), IsEmpty());
}

TEST_F(KernelBtf, LaysOutMapInfoAsWeDo) {
  const Field ours[] = {
      FIELD(BpfMapInfo, type),
      FIELD(BpfMapInfo, id),
      FIELD(BpfMapInfo, key_size),
      FIELD(BpfMapInfo, value_size),
      FIELD(BpfMapInfo, max_entries),
      FIELD(BpfMapInfo, map_flags),
      FIELD(BpfMapInfo, name),
      FIELD(BpfMapInfo, ifindex),
      FIELD(BpfMapInfo, btf_vmlinux_value_type_id),
      FIELD(BpfMapInfo, netns_dev),
      FIELD(BpfMapInfo, netns_ino),
      FIELD(BpfMapInfo, btf_id),
      FIELD(BpfMapInfo, btf_key_type_id),
      FIELD(BpfMapInfo, btf_value_type_id),
      FIELD(BpfMapInfo, btf_vmlinux_id),
      FIELD(BpfMapInfo, map_extra),
      FIELD(BpfMapInfo, hash),
      FIELD(BpfMapInfo, hash_size),
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
  for (size_t i = 0; i < PerfEventTypeRows().size(); ++i)
    EXPECT_EQ(PerfEventTypeRows()[i].value, i);
  for (size_t i = 0; i < MapFlagRows().size(); ++i) EXPECT_EQ(MapFlagRows()[i].value, 1U << i);
  for (const auto rows : {ProgFlagRows(), ElemFlagRows(), AttachFlagRows(), TestRunFlagRows()})
    for (const EnumRow& row : rows) EXPECT_TRUE(std::has_single_bit(row.value)) << row.name;
}

TEST(KernelSpelling, IsTheKernelsOrEmpty) {
  EXPECT_EQ(KernelSpelling(Command::kProgLoad), "BPF_PROG_LOAD");
  EXPECT_EQ(KernelSpelling(MapType::kDevmapHash), "BPF_MAP_TYPE_DEVMAP_HASH");
  EXPECT_EQ(KernelSpelling(ProgType::kXdp), "BPF_PROG_TYPE_XDP");
  EXPECT_EQ(KernelSpelling(AttachType::kXdp), "BPF_XDP");
  EXPECT_EQ(KernelSpelling(LinkType::kXdp), "BPF_LINK_TYPE_XDP");
  EXPECT_EQ(KernelSpelling(AttachType::kTraceFsessionMulti), "BPF_TRACE_FSESSION_MULTI");
  EXPECT_EQ(KernelSpelling(PerfEventType::kKretprobe), "BPF_PERF_EVENT_KRETPROBE");
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
