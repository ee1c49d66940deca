// Each shape of a type in C, and the C++ that has the same bytes.
#include "purebpf/tools/skeleton/cpp_types.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tools/skeleton/cpp_names.h"

namespace purebpf::skeleton {
namespace {

using testing::BtfBuilder;

constexpr uint32_t kSigned = 1;
constexpr uint32_t kBool = 4;

// The types that are wanted one after the other, in one namespace.
struct Twin {
  explicit Twin(BtfBuilder& builder, const std::vector<uint32_t>& wanted,
                CppTypes::Use use = CppTypes::Use::kValue)
      : bytes(builder.Build()) {
    auto parsed = elf::Btf::Parse(bytes);
    EXPECT_TRUE(parsed.has_value());
    btf.emplace(std::move(*parsed));
    (void)names.Take("Maps");
    types.emplace(*btf, names, 1 << 16);
    for (const uint32_t id : wanted) types->Announce(elf::TypeId{id}, use);
    for (const uint32_t id : wanted) {
      const auto size = btf->SizeOf(elf::TypeId{id});
      const auto name = types->Define(elf::TypeId{id}, size ? *size : 0, "hint");
      spelled.push_back(name.value_or("none"));
    }
  }

  std::vector<std::byte> bytes;
  std::optional<elf::Btf> btf;
  Names names;
  std::optional<CppTypes> types;
  std::vector<std::string> spelled;
};

TEST(CppTypes, NamesScalarsByTheirSize) {
  BtfBuilder btf;
  const uint32_t u8 = btf.Int("unsigned char", 1);
  const uint32_t s16 = btf.Int("short", 2, kSigned);
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t s64 = btf.Int("long long", 8, kSigned);
  const uint32_t u128 = btf.Int("unsigned __int128", 16);
  const uint32_t text = btf.Int("char", 1, kSigned);
  const uint32_t truth = btf.Int("_Bool", 1, kBool);
  const uint32_t alias = btf.Typedef("__be32", btf.Const(u32));
  const uint32_t real = btf.Float("double", 8);
  const uint32_t pointer = btf.Ptr(0);
  const uint32_t grid = btf.Array(btf.Array(u32, u32, 3), u32, 2);
  const Twin twin(btf, {u8, s16, u32, s64, u128, text, truth, alias, real, pointer, grid});
  EXPECT_EQ(twin.spelled,
            (std::vector<std::string>{"uint8_t", "int16_t", "uint32_t", "int64_t",
                                      "purebpf::Uint128", "char", "bool", "uint32_t", "double",
                                      "uint64_t", "std::array<std::array<uint32_t, 3>, 2>"}));
  EXPECT_EQ(twin.types->definitions(), "");
}

TEST(CppTypes, HasNoneForOddSizesAndForWhatIsNoValue) {
  BtfBuilder btf;
  const uint32_t odd = btf.Int("odd", 3);
  const uint32_t forward = btf.Fwd("later");
  const uint32_t empty = btf.Struct("empty", 0, {});
  const uint32_t function = btf.FuncProto(0, {});
  const Twin twin(btf, {odd, forward, empty, function, 0, 1000});
  EXPECT_EQ(twin.spelled, std::vector<std::string>(6, "none"));
}

TEST(CppTypes, WritesPaddingAsMembers) {
  BtfBuilder btf;
  const uint32_t u8 = btf.Int("unsigned char", 1);
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t key = btf.Struct("key", 12, {{"a", u8, 0}, {"b", u32, 32}, {"c", u8, 64}});
  const Twin twin(btf, {key});
  EXPECT_EQ(twin.types->definitions(), R"(struct key {
  uint8_t a{};
  uint8_t padding[3]{};
  uint32_t b{};
  uint8_t c{};
  uint8_t padding_2[3]{};
};

)");
  EXPECT_EQ(twin.types->checks(), R"(static_assert(sizeof(key) == 12);
static_assert(offsetof(key, a) == 0);
static_assert(offsetof(key, b) == 4);
static_assert(offsetof(key, c) == 8);
)");
  EXPECT_TRUE(twin.types->IsKey(elf::TypeId{key}));
}

TEST(CppTypes, WritesBitFieldsWithTheBitsBetweenThem) {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t bits =
      btf.Struct("bits", 8, {{"a", u32, 0, 3}, {"b", u32, 5, 6}, {"c", u32, 32, 32}});
  const Twin twin(btf, {bits});
  EXPECT_EQ(twin.types->definitions(), R"(struct bits {
  uint32_t a : 3 {};
  uint8_t padding : 2 {};
  uint32_t b : 6 {};
  uint8_t padding_2 : 5 {};
  uint8_t padding_3[2]{};
  uint32_t c : 32 {};
};

)");
}

TEST(CppTypes, PacksWhatDoesNotLieAsItsTypesDo) {
  BtfBuilder btf;
  const uint32_t u8 = btf.Int("unsigned char", 1);
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t u64 = btf.Int("unsigned long", 8);
  const uint32_t packed = btf.Struct("packed", 5, {{"a", u8, 0}, {"b", u32, 8}});
  const uint32_t aligned = btf.Struct("aligned", 12, {{"a", u32, 0}, {"b", u64, 32}});
  const Twin twin(btf, {packed, aligned});
  EXPECT_EQ(twin.types->definitions(), R"(struct [[gnu::packed]] packed {
  uint8_t a{};
  uint32_t b{};
};

struct [[gnu::packed, gnu::aligned(4)]] aligned {
  uint32_t a{};
  uint64_t b{};
};

)");
}

TEST(CppTypes, WritesNestedTypesWithoutANameWhereTheyStand) {
  BtfBuilder btf;
  const uint32_t u8 = btf.Int("unsigned char", 1);
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t bytes = btf.Array(u8, u32, 4);
  const uint32_t pair = btf.Struct("", 4, {{"low", u8, 0}, {"high", u8, 16}});
  const uint32_t either = btf.Union("", 4, {{"", pair, 0}, {"word", u32, 0}, {"bytes", bytes, 0}});
  const uint32_t named = btf.Struct("", 4, {{"x", u32, 0}});
  const uint32_t outer =
      btf.Struct("outer", 12, {{"head", u32, 0}, {"", either, 32}, {"tail", named, 64}});
  const Twin twin(btf, {outer});
  EXPECT_EQ(twin.types->definitions(), R"(struct outer_tail {
  uint32_t x{};
};

struct outer {
  uint32_t head{};
  union {
    struct {
      uint8_t low;
      uint8_t padding;
      uint8_t high;
      uint8_t padding_2;
    };
    uint32_t word{};
    uint8_t bytes[4];
  };
  outer_tail tail{};
};

)");
  EXPECT_NE(twin.types->checks().find("static_assert(offsetof(outer, high) == 6);"),
            std::string::npos);
}

TEST(CppTypes, GivesMembersOfUnionsNoInitialValues) {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t part = btf.Struct("part", 4, {{"a", u32, 0}});
  const uint32_t both = btf.Union("both", 8, {{"part", part, 0}, {"word", u32, 0}});
  const uint32_t holder = btf.Struct("holder", 12, {{"part", part, 0}, {"both", both, 32}});
  const Twin twin(btf, {holder});
  EXPECT_EQ(twin.types->definitions(), R"(struct part {
  uint32_t a;
};

union both {
  struct part part;
  uint32_t word;
  uint8_t padding[8]{};
};

struct holder {
  struct part part{};
  union both both{};
};

)");
  // Bytes that a member does not cover may differ where values do not.
  EXPECT_FALSE(twin.types->IsKey(elf::TypeId{holder}));
}

// g++: "member with constructor not allowed in anonymous aggregate".
TEST(CppTypes, GivesWhatStandsInAStructWithoutANameNoConstructor) {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t part = btf.Struct("part", 4, {{"a", u32, 0}});
  const uint32_t either = btf.Union("either", 4, {{"part", part, 0}, {"word", u32, 0}});
  const uint32_t innermost = btf.Union("", 4, {{"d", u32, 0}});
  const uint32_t inside = btf.Struct(
      "", 16, {{"part", part, 0}, {"either", either, 32}, {"b", u32, 64}, {"", innermost, 96}});
  const uint32_t holder = btf.Struct("holder", 20, {{"", inside, 0}, {"c", u32, 128}});
  const Twin twin(btf, {holder});
  EXPECT_EQ(twin.types->definitions(), R"(struct part {
  uint32_t a;
};

union either {
  struct part part;
  uint32_t word;
};

struct holder {
  struct {
    struct part part{};
    union either either{};
    uint32_t b{};
    union {
      uint32_t d;
    };
  };
  uint32_t c{};
};

)");
}

// "ignoring packed attribute because of unpacked non-POD field"
TEST(CppTypes, GivesWhatStandsInAPackedStructNoConstructor) {
  BtfBuilder btf;
  const uint32_t u8 = btf.Int("unsigned char", 1);
  const uint32_t u16 = btf.Int("unsigned short", 2);
  const uint32_t part = btf.Struct("part", 2, {{"a", u16, 0}});
  const uint32_t either = btf.Union("", 2, {{"word", u16, 0}});
  const uint32_t holder = btf.Struct(
      "holder", 6, {{"kind", u8, 0}, {"part", part, 8}, {"", either, 24}, {"tail", u8, 40}});
  const Twin twin(btf, {holder});
  EXPECT_EQ(twin.types->definitions(), R"(struct part {
  uint16_t a;
};

struct [[gnu::packed]] holder {
  uint8_t kind{};
  struct part part{};
  union {
    uint16_t word;
  };
  uint8_t tail{};
};

)");
}

TEST(CppTypes, MakesMembersOfUnionsAsLongAsTheUnionInKeys) {
  BtfBuilder btf;
  const uint32_t u8 = btf.Int("unsigned char", 1);
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t six = btf.Array(u8, u32, 16);
  const uint32_t address = btf.Union("", 16, {{"ip4", u32, 0}, {"ip6", six, 0}});
  const uint32_t key = btf.Struct("key", 20, {{"", address, 0}, {"port", u32, 128}});
  const Twin twin(btf, {key}, CppTypes::Use::kKey);
  EXPECT_EQ(twin.types->definitions(), R"(struct key {
  union {
    struct {
      uint32_t ip4;
      uint8_t padding[12];
    };
    uint8_t ip6[16]{};
  };
  uint32_t port{};
};

)");
  EXPECT_TRUE(twin.types->IsKey(elf::TypeId{key}));
}

TEST(CppTypes, WritesEnumsWithTheSignAndSizeOfTheirValues) {
  BtfBuilder btf;
  const uint32_t plain = btf.Enum("plain", 4, {{"A", 0}, {"B", 7}});
  const uint32_t negative = btf.Enum(
      "negative", 4, {{"LEAST", uint64_t{0xffffffff80000000}}, {"MINUS", ~uint64_t{0}}}, true);
  const uint32_t byte = btf.Enum("byte", 1, {{"C", 255}});
  const uint32_t wide = btf.Enum64("wide", {{"D", uint64_t{1} << 40}});
  const uint32_t least = btf.Enum64("least", {{"E", uint64_t{1} << 63}}, true);
  const Twin twin(btf, {plain, negative, byte, wide, least});
  EXPECT_EQ(twin.types->definitions(), R"(enum class plain : uint32_t {
  A = 0,
  B = 7,
};

enum class negative : int32_t {
  LEAST = -2147483648,
  MINUS = -1,
};

enum class byte : uint8_t {
  C = 255,
};

enum class wide : uint64_t {
  D = 1099511627776U,
};

enum class least : int64_t {
  E = -9223372036854775807 - 1,
};

)");
}

TEST(CppTypes, TakesTypedefsForNamesOfWhatHasNone) {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t alias = btf.Typedef("pair_t", btf.Struct("", 8, {{"a", u32, 0}, {"b", u32, 32}}));
  const Twin twin(btf, {alias});
  EXPECT_EQ(twin.spelled, std::vector<std::string>{"pair_t"});
}

TEST(CppTypes, RenamesWhatCppOrTheHeaderHasTaken) {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t one = btf.Struct("Maps", 8, {{"class", u32, 0}, {"errno", u32, 32}});
  const uint32_t two = btf.Struct("Maps", 4, {{"padding", u32, 0}});
  const uint32_t three = btf.Struct("a;b", 4, {{"x\n\"y", u32, 0}});
  const Twin twin(btf, {one, two, three});
  EXPECT_EQ(twin.spelled, (std::vector<std::string>{"Maps_2", "Maps_3", "a_b"}));
  EXPECT_EQ(twin.types->definitions(), R"(struct Maps_2 {
  uint32_t class_{};
  uint32_t errno_{};
};

struct Maps_3 {
  uint32_t padding{};
};

struct a_b {
  uint32_t x__y{};
};

)");
}

TEST(CppTypes, HasPointersAsNumbersAndLeavesOutWhatFollows) {
  BtfBuilder btf;
  const uint32_t c = btf.Int("char", 1, kSigned);
  const uint32_t pointer = btf.Ptr(4);
  const uint32_t none = btf.Array(c, c, 0);
  const uint32_t list = btf.Struct("list", 8, {{"next", pointer, 0}, {"data", none, 64}});
  const Twin twin(btf, {list});
  EXPECT_EQ(twin.types->definitions(), R"(struct list {
  uint64_t next{};  // points to struct list
  // data: from byte 8 on, as many as there are
};

)");
}

TEST(CppTypes, HasBytesWhereNoLayoutOfCppFits) {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t odd = btf.Int("odd", 3);
  const uint32_t overlapping = btf.Struct("overlapping", 8, {{"a", u32, 0}, {"b", u32, 16}});
  const uint32_t outside = btf.Struct("outside", 4, {{"a", u32, 16}});
  const uint32_t itself = btf.Struct("itself", 4, {{"again", 5, 0}});
  EXPECT_EQ(itself, 5U);
  const uint32_t strange = btf.Struct("strange", 4, {{"odd", odd, 0}});
  const Twin twin(btf, {overlapping, outside, itself, strange});
  EXPECT_EQ(twin.types->definitions(), R"(struct overlapping {
  uint8_t bytes[8]{};  // no layout that C++ has
};

struct outside {
  uint8_t bytes[4]{};  // no layout that C++ has
};

struct itself {
  uint8_t again[4]{};
};

struct strange {
  uint8_t odd[3]{};
  uint8_t padding{};
};

)");
}

TEST(CppTypes, EndWhereTypesWithoutANameNestWithoutEnd) {
  BtfBuilder btf;
  uint32_t inner = btf.Int("unsigned int", 4);
  for (int depth = 0; depth < 60; ++depth)
    inner = btf.Union("", 4, {{"", inner, 0}, {"", inner, 0}});
  const uint32_t outer = btf.Struct("outer", 4, {{"", inner, 0}});
  const Twin twin(btf, {outer});
  EXPECT_TRUE(twin.types->exhausted());
}

}  // namespace
}  // namespace purebpf::skeleton
