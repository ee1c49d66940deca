// What elf::Btf refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/btf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;
namespace btf_field = ::purebpf::testing::btf_field;

struct Malformation {
  std::string name;
  void (*damage)(BtfBuilder&);
  std::string words;
  bool unsupported = false;
};

// Every refusal of btf.cc. Sample: int (words 0-3), struct (4-9), array (10-15); strings "", "int",
// "s", "m": 9 bytes. 97 (0x61) bytes in all.
const std::vector<Malformation> kMalformations = {
    {"Magic", [](BtfBuilder& btf) { btf.Break(btf_field::kMagic, 0x1234); }, "BTF: starts with 0x"},
    {"Version", [](BtfBuilder& btf) { btf.Break(btf_field::kVersion, 2); },
     "BTF: version 2 with flags 0x0", true},
    {"Flags", [](BtfBuilder& btf) { btf.Break(btf_field::kFlags, 1); },
     "BTF: version 1 with flags 0x1", true},
    {"HeaderTooShort", [](BtfBuilder& btf) { btf.Break(btf_field::kHeaderSize, 23); },
     "BTF: header size 0x17 is not between 0x18 and the 0x61 bytes there"},
    {"HeaderPastTheEnd", [](BtfBuilder& btf) { btf.Break(btf_field::kHeaderSize, 0x62); },
     "BTF: header size 0x62 is not between 0x18 and the 0x61 bytes there"},
    {"TypesPastTheEnd", [](BtfBuilder& btf) { btf.Break(btf_field::kTypesSize, 0x4a); },
     "BTF: type section: offset 0x0 + size 0x4a ends past the 0x49 bytes after the header"},
    {"TypesWhoseEndOverflows",
     [](BtfBuilder& btf) {
       btf.Break(btf_field::kTypesOffset, 0xfffffffc);
       btf.Break(btf_field::kTypesSize, 0xfffffffc);
     },
     "BTF: type section: offset 0xfffffffc + size 0xfffffffc ends past"},
    {"StringsPastTheEnd", [](BtfBuilder& btf) { btf.Break(btf_field::kStringsOffset, 0x41); },
     "BTF: string section: offset 0x41 + size 0x9 ends past the 0x49 bytes"},
    {"NoStrings", [](BtfBuilder& btf) { btf.Break(btf_field::kStringsSize, 0); },
     "BTF: string section: its 0x0 bytes do not start and end with a NUL"},
    {"StringsStartOtherwise", [](BtfBuilder& btf) { btf.BreakString(0, 'x'); },
     "BTF: string section: its 0x9 bytes do not start and end with a NUL"},
    {"StringsEndOtherwise", [](BtfBuilder& btf) { btf.BreakString(8, 'x'); },
     "do not start and end with a NUL"},
    {"StringTooLong",
     [](BtfBuilder& btf) {
       btf.Int(std::string(50'000, 'f'), 4);
       btf.Int(std::string(0x10000, 's'), 4);
     },
     "BTF: string section: the string at 0xc35a has more than 0xffff bytes", true},
    {"KindVoid", [](BtfBuilder& btf) { btf.BreakTypeWord(5, 0x00000001); },
     "BTF: type 2: kind 0; only type 0 is void"},
    {"KindOfTheFuture", [](BtfBuilder& btf) { btf.BreakTypeWord(5, 20U << 24); },
     "BTF: type 2: kind 20, this reader knows 1 to 19", true},
    {"KindGreatest", [](BtfBuilder& btf) { btf.BreakTypeWord(5, 31U << 24); },
     "BTF: type 2: kind 31, this reader knows 1 to 19", true},
    {"KindBeyondTheOldBits", [](BtfBuilder& btf) { btf.BreakTypeWord(5, 0x41U << 24); },
     "BTF: type 2: kind 65, this reader knows 1 to 19 and no layout section describes it", true},
    {"CountBeyondTheOldBits", [](BtfBuilder& btf) { btf.BreakTypeWord(5, 4U << 24 | 0x10000); },
     "BTF: type 2: size 0xc000c at 0x10 ends past the type section's 0x40 bytes"},
    {"TypeCutShort", [](BtfBuilder& btf) { btf.Break(btf_field::kTypesSize, 48); },
     "BTF: type 3: 0x8 bytes at 0x28 of the type section, a type needs 0xc"},
    {"ExtraCutShort", [](BtfBuilder& btf) { btf.Break(btf_field::kTypesSize, 60); },
     "BTF: type 3: size 0x18 at 0x28 ends past the type section's 0x3c bytes"},
    {"MembersCutShort", [](BtfBuilder& btf) { btf.BreakTypeWord(5, 4U << 24 | 0xffff); },
     "BTF: type 2: size 0xc0000 at 0x10 ends past the type section's 0x40 bytes"},
    {"MemberTypeNotThere", [](BtfBuilder& btf) { btf.BreakTypeWord(8, 4); },
     "BTF: type 2: refers to type 4, but the last is 3"},
    {"ArrayElementNotThere", [](BtfBuilder& btf) { btf.BreakTypeWord(13, 5); },
     "BTF: type 3: refers to type 5, but the last is 3"},
    {"ArrayIndexNotThere", [](BtfBuilder& btf) { btf.BreakTypeWord(14, 0xffffffff); },
     "BTF: type 3: refers to type 4294967295, but the last is 3"},
    {"PointerToNothing", [](BtfBuilder& btf) { btf.Ptr(5); },
     "BTF: type 4: refers to type 5, but the last is 4"},
    {"VariableNotThere", [](BtfBuilder& btf) { btf.Datasec("", 0, {{1, 0, 0}, {5, 0, 0}}); },
     "BTF: type 4: refers to type 5, but the last is 4"},
    {"ParameterTypeNotThere", [](BtfBuilder& btf) { btf.FuncProto(0, {{"", 1}, {"", 6}}); },
     "BTF: type 4: refers to type 6, but the last is 4"},
    {"DeclTagOfNothing", [](BtfBuilder& btf) { btf.DeclTag("", 7, 0); },
     "BTF: type 4: refers to type 7, but the last is 4"},
    {"NameOutside", [](BtfBuilder& btf) { btf.BreakTypeWord(0, 9); },
     "BTF: type 1: name at 0x9 lies outside of the string section's 0x9 bytes"},
    {"MemberNameOutside", [](BtfBuilder& btf) { btf.BreakTypeWord(7, 0xffffffff); },
     "BTF: type 2: name at 0xffffffff lies outside"},
    {"EnumeratorNameOutside", [](BtfBuilder& btf) { btf.Raw({0, 6U << 24 | 1, 4, 0x99, 0}); },
     "BTF: type 4: name at 0x99 lies outside"},
    {"WideEnumeratorNameOutside",
     [](BtfBuilder& btf) { btf.Raw({0, 19U << 24 | 2, 8, 0, 0, 0, 0x98, 0, 0}); },
     "BTF: type 4: name at 0x98 lies outside"},
    {"ParameterNameOutside", [](BtfBuilder& btf) { btf.Raw({0, 13U << 24 | 1, 0, 0x97, 0}); },
     "BTF: type 4: name at 0x97 lies outside"},
};

class BtfRefuses : public ::testing::TestWithParam<Malformation> {};

TEST_P(BtfRefuses, InBothByteOrders) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    BtfBuilder btf(order);
    btf.Int("int", 4);
    btf.Struct("s", 4, {{"m", 1, 0}});
    btf.Array(1, 1, 2);
    GetParam().damage(btf);
    const auto bytes = btf.Build();
    if (GetParam().unsupported) {
      EXPECT_THAT(Btf::Parse(bytes), IsUnsupported(GetParam().words));
    } else {
      EXPECT_THAT(Btf::Parse(bytes), IsMalformed(GetParam().words));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, BtfRefuses, ::testing::ValuesIn(kMalformations),
                         [](const auto& row) { return row.param.name; });

TEST(Btf, RefusesLessThanAHeader) {
  const auto bytes = BtfBuilder().Build();
  EXPECT_THAT(Btf::Parse({}), IsMalformed("BTF: 0x0 bytes, the header needs 0x18"));
  EXPECT_THAT(Btf::Parse(Bytes(bytes).first(23)),
              IsMalformed("BTF: 0x17 bytes, the header needs 0x18"));
}

}  // namespace
}  // namespace purebpf::elf
