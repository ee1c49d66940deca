// A module's BTF, which continues the kernel's.
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
namespace btf_field = ::purebpf::testing::btf_field;

class SplitBtf : public ::testing::TestWithParam<std::endian> {
 protected:
  void SetUp() override {
    BtfBuilder kernel(GetParam());
    kernel.Int("int", 4, 1);                                    // 1
    kernel.Struct("list", 16, {{"next", 3, 0}, {"n", 1, 64}});  // 2
    kernel.Ptr(2);                                              // 3
    kernel.Array(1, 1, 5);                                      // 4
    kernel.Enum("color", 4, {{"RED", 7}});                      // 5
    kernel.FuncProto(1, {{"list", 3}});                         // 6
    kernel.Var("jiffies", 1, 1);                                // 7
    kernel.Datasec(".data", 4, {{7, 0, 4}});                    // 8
    kernel_blob_ = kernel.Build();
    kernel_ = Btf::Parse(kernel_blob_);
    ASSERT_THAT(kernel_, IsParsed());
    strings_ = static_cast<uint32_t>(kernel_->strings().size());
  }
  // Its names are those of the builder, as far behind the kernel's strings as they lie there.
  uint32_t Own(BtfBuilder& module, std::string_view name) { return strings_ + module.Name(name); }

  std::vector<std::byte> kernel_blob_;
  Result<Btf> kernel_ = Malformed("not built");
  uint32_t strings_ = 0;
};

TEST_P(SplitBtf, ContinuesIdsAndNames) {
  BtfBuilder module(GetParam());
  module.Raw({Own(module, "dev"), 4U << 24 | 2, 24, Own(module, "list"), 2, 0,  // 9
              Own(module, "next"), 10, 128});
  module.Raw({0, 2U << 24, 9});  // 10: a pointer to it
  module.Raw({1, 8U << 24, 1});  // 11: a typedef with a name of the kernel's
  const auto blob = module.Build();
  const auto btf = Btf::Parse(blob, &*kernel_);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->first_id(), 9U);
  EXPECT_EQ(btf->type_count(), 12U);
  EXPECT_EQ(btf->base(), &*kernel_);
  EXPECT_EQ(btf->first_string(), strings_);

  const auto dev = btf->Find(BtfKind::kStruct, "dev");
  ASSERT_TRUE(dev.has_value());
  EXPECT_EQ(dev->id, TypeId{9});
  const auto members = btf->Members(*dev);
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "list");
  EXPECT_EQ(members[1].name, "next");
  EXPECT_EQ(btf->SizeOf(members[0].type).value_or(0), 16U) << "the kernel's";
  EXPECT_EQ(btf->Resolve(TypeId{11}).value().id, TypeId{1});
  EXPECT_EQ(btf->Type(TypeId{11}).name, "int");
  EXPECT_EQ(btf->Type(TypeId{12}).kind, BtfKind::kVoid);
}

TEST_P(SplitBtf, ShowsTheBasesTypes) {
  const auto blob = BtfBuilder(GetParam()).Build();
  const auto btf = Btf::Parse(blob, &*kernel_);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_TRUE(btf->Int(btf->Type(TypeId{1})).is_signed);
  EXPECT_EQ(btf->Members(btf->Type(TypeId{2}))[1].name, "n");
  EXPECT_EQ(btf->Array(btf->Type(TypeId{4})).count, 5U);
  EXPECT_EQ(btf->Enumerators(btf->Type(TypeId{5}))[0].value, 7U);
  EXPECT_EQ(btf->Parameters(btf->Type(TypeId{6}))[0].name, "list");
  EXPECT_EQ(btf->Variables(btf->Type(TypeId{8}))[0].variable, TypeId{7});
  EXPECT_EQ(btf->AlignOf(TypeId{2}).value_or(0), 8U);
  EXPECT_EQ(btf->Find(BtfKind::kStruct, "list")->id, TypeId{2});
  EXPECT_EQ(btf->Record(TypeId{3}).size(), 12U);
}

TEST_P(SplitBtf, FindsAllOfBoth) {
  BtfBuilder module(GetParam());
  module.Raw({Own(module, "list"), 4U << 24, 8});
  const auto blob = module.Build();
  const auto btf = Btf::Parse(blob, &*kernel_);
  ASSERT_THAT(btf, IsParsed());
  const auto all = btf->FindAll(BtfKind::kStruct, "list");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, TypeId{2});
  EXPECT_EQ(all[1].id, TypeId{9});
}

TEST_P(SplitBtf, MayHaveNoStringsOrNoLeadingNul) {
  BtfBuilder none(GetParam());
  none.Raw({1, 8U << 24, 1});
  none.Break(btf_field::kStringsSize, 0);
  const auto without = none.Build();
  const auto btf = Btf::Parse(without, &*kernel_);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->Type(TypeId{9}).name, "int");

  BtfBuilder other(GetParam());
  other.Raw({strings_, 8U << 24, 1});
  other.Name("x");
  other.BreakString(0, 'a');
  const auto bytes = other.Build();
  EXPECT_EQ(Btf::Parse(bytes, &*kernel_).value().Type(TypeId{9}).name, "ax");
  EXPECT_THAT(Btf::Parse(bytes), IsMalformed("do not start and end with a NUL"));
}

TEST_P(SplitBtf, RefusesWhatIsInNeither) {
  BtfBuilder type(GetParam());
  type.Ptr(10);
  const auto type_blob = type.Build();
  EXPECT_THAT(Btf::Parse(type_blob, &*kernel_),
              IsMalformed("BTF: type 9: refers to type 10, but the last is 9"));
  BtfBuilder name(GetParam());
  name.Raw({strings_ + 1, 2U << 24, 1});
  const auto name_blob = name.Build();
  EXPECT_THAT(Btf::Parse(name_blob, &*kernel_), IsMalformed("BTF: type 9: name at 0x"));
  BtfBuilder kind(GetParam());
  kind.Raw({0, 99U << 24, 1});
  const auto kind_blob = kind.Build();
  EXPECT_THAT(Btf::Parse(kind_blob, &*kernel_), IsUnsupported("BTF: type 9: kind 99"));
  const std::endian other =
      GetParam() == std::endian::little ? std::endian::big : std::endian::little;
  const auto other_blob = BtfBuilder(other).Build();
  EXPECT_THAT(Btf::Parse(other_blob, &*kernel_),
              IsMalformed("BTF: its byte order is not that of the base"));
}

TEST_P(SplitBtf, IsABaseItself) {
  BtfBuilder first(GetParam());
  first.Raw({Own(first, "middle"), 4U << 24, 8});
  const auto first_blob = first.Build();
  const auto middle = Btf::Parse(first_blob, &*kernel_);
  ASSERT_THAT(middle, IsParsed());
  BtfBuilder second(GetParam());
  const auto names = static_cast<uint32_t>(strings_ + middle->strings().size());
  second.Raw({names + second.Name("top"), 8U << 24, 9});
  const auto second_blob = second.Build();
  const auto top = Btf::Parse(second_blob, &*middle);
  ASSERT_THAT(top, IsParsed());
  EXPECT_EQ(top->Type(TypeId{10}).name, "top");
  EXPECT_EQ(top->Resolve(TypeId{10}).value().name, "middle");
  EXPECT_EQ(top->Members(top->Type(TypeId{2}))[0].name, "next");
}

TEST_P(SplitBtf, NotesWhatIsLookedAtInBoth) {
  BtfBuilder module(GetParam());
  module.Ptr(2);       // 9
  module.Const(4);     // 10
  module.Volatile(9);  // 11
  const auto blob = module.Build();
  auto btf = Btf::Parse(blob, &*kernel_);
  ASSERT_THAT(btf, IsParsed());
  TypeIdSet own(btf->type_count());
  TypeIdSet kernels(kernel_->type_count());
  btf->Track(&own);
  kernel_->Track(&kernels);
  static_cast<void>(btf->Type(btf->Type(TypeId{9}).target));
  EXPECT_TRUE(own.Has(TypeId{9}));
  EXPECT_TRUE(own.Has(TypeId{2}));
  EXPECT_TRUE(kernels.Has(TypeId{2}));
  EXPECT_FALSE(kernels.Has(TypeId{3}));

  own = TypeIdSet(btf->type_count());
  EXPECT_EQ(btf->Resolve(TypeId{10}).value().kind, BtfKind::kArray);
  EXPECT_TRUE(own.Has(TypeId{10}));
  EXPECT_TRUE(own.Has(TypeId{4}));
  EXPECT_TRUE(kernels.Has(TypeId{4}));
  EXPECT_FALSE(own.Has(TypeId{9}));
  EXPECT_EQ(btf->Resolve(TypeId{11}).value().kind, BtfKind::kPtr);
  EXPECT_TRUE(own.Has(TypeId{11}));
  EXPECT_TRUE(own.Has(TypeId{9}));
}

INSTANTIATE_TEST_SUITE_P(BothOrders, SplitBtf,
                         ::testing::Values(std::endian::little, std::endian::big),
                         [](const auto& order) {
                           return order.param == std::endian::little ? "Little" : "Big";
                         });

}  // namespace
}  // namespace purebpf::elf
