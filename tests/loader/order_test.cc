// Trap 32: objects and kernels of the other byte order than this machine's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/min_core_btf.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/order_big.h"
#include "tests/loader/order_little.h"

namespace purebpf {
namespace {

using testing::BtfBuilder;
using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;

constexpr std::endian kLittle = std::endian::little;
constexpr std::endian kBig = std::endian::big;

// In the kernel the field has moved by a byte.
std::vector<std::byte> KernelTypes(std::endian order) {
  BtfBuilder btf(order);
  const uint32_t word = btf.Int("unsigned int", 4);
  btf.Struct("packed", 4, {{"one", word, 8, 5}, {"two", word, 13, 3}});
  return btf.Build();
}

KernelSources Sources(std::endian order) {
  return {.release = "6.12.5", .btf = KernelTypes(order), .kconfig = "CONFIG_HZ=250\n"};
}

CollectionSpec Spec(std::endian order) {
  auto spec =
      CollectionSpec::Parse(order == kBig ? order_big::Object() : order_little::Object(), "order");
  EXPECT_THAT(spec, IsOk());
  return spec ? *std::move(spec) : CollectionSpec{};
}

Result<LoadPlan> Plan(const CollectionSpec& spec, KernelSources sources, std::string program) {
  auto target = TargetKernel::Described(std::move(sources));
  return LoadPlan::Make(spec, target, {.only = {{std::move(program)}}});
}

Result<LoadPlan> Plan(std::endian order, std::string program) {
  return Plan(Spec(order), Sources(order), std::move(program));
}

const LoadProgramStep& Program(const Result<LoadPlan>& plan) {
  return std::get<LoadProgramStep>(plan->steps.back());
}

std::vector<std::byte> Contents(const LoadPlan& plan, std::string_view map) {
  for (const Step& step : plan.steps)
    if (const auto* made = std::get_if<CreateMapStep>(&step); made != nullptr && made->name == map)
      return made->contents;
  ADD_FAILURE() << "no map " << map;
  return {};
}

std::vector<std::byte> Octets(std::initializer_list<uint8_t> octets) {
  std::vector<std::byte> bytes;
  for (const uint8_t octet : octets) bytes.push_back(std::byte{octet});
  return bytes;
}

// Bits are counted from the other end.
TEST(Order, ABitFieldsShiftIsThatOfTheKernelsOrder) {
  for (const auto& [order, shift] : {std::pair(kLittle, 48), {kBig, 45}}) {
    const auto plan = Plan(order, "shift");
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(plan->order, order);
    EXPECT_EQ(Program(plan).params.insns[0].imm, shift);
  }
}

TEST(Order, OptionsAreWrittenInTheKernelsOrder) {
  const auto little = Plan(kLittle, "options");
  ASSERT_THAT(little, IsOk());
  EXPECT_EQ(Contents(*little, ".kconfig"), Octets({0xfa, 0, 0, 0, 5, 12, 6, 0}));
  const auto big = Plan(kBig, "options");
  ASSERT_THAT(big, IsOk());
  EXPECT_EQ(Contents(*big, ".kconfig"), Octets({0, 0, 0, 0xfa, 0, 6, 12, 5}));
  // Their offsets are the same.
  EXPECT_EQ(Program(big).params.insns, Program(little).params.insns);
}

TEST(Order, NumbersThatAreSetAreBroughtIntoTheObjectsOrder) {
  CollectionSpec spec = Spec(kBig);
  ASSERT_THAT(spec.Set<uint16_t>("port", 0x0a0b), IsOk());
  const auto plan = Plan(spec, Sources(kBig), "data");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(Contents(*plan, ".data"), Octets({0x0a, 0x0b}));
  EXPECT_EQ(Contents(*plan, ".rodata"), Octets({1, 2, 3, 4}));
}

TEST(Order, AKernelThatIsNotHereHasThatOfItsTypes) {
  EXPECT_EQ(TargetKernel::Described(Sources(kBig)).Order(), kBig);
  EXPECT_EQ(TargetKernel::Described(Sources(kLittle)).Order(), kLittle);
  EXPECT_EQ(TargetKernel::Described().Order(), std::endian::native);
  EXPECT_EQ(TargetKernel::Described({.order = kBig}).Order(), kBig);
}

TEST(Order, OfObjectAndKernelMustBeTheSame) {
  EXPECT_THAT(Plan(Spec(kBig), Sources(kLittle), "data"),
              Fails(Code::kUnsupported, "the object is big-endian, the kernel little-endian"));
  EXPECT_THAT(Plan(Spec(kLittle), Sources(kBig), "data"),
              Fails(Code::kUnsupported, "the object is little-endian, the kernel big-endian"));
}

TEST(Order, TypesOfAnotherOrderAreNotTheKernels) {
  KernelSources sources = Sources(kBig);
  sources.order = kLittle;
  EXPECT_THAT(Plan(Spec(kLittle), sources, "shift"),
              Fails(Code::kUnsupported, "they are big-endian, the kernel little-endian"));
  EXPECT_THAT(Plan(Spec(kLittle), sources, "data"), IsOk()) << "which needs no types";
  if (std::endian::native != kLittle) return;
  FakeKernel kernel;
  auto running = TargetKernel::Running(kernel, Sources(kBig));
  EXPECT_EQ(running.Order(), kLittle);
  EXPECT_THAT(running.CoreTypes(),
              Fails(Code::kUnsupported, "they are big-endian, the kernel little-endian"));
}

// Whatever a plan was made for, what runs here has this machine's order.
TEST(Order, APlanForTheOtherIsNotCarriedOut) {
  const auto plan = Plan(std::endian::native == kLittle ? kBig : kLittle, "data");
  ASSERT_THAT(plan, IsOk());
  FakeKernel kernel;
  EXPECT_THAT(Collection::Load(kernel, *plan),
              Fails(Code::kInvalidArgument, "it is for a kernel that is "));
  EXPECT_TRUE(kernel.calls().empty());
}

TEST(Order, ReducedTypesKeepTheKernels) {
  const CollectionSpec spec = Spec(kBig);
  const auto reduced = MinCoreBtf({&spec, 1}, KernelTypes(kBig));
  ASSERT_THAT(reduced, IsOk());
  KernelSources sources = Sources(kBig);
  sources.btf = *reduced;
  const auto plan = Plan(spec, sources, "shift");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(Program(plan).params.insns[0].imm, 45);
}

}  // namespace
}  // namespace purebpf
