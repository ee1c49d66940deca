#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "purebpf/loader/collection_spec.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

// By name: "registers_arm64", "helpers".
std::map<std::string, std::string> objects;

CollectionSpec Read(const std::string& name) {
  std::ifstream stream(objects.at(name), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  auto spec = CollectionSpec::Parse(std::as_bytes(std::span(bytes)), name);
  EXPECT_TRUE(spec.has_value()) << name << ": " << spec.error().ToString();
  return spec.has_value() ? *std::move(spec) : CollectionSpec();
}

const FunctionSpec& Body(const CollectionSpec& spec, std::string_view program) {
  return spec.functions.at(spec.FindProgram(program)->function);
}

TEST(Headers, GiveProgramsThatTheLoaderReadsWithoutAProblem) {
  EXPECT_EQ(objects.size(), 25u);
  for (const auto& [name, path] : objects) {
    const CollectionSpec spec = Read(name);
    EXPECT_FALSE(spec.programs.empty()) << name;
    EXPECT_EQ(spec.btf_problem, "") << name;
    for (const ProgramSpec& program : spec.programs)
      EXPECT_NE(program.type, ProgType::kUnspec) << name << " " << program.name;
    for (const FunctionSpec& function : spec.functions)
      EXPECT_EQ(function.problem, "") << name << " " << function.name;
    for (const MapSpec& map : spec.maps) EXPECT_EQ(map.problem, "") << name << " " << map.name;
  }
}

// Where each machine's registers are: the offsets of machine.h's structures, which are those of the
// machines' asm/ptrace.h. PARM1 to 5 (4), then what comes in, then RET, RC, SP, IP and FP.
TEST(Headers, FindTheRegistersOfEachMachine) {
  const std::map<std::string, std::set<int>> machines = {
      {"x86", {112, 104, 96, 88, 72, 152, 80, 128, 32}},
      {"vmlinux", {112, 104, 96, 88, 72, 152, 80, 128, 32}},
      {"arm64", {0, 8, 16, 24, 32, 40, 48, 56, 240, 248, 256, 232}},
      {"riscv", {80, 88, 96, 104, 112, 120, 128, 136, 8, 16, 0, 64}},
      {"s390", {40, 48, 56, 64, 72, 136, 144, 16, 112}},
      {"powerpc", {24, 32, 40, 48, 56, 64, 72, 80, 288, 8, 256}},
      {"loongarch", {32, 40, 48, 56, 64, 72, 80, 88, 8, 24, 264, 176}},
      {"arm", {0, 8, 16, 24, 112, 104, 96, 88}},
      {"mips", {32, 40, 48, 56, 64, 72, 80, 88, 248, 16, 232, 256, 240}},
  };
  for (const auto& [machine, offsets] : machines) {
    const CollectionSpec spec = Read("registers_" + machine);
    std::set<int> loaded;
    // BPF_LDX | BPF_MEM | BPF_DW: nothing else loads a word here.
    for (const Insn& insn : Body(spec, "plain").insns)
      if (insn.code == 0x79) loaded.insert(insn.off);
    EXPECT_EQ(loaded, offsets) << machine;
  }
}

// A system call's fourth argument of x86 is in r10, a function's in rcx; the first of arm64 where
// no result overwrites it, a member that the loader finds.
TEST(Headers, FindTheArgumentsOfSystemCalls) {
  const CollectionSpec x86 = Read("registers_x86");
  std::set<int> loaded;
  for (const Insn& insn : Body(x86, "syscalls").insns)
    if (insn.code == 0x79 && insn.src() != 10) loaded.insert(insn.off);
  EXPECT_EQ(loaded, (std::set<int>{112, 104, 96, 56, 72, 64}));
  // Six arguments by CO-RE, and without a helper only the first where it has a place of its own.
  EXPECT_EQ(Body(x86, "syscalls").core.size(), 6u);
  for (const char* machine : {"arm64", "riscv", "s390"}) {
    const CollectionSpec spec = Read(std::string("registers_") + machine);
    EXPECT_EQ(Body(spec, "syscalls").core.size(), 7u) << machine;
  }
}

TEST(Headers, DefineMapsAsTheLoaderUnderstandsThem) {
  const CollectionSpec spec = Read("helpers");
  EXPECT_EQ(spec.license, "Dual MIT/GPL");
  const MapSpec* items = spec.FindMap("items");
  ASSERT_NE(items, nullptr);
  EXPECT_EQ(items->params.type, MapType::kHash);
  EXPECT_EQ(items->params.max_entries, 1024u);
  EXPECT_EQ(items->params.flags, 1u);  // BPF_F_NO_PREALLOC
  EXPECT_EQ(items->params.map_extra, 0x23456789u);
  EXPECT_EQ(items->pinning, Pinning::kByName);
  EXPECT_EQ(items->params.value_size, 40u);
  const MapSpec* outer = spec.FindMap("outer");
  ASSERT_NE(outer, nullptr);
  EXPECT_EQ(outer->params.type, MapType::kHashOfMaps);
  ASSERT_EQ(outer->inner.size(), 1u);
  EXPECT_EQ(outer->inner[0].params.type, MapType::kArray);
  EXPECT_EQ(outer->slots.size(), 2u);
  EXPECT_EQ(spec.FindMap("jumps")->slots.size(), 1u);
}

TEST(Headers, DeclareWhatTheLoaderFillsIn) {
  std::vector<std::string> names;
  for (const ExternSpec& external : Read("helpers").externs) names.push_back(external.name);
  EXPECT_THAT(names, IsSupersetOf({"CONFIG_HZ", "CONFIG_BPF_JIT", "LINUX_KERNEL_VERSION",
                                   "bpf_prog_active", "bpf_rcu_read_lock", "bpf_iter_num_new",
                                   "bpf_iter_num_next", "bpf_iter_num_destroy"}));
  names.clear();
  for (const ExternSpec& external : Read("arguments_x86").externs) names.push_back(external.name);
  EXPECT_THAT(names, ElementsAre("LINUX_HAS_SYSCALL_WRAPPER"));
}

// bpf_trace_printk (6) takes three arguments, bpf_trace_vprintk (177) any number.
TEST(Headers, PrintByTheHelperThatTakesTheArguments) {
  const CollectionSpec spec = Read("helpers");
  std::map<int, int> calls;
  for (const Insn& insn : Body(spec, "printing").insns)
    if (insn.code == kCall && insn.src() == 0) ++calls[insn.imm];
  EXPECT_EQ(calls, (std::map<int, int>{{6, 4}, {177, 9}}));
}

}  // namespace
}  // namespace purebpf

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  for (int i = 1; i < count; ++i) {
    std::string name = arguments[i];
    name.erase(0, name.rfind('/') + 1);
    name.erase(name.rfind('.'));
    purebpf::objects[name] = arguments[i];
  }
  return RUN_ALL_TESTS();
}
