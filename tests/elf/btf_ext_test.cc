#include "purebpf/elf/btf_ext.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/byte_writer.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;
using ::purebpf::testing::ByteWriter;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A .BTF.ext with one CO-RE relocation in section "xdp", in either byte order; `damage` may change
// what is written.
struct Ext {
  std::endian order = std::endian::little;
  uint16_t magic = 0xeb9f;
  uint8_t version = 1;
  uint32_t header_size = 32;
  uint32_t offset = 0;
  uint32_t size = 4 + 8 + 24;
  uint32_t record_size = 24;  // longer than what is known: 8 bytes are skipped
  uint32_t count = 1;
  uint32_t type = 1;

  BtfBuilder btf{order};
  std::vector<std::byte> types;

  std::vector<std::byte> Build() {
    btf = BtfBuilder(order);
    const uint32_t u32 = btf.Int("unsigned int", 4);
    btf.Struct("net_device", 4, {{"ifindex", u32, 0}});
    const uint32_t section = btf.Name("xdp");
    const uint32_t access = btf.Name("0:0");
    types = btf.Build();
    ByteWriter out(order);
    out.U16(magic);
    out.U8(version);
    out.U8(0);
    out.U32(header_size);
    for (int i = 0; i < 4; ++i) out.U32(0);  // functions and lines
    out.U32(offset);
    out.U32(size);
    out.U32(record_size);
    out.U32(section);
    out.U32(count);
    out.U32(16);
    out.U32(type);
    out.U32(access);
    out.U32(0);
    out.U64(0x1122334455667788);
    return {out.bytes().begin(), out.bytes().end()};
  }
};

Result<std::vector<CoreSection>> Parse(Ext& ext, const std::vector<std::byte>& bytes) {
  const auto btf = Btf::Parse(ext.types);
  EXPECT_TRUE(btf.has_value());
  return ParseCoreRelocations(bytes, *btf);
}

TEST(BtfExt, ReadsCoreRelocationsOfBothByteOrders) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    Ext ext{.order = order, .type = 2};
    const auto bytes = ext.Build();
    const auto sections = Parse(ext, bytes);
    ASSERT_TRUE(sections.has_value()) << sections.error().message;
    ASSERT_EQ(sections->size(), 1U);
    EXPECT_EQ((*sections)[0].section, "xdp");
    ASSERT_EQ((*sections)[0].relocations.size(), 1U);
    const CoreRelocation& relocation = (*sections)[0].relocations[0];
    EXPECT_EQ(relocation.offset, 16U);
    EXPECT_EQ(relocation.type, TypeId{2});
    EXPECT_EQ(relocation.access, "0:0");
    EXPECT_EQ(relocation.kind, 0U);
  }
}

TEST(BtfExt, HasNoneWhereItIsEmptyOrOld) {
  Ext ext;
  auto bytes = ext.Build();
  EXPECT_THAT(*Parse(ext, {}), IsEmpty());
  Ext none{.size = 0};
  bytes = none.Build();
  EXPECT_THAT(*Parse(none, bytes), IsEmpty());
  Ext old{.header_size = 24};  // before CO-RE
  bytes = old.Build();
  EXPECT_THAT(*Parse(old, bytes), IsEmpty());
}

struct Case {
  std::string_view what;
  void (*damage)(Ext&);
  std::string_view words;
};

const Case kCases[] = {
    {"magic", [](Ext& e) { e.magic = 1; }, "no header with magic 0xeb9f"},
    {"version", [](Ext& e) { e.version = 2; }, "version 2, this reader knows 1"},
    {"short header", [](Ext& e) { e.header_size = 23; }, "header size 0x17 is not between"},
    {"long header", [](Ext& e) { e.header_size = 0x1000; }, "header size 0x1000 is not between"},
    {"size", [](Ext& e) { e.size = 37; }, "offset 0x0 + size 0x25 ends past the 0x24 bytes"},
    {"offset", [](Ext& e) { e.offset = 0xffffffff; }, "offset 0xffffffff + size 0x24"},
    {"record size", [](Ext& e) { e.record_size = 15; }, "has 15 bytes, at least 16 are needed"},
    {"record size 0", [](Ext& e) { e.record_size = 0; }, "has 0 bytes"},
    {"count", [](Ext& e) { e.count = 2; }, "'xdp' has 2 CO-RE relocations, but bytes for 1"},
    {"half a section", [](Ext& e) { e.size = 10; }, "has 0 CO-RE relocations, but bytes for"},
    {"type", [](Ext& e) { e.type = 3; }, "names type 3 of 3"},
};

TEST(BtfExt, RefusesWhatDoesNotFit) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.what);
    Ext ext;
    row.damage(ext);
    const auto bytes = ext.Build();
    const auto sections = Parse(ext, bytes);
    ASSERT_FALSE(sections.has_value());
    EXPECT_THAT(sections.error().message, HasSubstr(row.words));
  }
}

TEST(BtfExt, SurvivesEveryPrefix) {
  Ext ext;
  const auto bytes = ext.Build();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> prefix(bytes.begin(),
                                        bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto sections = Parse(ext, prefix);
    EXPECT_EQ(sections.has_value(), size == 0) << size;
  }
}

}  // namespace
}  // namespace purebpf::elf
