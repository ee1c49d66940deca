// Plans carried out on kernels that refuse part of them: what is left out, what is undone, and what
// is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using testing::BtfBuilder;
using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;

std::vector<std::byte> Types() {
  BtfBuilder btf;
  btf.Int("int", 4, 1);
  btf.Float("double", 8);  // Linux 5.13
  return btf.Build();
}

CreateMapStep Map(const std::string& name) {
  return {.name = name,
          .params = {.name = name,
                     .type = MapType::kArray,
                     .key_size = 4,
                     .value_size = 4,
                     .max_entries = 1},
          .types = {.key = 1, .value = 1}};
}

LoadProgramStep Pass(std::string name) {
  return {.params = {.name = std::move(name),
                     .type = ProgType::kXdp,
                     .license = "GPL",
                     .insns = {{.code = 0xb7, .imm = 2}, {.code = kExit}}}};
}

// Calls a function of that module, counted from 1.
LoadProgramStep CallsModule(std::string name, int16_t module) {
  LoadProgramStep step = Pass(std::move(name));
  step.calls_modules = true;
  step.params.insns.insert(
      step.params.insns.begin(),
      {.code = kCall, .registers = Insn::Registers(0, kPseudoKfuncCall), .off = module, .imm = 7});
  return step;
}

LoadPlan Plan(std::vector<Step> steps) {
  LoadPlan plan{.name = "object"};
  plan.steps = std::move(steps);
  return plan;
}

// A verifier that refuses programs of one name, with these words.
FakeKernel::Handler Refusing(FakeKernel& kernel, const std::string& name, const std::string& words,
                             Errno answer = Errno{EACCES}) {
  return [&kernel, name, words, answer](MutableBytes attr,
                                        std::span<const Region> regions) -> SysResult<int> {
    ProgLoadAttr asked;
    std::memcpy(&asked, attr.data(), std::min(attr.size(), sizeof asked));
    if (std::string_view(asked.prog_name.data()) != name) return kernel.NewFd();
    for (const Region& region : regions)
      if (region.attr_offset == offsetof(ProgLoadAttr, log_buf) &&
          region.bytes.size() > words.size())
        std::memcpy(region.bytes.data(), words.c_str(), words.size() + 1);
    return std::unexpected(answer);
  };
}

TEST(Execution, TypesThatTheKernelRefusesAreLeftOut) {
  FakeKernel kernel;
  kernel.Always(Command::kBtfLoad, Errno{EINVAL});
  ASSERT_THAT(
      Collection::Load(kernel, Plan({LoadBtfStep{.btf = Types()}, Map("counts"), Pass("pass")})),
      IsOk());
  const auto map = kernel.Nth(Command::kMapCreate, 0).As<MapCreateAttr>();
  EXPECT_EQ(map.btf_fd, 0U);
  EXPECT_EQ(map.btf_key_type_id, 0U);
  EXPECT_EQ(kernel.Nth(Command::kProgLoad, 0).As<ProgLoadAttr>().prog_btf_fd, 0U);
}

TEST(Execution, TypesThatAreNeededAreNotLeftOut) {
  FakeKernel kernel;
  kernel.Always(Command::kBtfLoad, Errno{EINVAL});
  EXPECT_THAT(Collection::Load(
                  kernel, Plan({LoadBtfStep{.btf = Types(), .required = true}, Map("counts")})),
              Fails(Code::kInvalidArgument, "load 'object: BTF': EINVAL"));
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 0U);
}

// A storage's map, or a program with callbacks: the reason is not where it fails.
TEST(Execution, SaysThatTypesWereRefusedWhereSomethingMayNeedThem) {
  FakeKernel kernel;
  kernel.Always(Command::kBtfLoad, Errno{EINVAL});
  kernel.Always(Command::kProgLoad, Refusing(kernel, "calls_back", "missing btf func_info\n"));
  EXPECT_THAT(Collection::Load(kernel, Plan({LoadBtfStep{.btf = Types()}, Pass("calls_back")})),
              Fails(Code::kRejected,
                    "tried without the object's types, which the kernel refused: load 'BTF': "
                    "EINVAL"));
  kernel.Always(Command::kMapCreate, Errno{EINVAL});
  EXPECT_THAT(Collection::Load(kernel, Plan({LoadBtfStep{.btf = Types()}, Map("counts")})),
              Fails(Code::kInvalidArgument,
                    "create map 'object: counts': EINVAL (Invalid argument): tried without the "
                    "object's types, which the kernel refused: load 'BTF': EINVAL"));
}

TEST(Execution, SaysNothingOfRefusedTypesWhereTheyAreNotTheReason) {
  FakeKernel kernel;
  kernel.Always(Command::kBtfLoad, Errno{EINVAL});
  kernel.Always(Command::kProgLoad, Refusing(kernel, "pass", "R0 !read_ok\n"));
  const auto loaded = Collection::Load(kernel, Plan({LoadBtfStep{.btf = Types()}, Pass("pass")}));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().detail.find("types"), std::string::npos) << loaded.error().detail;
}

TEST(Execution, AnOlderKernelIsGivenTheTypesThatItKnows) {
  FakeKernel kernel;
  kernel.release = std::string("5.4.0");
  const std::vector<std::byte> types = Types();
  kernel.Always(Command::kBtfLoad,
                [&](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                  if (std::ranges::equal(regions[0].bytes, types))
                    return std::unexpected(Errno{EINVAL});
                  return kernel.NewFd();
                });
  ASSERT_THAT(Collection::Load(kernel, Plan({LoadBtfStep{.btf = types}, Map("counts")})), IsOk());
  const auto map = kernel.Nth(Command::kMapCreate, 0).As<MapCreateAttr>();
  EXPECT_NE(map.btf_fd, 0U);
  EXPECT_EQ(map.btf_key_type_id, 1U);
}

TEST(Execution, DataThatCannotBeMappedIsLoadedAllTheSame) {
  FakeKernel kernel;
  kernel.Always(Command::kMapCreate,
                [&](MutableBytes attr, std::span<const Region>) -> SysResult<int> {
                  MapCreateAttr asked;
                  std::memcpy(&asked, attr.data(), std::min(attr.size(), sizeof asked));
                  if ((asked.map_flags & kMmapable) != 0) return std::unexpected(Errno{EINVAL});
                  return kernel.NewFd();
                });
  CreateMapStep data = Map(".data");
  data.params.flags = kMmapable;
  data.contents = {std::byte{7}};
  const auto collection = Collection::Load(kernel, Plan({data}));
  ASSERT_THAT(collection, IsOk());
  EXPECT_EQ(collection->FindMap(".data")->params().flags, 0U);
  EXPECT_EQ(kernel.Count(Command::kMapUpdateElem), 1U);
}

TEST(Execution, AKernelThatCannotFreezeIsNoReasonToFail) {
  FakeKernel kernel;
  kernel.Always(Command::kMapFreeze, Errno{EINVAL});
  CreateMapStep constants = Map(".rodata");
  constants.freeze = true;
  EXPECT_THAT(Collection::Load(kernel, Plan({constants})), IsOk());
  kernel.Always(Command::kMapFreeze, Errno{EBUSY});
  EXPECT_THAT(Collection::Load(kernel, Plan({constants})), Fails(Code::kConflict, ".rodata"));
}

TEST(Execution, AFailureUndoesWhatWasPinnedAndMade) {
  FakeKernel kernel;
  kernel.Always(Command::kObjGet, Errno{ENOENT});
  kernel.Always(Command::kObjPin, [&](MutableBytes, std::span<const Region>) -> SysResult<int> {
    kernel.files["/sys/fs/bpf/counts"] = "";
    return 0;
  });
  kernel.Always(Command::kProgLoad, Refusing(kernel, "bad", "R0 !read_ok\n"));
  CreateMapStep counts = Map("counts");
  counts.pin_path = "/sys/fs/bpf/counts";
  EXPECT_THAT(Collection::Load(kernel, Plan({counts, Pass("good"), Pass("bad")})),
              Fails(Code::kRejected, "object: bad"));
  EXPECT_TRUE(kernel.open_fds().empty());
  EXPECT_TRUE(kernel.files.empty()) << "the pin is gone";
}

TEST(Execution, AnotherTryMakesTheSameMap) {
  FakeKernel kernel;
  kernel.Always(Command::kObjGet, Errno{ENOENT});
  kernel.Answer(Command::kObjPin, Errno{EEXIST});  // pinned meanwhile, and unpinned after that
  CreateMapStep counts = Map("counts");
  counts.pin_path = "/sys/fs/bpf/counts";
  ASSERT_THAT(Collection::Load(kernel, Plan({counts})), IsOk());
  ASSERT_EQ(kernel.Count(Command::kMapCreate), 2U);
  EXPECT_EQ(kernel.Nth(Command::kMapCreate, 1).attr, kernel.Nth(Command::kMapCreate, 0).attr);
}

TEST(Execution, APartialLoadLeavesOutWhatIsRejectedAndItsSlots) {
  FakeKernel kernel;
  kernel.Always(Command::kProgLoad, Refusing(kernel, "bad", "R0 !read_ok\n"));
  CreateMapStep jumps = Map("jumps");
  jumps.params.type = MapType::kProgArray;
  LoadPlan plan =
      Plan({jumps, Pass("bad"), Pass("good"), FillSlotStep{.map = 0, .key = 0, .target = 1},
            FillSlotStep{.map = 0, .key = 1, .target = 2}});
  plan.partial = true;
  const auto collection = Collection::Load(kernel, plan);
  ASSERT_THAT(collection, IsOk());
  EXPECT_EQ(collection->FindProgram("bad"), nullptr);
  EXPECT_NE(collection->FindProgram("good"), nullptr);
  ASSERT_EQ(collection->failures().size(), 1U);
  EXPECT_EQ(collection->failures()[0].program, "bad");
  EXPECT_EQ(collection->failures()[0].error.code, Code::kRejected);
  EXPECT_EQ(kernel.Count(Command::kMapUpdateElem), 1U);
}

TEST(Execution, AMapThatTakesAnothersPlaceIsDuplicatedAndNotCreated) {
  FakeKernel kernel;
  const int theirs = kernel.NewFd();
  CreateMapStep counts = Map("counts");
  counts.replacement_fd = theirs;
  counts.contents = {std::byte{1}};
  {
    const auto collection = Collection::Load(kernel, Plan({counts}));
    ASSERT_THAT(collection, IsOk());
    EXPECT_NE(collection->FindMap("counts")->fd(), theirs);
    EXPECT_EQ(kernel.Count(Command::kMapCreate), 0U);
    EXPECT_EQ(kernel.Count(Command::kMapUpdateElem), 0U) << "its contents are its owner's";
  }
  EXPECT_THAT(kernel.open_fds(), ::testing::ElementsAre(theirs));
}

TEST(Execution, AReplacementOfAnotherShapeIsRefusedWithTheDifference) {
  FakeKernel kernel;
  const auto theirs = purebpf::Map::Create(
      kernel,
      {.name = "theirs", .type = MapType::kHash, .key_size = 4, .value_size = 8, .max_entries = 1});
  ASSERT_THAT(theirs, IsOk());
  CollectionSpec spec{.name = "object"};
  spec.maps.push_back({.name = "counts", .params = Map("counts").params});
  auto target = TargetKernel::Described({});
  EXPECT_THAT(LoadPlan::Make(spec, target, {.replace = {{.map = "counts", .by = &*theirs}}}),
              Fails(Code::kInvalidArgument,
                    "the map 'theirs' cannot take its place: type BPF_MAP_TYPE_HASH, wanted "
                    "BPF_MAP_TYPE_ARRAY, value_size 8, wanted 4"));
}

TEST(Execution, ATokenIsGivenToEveryCommandThatTakesOne) {
  FakeKernel kernel;
  LoadPlan plan = Plan({LoadBtfStep{.btf = Types()}, Map("counts"), Pass("pass")});
  plan.token_fd = 42;
  ASSERT_THAT(Collection::Load(kernel, plan), IsOk());
  EXPECT_EQ(kernel.Nth(Command::kBtfLoad, 0).As<BtfLoadAttr>().btf_token_fd, 42);
  const auto map = kernel.Nth(Command::kMapCreate, 0).As<MapCreateAttr>();
  EXPECT_EQ(map.map_token_fd, 42);
  EXPECT_EQ(map.map_flags, uint32_t{kTokenFd});
  const auto program = kernel.Nth(Command::kProgLoad, 0).As<ProgLoadAttr>();
  EXPECT_EQ(program.prog_token_fd, 42);
  EXPECT_EQ(program.prog_flags, uint32_t{kTokenFd});
}

TEST(Execution, ARejectionSaysWhatTheLoaderKnowsOfTheInstruction) {
  FakeKernel kernel;
  const std::string log =
      "0: R1=ctx() R10=fp0\n"
      "0: (85) call unknown#195896080\n"
      "invalid func unknown#195896080\n"
      "processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0\n";
  kernel.Always(Command::kProgLoad, Refusing(kernel, "reads", log));
  LoadProgramStep reads = Pass("reads");
  reads.notes = {
      {.insn = 0, .text = "field 'comm' of struct task_struct does not exist on this kernel"}};
  const auto collection = Collection::Load(kernel, Plan({reads}));
  ASSERT_THAT(
      collection,
      Fails(Code::kRejected, "field 'comm' of struct task_struct does not exist on this kernel"));
  EXPECT_EQ(collection.error().log, log);
  EXPECT_EQ(collection.error().sys_errno, EACCES);
}

// Before Linux 6.4 a log that is full has what the verifier said first.
TEST(Execution, AVerifierThatGivesUpIsUnderstoodWithoutItsLastWord) {
  FakeKernel kernel;
  const std::string log =
      "8: (07) r3 += 1\n"
      "9: (15) if r3 == 0x989680 goto pc+1\n"
      "parent already had regs=4 stack=0 marks\n";
  kernel.Always(Command::kProgLoad, Refusing(kernel, "loops", log, Errno{E2BIG}));
  const auto collection = Collection::Load(kernel, Plan({Pass("loops")}));
  ASSERT_THAT(collection, Fails(Code::kRejected, "BPF program is too large"));
  EXPECT_THAT(collection, Fails(Code::kRejected, "the verifier gave up after a million"));
  EXPECT_EQ(collection.error().log, log);
}

TEST(Execution, AModuleThatIsGoneIsNamed) {
  FakeKernel kernel;
  kernel.Always(Command::kBtfGetNextId, Errno{ENOENT});
  LoadProgramStep calls = CallsModule("calls", 1);
  LoadPlan plan = Plan({calls});
  plan.modules = {"nf_conntrack"};
  EXPECT_THAT(Collection::Load(kernel, plan),
              Fails(Code::kNotFound, "nf_conntrack': no such module is loaded (any more)"));
}

// Modules that other programs of the plan need, and that may be gone, are not opened for it.
TEST(Execution, AProgramNeedsNoModulesButThoseThatItCalls) {
  FakeKernel kernel;
  kernel.Answer(Command::kBtfGetNextId, [](MutableBytes attr, std::span<const Region>) {
    constexpr uint32_t kId = 5;  // next_id
    std::memcpy(attr.data() + 4, &kId, sizeof kId);
    return SysResult<int>(0);
  });
  kernel.Always(Command::kBtfGetNextId, Errno{ENOENT});
  kernel.Always(Command::kObjGetInfoByFd, [](MutableBytes, std::span<const Region> regions) {
    BpfBtfInfo info{};
    info.name_len = 6;
    info.kernel_btf = 1;
    for (const Region& region : regions) {
      if (region.bytes.size() == sizeof info) {
        std::memcpy(&info.name, region.bytes.data() + offsetof(BpfBtfInfo, name), sizeof info.name);
        std::memcpy(region.bytes.data(), &info, sizeof info);
      } else {
        std::memcpy(region.bytes.data(), "other", std::min(region.bytes.size(), sizeof "other"));
      }
    }
    return SysResult<int>(0);
  });
  std::vector<int> fds;
  kernel.Always(Command::kProgLoad, [&](MutableBytes attr, std::span<const Region> regions) {
    ProgLoadAttr asked;
    std::memcpy(&asked, attr.data(), std::min(attr.size(), sizeof asked));
    for (const Region& region : regions) {
      if (region.attr_offset != offsetof(ProgLoadAttr, fd_array)) continue;
      fds.resize(region.bytes.size() / sizeof(int));
      std::memcpy(fds.data(), region.bytes.data(), region.bytes.size());
    }
    return SysResult<int>(kernel.NewFd());
  });
  LoadPlan plan = Plan({CallsModule("calls", 2)});
  plan.modules = {"gone", "other", "gone_too"};
  EXPECT_THAT(Collection::Load(kernel, plan), IsOk());
  ASSERT_EQ(fds.size(), 3U);
  EXPECT_EQ(fds[0], 0);
  EXPECT_EQ(fds[1], 0);
  EXPECT_GT(fds[2], 0);
}

// Linux 4.17 knows the field; kinds that are older do without.
TEST(Execution, AttachTypesAreLeftOutWhereOldKernelsNeedNone) {
  CollectionSpec spec{.name = "object", .license = "GPL"};
  spec.functions.push_back({.name = "f", .insns = {{.code = 0xb7, .imm = 1}, {.code = kExit}}});
  spec.programs.push_back(
      {.name = "drops", .type = ProgType::kXdp, .attach_type = AttachType::kXdp});
  auto target = TargetKernel::Described({});
  auto plan = LoadPlan::Make(spec, target);
  ASSERT_THAT(plan, IsOk());

  FakeKernel old;
  old.Always(Command::kProgLoad, [&](MutableBytes attr, std::span<const Region>) -> SysResult<int> {
    ProgLoadAttr asked;
    std::memcpy(&asked, attr.data(), std::min(attr.size(), sizeof asked));
    if (asked.expected_attach_type != 0) return std::unexpected(Errno{E2BIG});
    return old.NewFd();
  });
  EXPECT_THAT(Collection::Load(old, *plan), IsOk());

  // On such a map's entry alone: a kernel that cannot tell would run it on every packet.
  spec.programs[0].attach_type = AttachType::kXdpDevmap;
  plan = LoadPlan::Make(spec, target);
  ASSERT_THAT(plan, IsOk());
  EXPECT_FALSE(Collection::Load(old, *plan).has_value());
}

}  // namespace
}  // namespace purebpf
