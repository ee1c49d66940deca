// The words of a fixture are the kernel's: every field of a bpf(2) attribute that is told stands in
// the running kernel's union bpf_attr under that name, at that place, with that size.
#include "purebpf/bpf/testing/schema.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/elf/btf.h"

namespace purebpf::testing::internal {
namespace {

using Place = std::tuple<std::string, size_t, size_t>;  // name, offset, size

bool IsAggregate(const elf::BtfType& type) {
  return type.kind == elf::BtfKind::kStruct || type.kind == elf::BtfKind::kUnion;
}

// All that is within, however deep, by its path and by its own name: "uprobe_multi.pid", "pid".
void Collect(const elf::Btf& btf, const elf::BtfType& type, const std::string& prefix, size_t base,
             std::set<Place>& places) {
  for (const elf::BtfMember& member : btf.Members(type)) {
    const auto inner = btf.Resolve(member.type);
    const auto size = btf.SizeOf(member.type);
    if (!inner || !size) continue;
    const size_t offset = base + member.bit_offset / 8;
    std::string name = prefix;
    if (!member.name.empty()) {
      name += (prefix.empty() ? "" : ".") + std::string(member.name);
      places.emplace(name, offset, static_cast<size_t>(*size));
      places.emplace(std::string(member.name), offset, static_cast<size_t>(*size));
    }
    if (IsAggregate(*inner)) Collect(btf, *inner, name, offset, places);
  }
}

TEST(Schema, IsThatOfTheRunningKernel) {
  HostKernel kernel;
  const auto bytes = kernel.ReadFile("/sys/kernel/btf/vmlinux", size_t{256} << 20);
  if (!bytes) GTEST_SKIP() << "/sys/kernel/btf/vmlinux cannot be read";
  const auto btf = elf::Btf::Parse(*bytes);
  ASSERT_TRUE(btf.has_value());
  const auto attr = btf->Find(elf::BtfKind::kUnion, "bpf_attr");
  ASSERT_TRUE(attr.has_value());

  std::set<Place> places;
  std::set<std::string> names;
  Collect(*btf, *attr, "", 0, places);
  for (const auto& [name, offset, size] : places) names.insert(name);

  size_t compared = 0;
  for (const EnumRow& command : CommandRows()) {
    for (const FieldSpec& field : SpecOf(static_cast<Command>(command.value)).attr) {
      const std::string name(field.name);
      // Newer than this kernel.
      if (!names.contains(name)) continue;
      ++compared;
      EXPECT_TRUE(places.contains({name, field.offset, field.size}))
          << command.name << ": " << name << " at " << field.offset << ", " << field.size;
    }
  }
  EXPECT_GT(compared, 150U);
}

}  // namespace
}  // namespace purebpf::testing::internal
