#include "purebpf/elf/btf_sanitize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/btf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;

// What an object of today has that some kernel does not know.
BtfBuilder Sample(std::endian order) {
  BtfBuilder btf(order);
  btf.Int("int", 4, 1);                                          // 1
  btf.FuncProto(1, {{"ctx", 1}, {"", 1}});                       // 2
  btf.Func("prog", 2, kGlobalLinkage);                           // 3
  btf.Func("helper", 2, kExternLinkage);                         // 4
  btf.Var("counter", 1, kGlobalLinkage);                         // 5
  btf.Datasec(".data.my-9", 12, {{5, 8, 4}});                    // 6
  btf.Datasec("?.struct_ops", 4, {{5, 0, 4}});                   // 7
  btf.Float("double", 8);                                        // 8
  btf.DeclTag("exception_callback:f", 3, -1);                    // 9
  btf.TypeTag("user", 1);                                        // 10
  btf.Enum64("wide", {{"LOW", 1}, {"HIGH", 1ULL << 40}}, true);  // 11
  btf.Enum("small", 4, {{"MINUS", ~0ULL}}, true);                // 12
  btf.Raw({btf.Name("attribute"), 18U << 24 | 1U << 31, 1});     // 13: a type_tag with kind_flag
  btf.Raw({btf.Name("attribute"), 17U << 24 | 1U << 31, 3, 1});  // 14: a decl_tag with it
  btf.Enum64("again", {{"AGAIN", 2}});                           // 15
  return btf;
}

class BtfSanitize : public ::testing::TestWithParam<std::endian> {
 protected:
  // Keeps the bytes until the next call.
  Btf Sanitize(const BtfFeatures& features) {
    blob_ = Sample(GetParam()).Build();
    const auto btf = Btf::Parse(blob_);
    EXPECT_THAT(btf, IsParsed());
    auto sane = SanitizeBtf(*btf, features);
    EXPECT_THAT(sane, IsParsed());
    sane_ = std::move(*sane);
    auto parsed = Btf::Parse(sane_);
    EXPECT_THAT(parsed, IsParsed());
    // Every size that there was is there.
    for (uint32_t id = 1; id < btf->type_count(); ++id) {
      const auto before = btf->SizeOf(TypeId{id});
      const bool variable = btf->Type(TypeId{id}).kind == BtfKind::kVar;
      if (!before || variable) continue;
      EXPECT_EQ(parsed->SizeOf(TypeId{id}).value_or(~0ULL), *before) << id;
    }
    return std::move(*parsed);
  }
  std::vector<std::byte> blob_;
  std::vector<std::byte> sane_;
};

TEST_P(BtfSanitize, ChangesNothingForAKernelThatKnowsItAll) {
  Sanitize({});
  EXPECT_EQ(sane_, blob_);
}

TEST_P(BtfSanitize, WithoutFunctions) {
  const Btf btf = Sanitize({.functions = false});
  const BtfType prototype = btf.Type(TypeId{2});
  EXPECT_EQ(prototype.kind, BtfKind::kEnum);
  EXPECT_EQ(prototype.size, 4U);
  EXPECT_EQ(btf.Enumerator(prototype, 0).name, "ctx");
  EXPECT_EQ(btf.Enumerator(prototype, 1).name, "unnamed");
  EXPECT_EQ(btf.Type(TypeId{3}).kind, BtfKind::kTypedef);
  EXPECT_EQ(btf.Type(TypeId{3}).name, "prog");
  EXPECT_EQ(btf.Type(TypeId{3}).target, TypeId{2});
  EXPECT_EQ(btf.Type(TypeId{4}).kind, BtfKind::kTypedef);
}

TEST_P(BtfSanitize, WithoutGlobalFunctions) {
  const Btf btf = Sanitize({.global_functions = false});
  EXPECT_EQ(btf.Type(TypeId{3}).kind, BtfKind::kFunc);
  EXPECT_EQ(btf.Type(TypeId{3}).linkage, kStaticLinkage);
  EXPECT_EQ(btf.Type(TypeId{4}).linkage, kStaticLinkage);
  EXPECT_EQ(btf.Type(TypeId{5}).linkage, kGlobalLinkage) << "a variable";
}

TEST_P(BtfSanitize, WithoutSections) {
  const Btf btf = Sanitize({.sections = false});
  EXPECT_EQ(btf.Type(TypeId{5}).kind, BtfKind::kInt);
  EXPECT_EQ(btf.Type(TypeId{5}).name, "counter");
  EXPECT_EQ(btf.Type(TypeId{5}).size, 1U);
  EXPECT_EQ(btf.Int(btf.Type(TypeId{5})).bits, 8U);
  const BtfType data = btf.Type(TypeId{6});
  EXPECT_EQ(data.kind, BtfKind::kStruct);
  EXPECT_EQ(data.name, "_data_my_9");
  EXPECT_EQ(data.size, 12U);
  EXPECT_EQ(btf.Member(data, 0).name, "counter");
  EXPECT_EQ(btf.Member(data, 0).type, TypeId{5});
  EXPECT_EQ(btf.Member(data, 0).bit_offset, 64U);
  EXPECT_EQ(btf.Type(TypeId{7}).name, "__struct_ops");
}

TEST_P(BtfSanitize, WithoutOptionalSections) {
  const Btf btf = Sanitize({.optional_sections = false});
  EXPECT_EQ(btf.Type(TypeId{7}).kind, BtfKind::kDatasec);
  EXPECT_EQ(btf.Type(TypeId{7}).name, "_.struct_ops");
  EXPECT_EQ(btf.Type(TypeId{6}).name, ".data.my-9");
}

TEST_P(BtfSanitize, WithoutFloats) {
  const Btf btf = Sanitize({.floats = false});
  EXPECT_EQ(btf.Type(TypeId{8}).kind, BtfKind::kStruct);
  EXPECT_EQ(btf.Type(TypeId{8}).count, 0U);
  EXPECT_EQ(btf.Type(TypeId{8}).size, 8U);
}

TEST_P(BtfSanitize, WithoutTags) {
  const Btf btf = Sanitize({.decl_tags = false, .type_tags = false});
  EXPECT_EQ(btf.Type(TypeId{9}).kind, BtfKind::kInt);
  EXPECT_EQ(btf.Type(TypeId{9}).name, "exception_callback_f");
  EXPECT_EQ(btf.Type(TypeId{10}).kind, BtfKind::kConst);
  EXPECT_EQ(btf.Type(TypeId{10}).target, TypeId{1});
  EXPECT_EQ(btf.Type(TypeId{10}).name, "") << "a const has none";
  EXPECT_EQ(btf.Type(TypeId{13}).kind, BtfKind::kConst);
  EXPECT_FALSE(btf.Type(TypeId{13}).kind_flag);
  EXPECT_EQ(btf.Type(TypeId{14}).kind, BtfKind::kInt);
}

TEST_P(BtfSanitize, WithoutAttributes) {
  const Btf btf = Sanitize({.attributes = false});
  EXPECT_EQ(btf.Type(TypeId{9}).kind, BtfKind::kDeclTag);
  EXPECT_EQ(btf.Type(TypeId{10}).kind, BtfKind::kTypeTag);
  EXPECT_EQ(btf.Type(TypeId{13}).kind, BtfKind::kConst);
  EXPECT_EQ(btf.Type(TypeId{14}).kind, BtfKind::kInt);
}

TEST_P(BtfSanitize, WithoutWideEnums) {
  const Btf btf = Sanitize({.enum64 = false});
  ASSERT_EQ(btf.type_count(), 17U) << "one more, for both";
  const BtfType wide = btf.Type(TypeId{11});
  EXPECT_EQ(wide.kind, BtfKind::kUnion);
  EXPECT_EQ(wide.size, 8U);
  EXPECT_FALSE(wide.kind_flag);
  EXPECT_EQ(btf.Member(wide, 1).name, "HIGH");
  EXPECT_EQ(btf.Member(wide, 1).type, TypeId{16});
  EXPECT_EQ(btf.Member(wide, 1).bit_offset, 0U);
  EXPECT_EQ(btf.Member(btf.Type(TypeId{15}), 0).type, TypeId{16});
  EXPECT_EQ(btf.Type(TypeId{16}).size, 1U) << "fits into an enum of any size";
  EXPECT_EQ(btf.Type(TypeId{12}).kind, BtfKind::kEnum);
  EXPECT_FALSE(btf.Type(TypeId{12}).kind_flag);
}

TEST_P(BtfSanitize, ForTheOldestKernelNothingNewIsLeft) {
  const Btf btf = Sanitize(BtfFeatures::Of(0x041200));
  for (uint32_t id = 1; id < btf.type_count(); ++id) {
    EXPECT_LE(btf.Type(TypeId{id}).kind, BtfKind::kRestrict) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(BothOrders, BtfSanitize,
                         ::testing::Values(std::endian::little, std::endian::big),
                         [](const auto& order) {
                           return order.param == std::endian::little ? "Little" : "Big";
                         });

TEST(BtfFeatures, GrowWithTheVersion) {
  EXPECT_EQ(BtfFeatures::Of(0x060f00), BtfFeatures());
  EXPECT_EQ(BtfFeatures::Of(0x060e00), BtfFeatures{.attributes = false});
  const BtfFeatures debian11 = BtfFeatures::Of(0x050a00);
  EXPECT_TRUE(debian11.functions && debian11.sections && debian11.global_functions);
  EXPECT_FALSE(debian11.floats || debian11.decl_tags || debian11.type_tags || debian11.enum64);
}

}  // namespace
}  // namespace purebpf::elf
