#include "purebpf/loader/bind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "purebpf/bpf/attr.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/kinds.h"

namespace purebpf {
namespace {

using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;

struct Value {
  uint64_t packets;
  uint32_t bytes[3];
  uint32_t padding;
};

CollectionSpec Kinds() {
  auto spec = CollectionSpec::Parse(kinds::Object(), "kinds");
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

struct FakeMachine : FakeKernel {
  FakeMachine() { files["/sys/devices/system/cpu/possible"] = "0-3\n"; }
};

TEST(LoadAndAssign, GivesEachMemberWhatItNames) {
  struct Objects {
    Named<"first", Program> program;
    Named<"by_type", TypedMap<uint32_t, Value>> map;
    Named<"by_size", PerCpuMap<uint32_t, uint64_t>> per_cpu;
    Named<"older_style", Map> untyped;
  };
  FakeMachine kernel;
  {
    auto objects = Kinds().LoadAndAssign<Objects>(kernel);
    ASSERT_THAT(objects, IsOk());
    EXPECT_EQ(objects->program.name(), "first");
    EXPECT_EQ(objects->program.type(), ProgType::kXdp);
    EXPECT_EQ(objects->map.untyped().name(), "by_type");
    EXPECT_EQ(objects->per_cpu.cpus(), 4U);
    EXPECT_EQ(objects->untyped.key_size(), 8U);
    EXPECT_THAT(objects->map.Put(1, Value{}), IsOk());
    EXPECT_EQ(kernel.open_fds().size(), 4U);
  }
  EXPECT_TRUE(kernel.open_fds().empty());
  EXPECT_EQ(kernel.wrong_closes(), 0U);
}

TEST(LoadAndAssign, LoadsOnlyWhatIsNamedAndWhatThatNeeds) {
  struct Objects {
    Named<"first", Program> program;
  };
  FakeMachine kernel;
  auto objects = Kinds().LoadAndAssign<Objects>(kernel);
  ASSERT_THAT(objects, IsOk());
  EXPECT_EQ(kernel.calls().size(), 3U);
  EXPECT_EQ(kernel.Count(Command::kBtfLoad), 1U);
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 1U);
  EXPECT_EQ(kernel.Count(Command::kProgLoad), 1U);
  // The map that the program needs but no member names lives on in the program alone.
  EXPECT_EQ(kernel.open_fds().size(), 1U);
}

TEST(LoadAndAssign, PutsTheMapsDescriptorIntoTheProgram) {
  struct Objects {
    Named<"first", Program> program;
    Named<"by_type", Map> map;
  };
  FakeMachine kernel;
  auto objects = Kinds().LoadAndAssign<Objects>(kernel);
  ASSERT_THAT(objects, IsOk());
  const auto attr = kernel.Nth(Command::kProgLoad, 0).As<ProgLoadAttr>();
  const auto& insns = kernel.Nth(Command::kProgLoad, 0).regions[0].bytes;
  ASSERT_EQ(insns.size(), attr.insn_cnt * sizeof(Insn));
  const CollectionSpec spec = Kinds();
  const uint32_t at = spec.CodeOf(*spec.FindProgram("first")).references[0].insn;
  Insn load;
  std::memcpy(&load, insns.data() + at * sizeof(Insn), sizeof load);
  EXPECT_EQ(load.src(), kPseudoMapFd);
  EXPECT_EQ(load.imm, objects->map.fd());
}

// None of these may cost a system call.
TEST(LoadAndAssign, RefusesANameThatIsNotThere) {
  struct Objects {
    Named<"firts", Program> program;
  };
  FakeMachine kernel;
  EXPECT_THAT(Kinds().LoadAndAssign<Objects>(kernel),
              Fails(Code::kNotFound, "has no map or program 'firts'; maps: "));
  EXPECT_TRUE(kernel.calls().empty());
}

TEST(LoadAndAssign, RefusesAProgramBoundAsAMap) {
  struct Objects {
    Named<"first", Map> map;
  };
  FakeMachine kernel;
  EXPECT_THAT(Kinds().LoadAndAssign<Objects>(kernel),
              Fails(Code::kInvalidArgument, "'first' is bound as a map but is a program"));
  EXPECT_TRUE(kernel.calls().empty());
}

TEST(LoadAndAssign, RefusesAMapBoundAsAProgram) {
  struct Objects {
    Named<"by_type", Program> program;
  };
  FakeMachine kernel;
  EXPECT_THAT(Kinds().LoadAndAssign<Objects>(kernel),
              Fails(Code::kInvalidArgument, "'by_type' is bound as a program but is a map"));
  EXPECT_TRUE(kernel.calls().empty());
}

TEST(LoadAndAssign, RefusesSizesThatAreNotTheMaps) {
  struct WrongKey {
    Named<"by_type", TypedMap<uint64_t, Value>> map;
  };
  struct WrongValue {
    Named<"by_type", TypedMap<uint32_t, uint64_t>> map;
  };
  struct NotPerCpu {
    Named<"by_type", PerCpuMap<uint32_t, Value>> map;
  };
  struct PerCpu {
    Named<"by_size", TypedMap<uint32_t, uint64_t>> map;
  };
  FakeMachine kernel;
  EXPECT_THAT(Kinds().LoadAndAssign<WrongKey>(kernel), Fails(Code::kInvalidArgument, "8"));
  EXPECT_THAT(Kinds().LoadAndAssign<WrongKey>(kernel), Fails(Code::kInvalidArgument, "by_type"));
  EXPECT_THAT(Kinds().LoadAndAssign<WrongValue>(kernel), Fails(Code::kInvalidArgument, "24"));
  EXPECT_THAT(Kinds().LoadAndAssign<NotPerCpu>(kernel), Fails(Code::kInvalidArgument, "by_type"));
  EXPECT_THAT(Kinds().LoadAndAssign<PerCpu>(kernel), Fails(Code::kInvalidArgument, "by_size"));
  EXPECT_TRUE(kernel.calls().empty());
}

TEST(LoadAndAssign, RefusesTwoMembersOfOneName) {
  struct Objects {
    Named<"by_type", Map> one;
    Named<"by_type", Map> two;
  };
  FakeMachine kernel;
  EXPECT_THAT(Kinds().LoadAndAssign<Objects>(kernel),
              Fails(Code::kInvalidArgument, "two members are bound to 'by_type'"));
  EXPECT_TRUE(kernel.calls().empty());
}

// Each call of the load fails in turn: the Error names the object, nothing stays open.
TEST(LoadAndAssign, ClosesEverythingWhicheverCallFails) {
  struct Objects {
    Named<"first", Program> first;
    Named<"second", Program> second;
    Named<"older_style", Map> map;
  };
  for (size_t failing = 0; failing < 6; ++failing) {
    SCOPED_TRACE(failing);
    FakeMachine kernel;
    size_t call = 0;
    const auto handler = [&](MutableBytes, std::span<const Region>) -> SysResult<int> {
      // ENOMEM is answered for good: no second try with a log.
      if (call++ == failing) return std::unexpected(Errno{ENOMEM});
      return kernel.NewFd();
    };
    kernel.Always(Command::kMapCreate, handler).Always(Command::kProgLoad, handler);
    const auto objects = Kinds().LoadAndAssign<Objects>(kernel);
    EXPECT_THAT(objects, Fails(Code::kSystem, "kinds: "));
    EXPECT_TRUE(kernel.open_fds().empty());
    EXPECT_EQ(kernel.wrong_closes(), 0U);
    EXPECT_EQ(call, failing + 1);
  }
}

TEST(LoadAndAssign, BindsEveryKindAtOnce) {
  struct Objects {
    Named<"first", Program> a;
    Named<"second", Program> b;
    Named<"probe", Program> c;
    Named<"optional", Program> d;
    Named<"by_type", Map> e;
    Named<"by_size", Map> f;
    Named<"ring", Map> g;
    Named<"events", Map> h;
    Named<"old_style", Map> i;
    Named<"older_style", Map> j;
  };
  FakeMachine kernel;
  const auto objects = Kinds().LoadAndAssign<Objects>(kernel);
  ASSERT_THAT(objects, IsOk());
  EXPECT_EQ(objects->j.name(), "older_style");
  EXPECT_EQ(kernel.open_fds().size(), 10U);
}

}  // namespace
}  // namespace purebpf
