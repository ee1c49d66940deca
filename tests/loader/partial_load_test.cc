// LoadOptions::partial where the kernel refuses maps: what else is left out, what is loaded, and
// what is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/testing/fault_kernel.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/kinds.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using testing::Fails;
using testing::FakeKernel;
using testing::FaultKernel;
using ::testing::HasSubstr;
using testing::IsOk;

CreateMapStep Map(const std::string& name, MapType type) {
  return {
      .name = name,
      .params = {.name = name, .type = type, .key_size = 4, .value_size = 4, .max_entries = 4096}};
}

// A program that returns, after it has named the map of that step.
LoadProgramStep Uses(std::string name, uint32_t map) {
  return {
      .params = {.name = std::move(name),
                 .type = ProgType::kXdp,
                 .license = "GPL",
                 .insns = {{.code = kLoadImm64}, {}, {.code = 0xb7, .imm = 2}, {.code = kExit}}},
      .map_slots = {{.insn = 0, .step = map}}};
}

LoadProgramStep UsesNone(std::string name) {
  return {.params = {.name = std::move(name),
                     .type = ProgType::kXdp,
                     .license = "GPL",
                     .insns = {{.code = 0xb7, .imm = 2}, {.code = kExit}}}};
}

LoadPlan Partial(std::vector<Step> steps) {
  LoadPlan plan{.name = "object"};
  plan.steps = std::move(steps);
  plan.partial = true;
  return plan;
}

// A kernel of which map types are older than that one.
void Refuse(FakeKernel& kernel, MapType type) {
  kernel.Always(Command::kMapCreate,
                [&kernel, type](MutableBytes attr, std::span<const Region>) -> SysResult<int> {
                  MapCreateAttr asked;
                  std::memcpy(&asked, attr.data(), std::min(attr.size(), sizeof asked));
                  if (MapType{asked.map_type} == type) return std::unexpected(Errno{EINVAL});
                  return kernel.NewFd();
                });
}

// What was left out: "map events", "program reports".
std::vector<std::string> LeftOut(const Collection& collection) {
  std::vector<std::string> names;
  for (const Failure& failure : collection.failures())
    names.push_back(failure.map.empty() ? "program " + failure.program : "map " + failure.map);
  return names;
}

TEST(PartialLoad, LeavesOutARefusedMapAndTheProgramsThatUseIt) {
  FakeKernel kernel;
  Refuse(kernel, MapType::kRingbuf);
  LoadPlan plan = Partial({Map("events", MapType::kRingbuf), Map("counts", MapType::kArray),
                           Uses("reports", 0), Uses("only_counts", 1)});
  {
    auto collection = Collection::Load(kernel, plan);
    ASSERT_THAT(collection, IsOk());
    EXPECT_THAT(LeftOut(*collection), ElementsAre("map events", "program reports"));
    EXPECT_THAT(collection->TakeMap("events"),
                Fails(Code::kNotFound, "it was left out: create map 'events': EINVAL"));
    EXPECT_THAT(collection->TakeProgram("reports"), Fails(Code::kNotFound, "it was left out: "));
    EXPECT_THAT(collection->TakeMap(""), Fails(Code::kNotFound, "it was not loaded"));
    const Error& map = collection->failures()[0].error;
    const Error& program = collection->failures()[1].error;
    EXPECT_EQ(map.sys_errno, EINVAL);
    EXPECT_EQ(map.object, "events");
    EXPECT_EQ(program.sys_errno, EINVAL);
    EXPECT_EQ(program.object, "program 'reports': events");
    EXPECT_EQ(program.operation, map.operation);
    EXPECT_EQ(collection->FindMap("events"), nullptr);
    EXPECT_EQ(collection->FindProgram("reports"), nullptr);
    EXPECT_NE(collection->FindMap("counts"), nullptr);
    EXPECT_NE(collection->FindProgram("only_counts"), nullptr);
    EXPECT_EQ(kernel.Count(Command::kProgLoad), 1U);
  }
  EXPECT_TRUE(kernel.open_fds().empty());

  plan.partial = false;
  EXPECT_THAT(Collection::Load(kernel, plan), Fails(Code::kInvalidArgument, "object: events"));
  EXPECT_TRUE(kernel.open_fds().empty());
}

TEST(PartialLoad, LeavesSlotsOfRefusedMapsEmpty) {
  FakeKernel kernel;
  Refuse(kernel, MapType::kRingbuf);
  const auto collection = Collection::Load(
      kernel, Partial({Map("outer", MapType::kArrayOfMaps), Map("events", MapType::kRingbuf),
                       Map("more", MapType::kArray), Uses("reads_outer", 0),
                       FillSlotStep{.map = 0, .key = 0, .target = 1},
                       FillSlotStep{.map = 0, .key = 1, .target = 2},
                       FillSlotStep{.map = 1, .key = 0, .target = 3}}));
  ASSERT_THAT(collection, IsOk());
  EXPECT_THAT(LeftOut(*collection), ElementsAre("map events"));
  EXPECT_NE(collection->FindProgram("reads_outer"), nullptr);
  EXPECT_EQ(kernel.Count(Command::kMapUpdateElem), 1U);
}

TEST(PartialLoad, LeavesOutAMapWhoseTemplateIsRefused) {
  FakeKernel kernel;
  Refuse(kernel, MapType::kRingbuf);
  CreateMapStep outer = Map("outer", MapType::kArrayOfMaps);
  outer.inner.emplace();
  outer.inner->params = Map("outer.inner", MapType::kRingbuf).params;
  {
    const auto collection =
        Collection::Load(kernel, Partial({outer, Uses("uses", 0), UsesNone("uses_none")}));
    ASSERT_THAT(collection, IsOk());
    EXPECT_THAT(LeftOut(*collection), ElementsAre("map outer", "program uses"));
    EXPECT_EQ(collection->failures()[1].error.object, "program 'uses': outer: outer.inner");
  }
  EXPECT_TRUE(kernel.open_fds().empty());
}

TEST(PartialLoad, LeavesOutAMapThatCannotBePinnedAndTheFolderForIt) {
  FakeKernel kernel;
  kernel.Always(Command::kObjGet, Errno{ENOENT});
  kernel.Answer(Command::kObjPin, Errno{ENOENT});  // the folder is not there
  kernel.Answer(Command::kObjPin, [&](MutableBytes, std::span<const Region>) -> SysResult<int> {
    kernel.files["/sys/fs/bpf/app"] = "";  // stands for the folder, which was made now
    return std::unexpected(Errno{EPERM});
  });
  FaultKernel watched(kernel);
  CreateMapStep pinned = Map("pinned", MapType::kArray);
  pinned.pin_path = "/sys/fs/bpf/app/pinned";
  {
    const auto collection = Collection::Load(
        watched, Partial({pinned, Map("counts", MapType::kArray), Uses("uses", 0), Uses("on", 1)}));
    ASSERT_THAT(collection, IsOk());
    EXPECT_THAT(LeftOut(*collection), ElementsAre("map pinned", "program uses"));
  }
  EXPECT_EQ(watched.Leaks(), "");
}

// Pinned meanwhile by another loader, whose map is another one: the memory of ours went with it.
TEST(PartialLoad, KeepsNoMemoryOfAnArenaThatIsLeftOut) {
  FakeKernel kernel;
  kernel.Always(Command::kObjGet, Errno{ENOENT});
  kernel.Always(Command::kObjPin, Errno{EEXIST});
  CreateMapStep arena = Map("arena", MapType::kArena);
  arena.params.max_entries = 1;
  arena.pin_path = "/sys/fs/bpf/arena";
  const auto collection = Collection::Load(kernel, Partial({arena, Uses("uses", 0)}));
  ASSERT_THAT(collection, IsOk());
  EXPECT_THAT(LeftOut(*collection), ElementsAre("map arena", "program uses"));
  EXPECT_EQ(kernel.mappings.size(), 3U) << "one an attempt";
  EXPECT_EQ(kernel.open_mappings(), 0);
}

LoadProgramStep Function(std::string name) {
  LoadProgramStep step = UsesNone(std::move(name));
  step.params.type = ProgType::kStructOps;
  return step;
}

// A function that no instance is left for would serve nobody.
TEST(PartialLoad, LeavesOutTheFunctionsOfARefusedStructOps) {
  FakeKernel kernel;
  kernel.Answer(Command::kMapCreate, Errno{EOPNOTSUPP});
  const auto instance = [](uint32_t map, uint32_t first, uint32_t second) {
    return StructOpsStep{.map = map,
                         .value = std::vector<std::byte>(16),
                         .members = {{.offset = 0, .step = first}, {.offset = 8, .step = second}}};
  };
  CreateMapStep taken = Map("taken", MapType::kStructOps);
  taken.params.value_size = 16;
  auto collection = Collection::Load(
      kernel,
      Partial({Map("refused", MapType::kStructOps), taken, Function("of_refused"),
               Function("of_both"), Function("of_taken"), instance(0, 2, 3), instance(1, 3, 4)}));
  ASSERT_THAT(collection, IsOk());
  EXPECT_THAT(LeftOut(*collection), ElementsAre("map refused", "program of_refused"));
  EXPECT_THAT(collection->FillStructOps("taken"), IsOk());
  EXPECT_THAT(collection->FillStructOps("refused"), Fails(Code::kNotFound, "there are: taken"));
}

// The kernel itself says which maps and programs need types.
TEST(PartialLoad, GoesOnWithoutTypesThatOnlyAPartNeeds) {
  FakeKernel kernel;
  kernel.Always(Command::kBtfLoad, Errno{EINVAL});
  kernel.Answer(Command::kMapCreate, Errno{EINVAL});
  LoadPlan plan = Partial({LoadBtfStep{.btf = {}, .required = true},
                           Map("instance", MapType::kStructOps), UsesNone("uses_none")});
  const auto collection = Collection::Load(kernel, plan);
  ASSERT_THAT(collection, IsOk());
  EXPECT_THAT(LeftOut(*collection), ElementsAre("map instance"));
  plan.partial = false;
  EXPECT_FALSE(Collection::Load(kernel, plan).has_value());
}

TEST(PartialLoad, TellsOfAVariableThatItsMapIsNotThere) {
  FakeKernel kernel;
  Refuse(kernel, MapType::kArray);
  LoadPlan plan = Partial({Map(".data", MapType::kArray)});
  plan.variables = {{.name = "limit", .map = ".data", .size = 4}};
  auto collection = Collection::Load(kernel, plan);
  ASSERT_THAT(collection, IsOk());
  EXPECT_THAT(collection->Variable("limit"),
              Fails(Code::kNotFound, "its map '.data' was not loaded"));
}

// Whatever call fails: nothing stays open, and what is neither loaded nor left out does not exist.
TEST(PartialLoad, LoadsOrLeavesOutWhateverCallFails) {
  auto spec = CollectionSpec::Parse(kinds::Object(), "kinds");
  ASSERT_THAT(spec, IsOk());
  spec->FindProgram("untyped")->type = ProgType::kSocketFilter;
  size_t n = 1;
  size_t left_out = 0;
  for (;; ++n) {
    FakeKernel kernel;
    kernel.files["/sys/devices/system/cpu/possible"] = "0-1\n";
    FaultKernel faulty(kernel);
    faulty.FailCall(n, Errno{EINVAL});
    {
      const auto collection = spec->Load(faulty, {.partial = true});
      ASSERT_THAT(collection, IsOk()) << faulty.last_fault();
      EXPECT_EQ(
          collection->maps().size() + collection->programs().size() + collection->failures().size(),
          10U)
          << faulty.last_fault();
      left_out += collection->failures().size();
      for (const Failure& failure : collection->failures())
        EXPECT_THAT(failure.error.ToString(), HasSubstr(failure.map + failure.program));
    }
    EXPECT_EQ(faulty.Leaks(), "") << faulty.last_fault();
    if (faulty.faults() == 0) break;
  }
  EXPECT_GT(n, 10U);
  EXPECT_GT(left_out, 0U);
}

}  // namespace
}  // namespace purebpf
