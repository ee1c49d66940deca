#include "purebpf/elf/btf_ext.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/byte_writer.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;
using ::purebpf::testing::ByteWriter;
using ::testing::IsEmpty;

// A .BTF.ext with two functions, two lines and one CO-RE relocation in section "xdp" and a line in
// "tc", in either byte order; a field may be set to damage it. Records are 8 bytes longer than what
// is known of them.
struct Ext {
  std::endian order = std::endian::little;
  uint16_t magic = 0xeb9f;
  uint8_t version = 1;
  uint32_t header_size = 32;
  uint32_t functions_size = 4 + 8 + 2 * 16;
  uint32_t function_record = 16;
  uint32_t function_type = 3;
  uint32_t line_record = 24;
  uint32_t line_count = 2;
  uint32_t core_offset = 44 + 92;
  uint32_t core_size = 4 + 8 + 24;
  uint32_t core_record = 24;
  uint32_t core_count = 1;
  uint32_t core_type = 1;

  std::vector<std::byte> types;
  uint32_t file = 0;
  uint32_t text = 0;

  std::vector<std::byte> Build() {
    BtfBuilder btf(order);
    btf.Struct("net_device", 4, {{"ifindex", 0, 0}});  // 1
    btf.FuncProto(0, {});                              // 2
    btf.Func("prog", 2, 1);                            // 3
    const uint32_t xdp = btf.Name("xdp");
    const uint32_t tc = btf.Name("tc");
    const uint32_t access = btf.Name("0:0");
    file = btf.Name("prog.c");
    text = btf.Name("return XDP_PASS;");
    types = btf.Build();

    ByteWriter out(order);
    out.U16(magic).U8(version).U8(0).U32(header_size);
    out.U32(0).U32(functions_size).U32(44).U32(4 + 8 + 2 * 24 + 8 + 24);
    out.U32(core_offset).U32(core_size);
    out.U32(function_record).U32(xdp).U32(2);
    out.U32(0).U32(3).U64(0x1122334455667788);
    out.U32(24).U32(function_type).U64(0x1122334455667788);
    out.U32(line_record).U32(xdp).U32(line_count);
    out.U32(0).U32(file).U32(text).U32(12 << 10 | 3).U64(0x1122334455667788);
    out.U32(16).U32(file).U32(0).U32(0xffffffff).U64(0x1122334455667788);
    out.U32(tc).U32(1);
    out.U32(8).U32(file).U32(text).U32(1 << 10).U64(0x1122334455667788);
    out.U32(core_record).U32(xdp).U32(core_count);
    out.U32(16).U32(core_type).U32(access).U32(5).U64(0x1122334455667788);
    return {out.bytes().begin(), out.bytes().end()};
  }
};

class BtfExt : public ::testing::TestWithParam<std::endian> {
 protected:
  void SetUp() override {
    bytes_ = ext_.Build();
    btf_ = Btf::Parse(ext_.types);
    ASSERT_THAT(btf_, IsParsed());
  }
  Ext ext_{.order = GetParam()};
  std::vector<std::byte> bytes_;
  Result<Btf> btf_ = Malformed("not read");
};

TEST_P(BtfExt, SaysWhereFunctionsBegin) {
  const auto sections = ParseFuncInfo(bytes_, *btf_);
  ASSERT_THAT(sections, IsParsed());
  ASSERT_EQ(sections->size(), 1U);
  EXPECT_EQ((*sections)[0].section, "xdp");
  const auto& functions = (*sections)[0].functions;
  ASSERT_EQ(functions.size(), 2U);
  EXPECT_EQ(functions[0].offset, 0U);
  EXPECT_EQ(functions[1].offset, 24U);
  EXPECT_EQ(functions[1].type, TypeId{3});
}

TEST_P(BtfExt, SaysWhichLineAnInstructionComesFrom) {
  const auto sections = ParseLineInfo(bytes_, *btf_);
  ASSERT_THAT(sections, IsParsed());
  ASSERT_EQ(sections->size(), 2U);
  EXPECT_EQ((*sections)[1].section, "tc");
  EXPECT_EQ((*sections)[1].lines.size(), 1U);
  const auto& lines = (*sections)[0].lines;
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].offset, 0U);
  EXPECT_EQ(lines[0].line, 12U);
  EXPECT_EQ(lines[0].column, 3U);
  EXPECT_EQ(lines[0].file, ext_.file) << "as the kernel wants it";
  EXPECT_EQ(btf_->Name(lines[0].file), "prog.c");
  EXPECT_EQ(btf_->Name(lines[0].text), "return XDP_PASS;");
  EXPECT_EQ(lines[1].offset, 16U);
  EXPECT_EQ(lines[1].line, 0x3fffffU);
  EXPECT_EQ(lines[1].column, 0x3ffU);
  EXPECT_EQ(btf_->Name(lines[1].text), "");
}

TEST_P(BtfExt, SaysWhatDependsOnTheKernel) {
  const auto sections = ParseCoreRelocations(bytes_, *btf_);
  ASSERT_THAT(sections, IsParsed());
  ASSERT_EQ(sections->size(), 1U);
  EXPECT_EQ((*sections)[0].section, "xdp");
  ASSERT_EQ((*sections)[0].relocations.size(), 1U);
  const CoreRelocation& relocation = (*sections)[0].relocations[0];
  EXPECT_EQ(relocation.offset, 16U);
  EXPECT_EQ(relocation.type, TypeId{1});
  EXPECT_EQ(relocation.access, "0:0");
  EXPECT_EQ(relocation.kind, 5U);
}

INSTANTIATE_TEST_SUITE_P(BothOrders, BtfExt,
                         ::testing::Values(std::endian::little, std::endian::big),
                         [](const auto& order) {
                           return order.param == std::endian::little ? "Little" : "Big";
                         });

// What the three parts of a damaged .BTF.ext give: a number of sections or words.
struct Parts {
  Result<std::vector<FuncSection>> functions;
  Result<std::vector<LineSection>> lines;
  Result<std::vector<CoreSection>> core;
};

Parts ParseAll(const Ext& ext, Bytes bytes) {
  const auto btf = Btf::Parse(ext.types);
  EXPECT_THAT(btf, IsParsed());
  return {ParseFuncInfo(bytes, *btf), ParseLineInfo(bytes, *btf),
          ParseCoreRelocations(bytes, *btf)};
}

TEST(BtfExtParts, AreNoneWhereTheWholeIsEmpty) {
  Ext ext;
  const auto bytes = ext.Build();
  const Parts parts = ParseAll(ext, {});
  EXPECT_THAT(parts.functions.value(), IsEmpty());
  EXPECT_THAT(parts.lines.value(), IsEmpty());
  EXPECT_THAT(parts.core.value(), IsEmpty());
}

TEST(BtfExtParts, AreNoneWhereTheyAreEmptyOrOlderThanCore) {
  // GCC writes a header alone, and nobody looks where an empty part begins.
  Ext empty{.core_offset = 0xffffffff, .core_size = 0};
  EXPECT_THAT(ParseAll(empty, empty.Build()).core.value(), IsEmpty());
  Ext old{.header_size = 24};
  EXPECT_THAT(ParseAll(old, old.Build()).core.value(), IsEmpty());
  Ext bare{.core_size = 4};  // a record's size and no section
  EXPECT_THAT(ParseAll(bare, bare.Build()).core.value(), IsEmpty());
  Ext none;
  auto header = none.Build();
  header.resize(32);
  for (size_t i = 8; i < 32; ++i) header[i] = {};
  EXPECT_THAT(ParseAll(none, header).functions.value(), IsEmpty());
  EXPECT_THAT(ParseAll(none, header).lines.value(), IsEmpty());
}

TEST(BtfExtParts, ASectionMayHaveNoRecords) {
  Ext ext{.core_size = 12, .core_count = 0};
  const auto core = ParseAll(ext, ext.Build()).core;
  ASSERT_THAT(core, IsParsed());
  ASSERT_EQ(core->size(), 1U);
  EXPECT_THAT((*core)[0].relocations, IsEmpty());
}

struct Case {
  std::string_view what;
  void (*damage)(Ext&);
  std::string words;
};

const Case kCases[] = {
    {"magic", [](Ext& e) { e.magic = 1; }, "no header with magic 0xeb9f"},
    {"short header", [](Ext& e) { e.header_size = 23; }, "header size 0x17 is not between"},
    {"long header", [](Ext& e) { e.header_size = 0x1000; }, "header size 0x1000 is not between"},
    {"size", [](Ext& e) { e.core_size = 37; }, "offset 0x88 + size 0x25 ends past the 0xac bytes"},
    {"offset", [](Ext& e) { e.core_offset = 0xffffffff; }, "offset 0xffffffff + size 0x24"},
    {"record size", [](Ext& e) { e.core_record = 15; }, "one has 15 bytes, at least 16 are needed"},
    {"record size 0", [](Ext& e) { e.core_record = 0; }, "one has 0 bytes"},
    {"half a record size", [](Ext& e) { e.core_size = 3; }, "one has 0 bytes"},
    {"count", [](Ext& e) { e.core_count = 2; }, "'xdp' has 2 CO-RE relocations, but bytes for 1"},
    {"greatest count", [](Ext& e) { e.core_count = 0xffffffff; }, "'xdp' has 4294967295 CO-RE"},
    {"half a section", [](Ext& e) { e.core_size = 10; }, "has 0 CO-RE relocations, but bytes for"},
    {"type", [](Ext& e) { e.core_type = 4; }, "CO-RE relocations: one names type 4 of 4"},
};

TEST(BtfExtParts, RefuseWhatDoesNotFit) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.what);
    Ext ext;
    row.damage(ext);
    EXPECT_THAT(ParseAll(ext, ext.Build()).core, IsMalformed(row.words));
  }
  Ext later{.version = 2};
  EXPECT_THAT(ParseAll(later, later.Build()).core, IsUnsupported("version 2, this reader knows 1"));
}

TEST(BtfExtParts, DoNotHarmEachOther) {
  Ext ext{.function_type = 9, .line_record = 15, .core_count = 1};
  const Parts parts = ParseAll(ext, ext.Build());
  EXPECT_THAT(parts.functions, IsMalformed("function records: one names type 9 of 4"));
  EXPECT_THAT(parts.lines, IsMalformed("line records: one has 15 bytes, at least 16 are needed"));
  EXPECT_THAT(parts.core, IsParsed());
  Ext lines{.line_count = 200};
  EXPECT_THAT(ParseAll(lines, lines.Build()).lines,
              IsMalformed("section 'xdp' has 200 line records, but bytes for 3"));
}

TEST(BtfExtParts, SurviveEveryPrefix) {
  Ext ext;
  const auto bytes = ext.Build();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> prefix(bytes.begin(),
                                        bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const Parts parts = ParseAll(ext, prefix);
    EXPECT_EQ(parts.functions.has_value(), size == 0 || size >= 32 + 44) << size;
    EXPECT_EQ(parts.lines.has_value(), size == 0 || size >= 32 + 44 + 92) << size;
    EXPECT_EQ(parts.core.has_value(), size == 0) << size;
  }
}

}  // namespace
}  // namespace purebpf::elf
