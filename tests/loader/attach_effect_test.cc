// Programs that are attached where their sections say, in the running kernel: each counts how often
// it ran. Needs root, and for most rows a kernel with kprobes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/loader/attach.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tests/support/result_matchers.h"

// What probes of this file are in: kept by name, and not inlined.
extern "C" {
__attribute__((noinline, used)) int ProbedByTestFirst(int value) {
  asm volatile("" : "+r"(value));
  return value + 1;
}
__attribute__((noinline, used)) int ProbedByTestSecond(int value) {
  asm volatile("" : "+r"(value));
  return value + 2;
}
}

namespace purebpf {
namespace {

using testing::ElfBuilder;
using testing::IsOk;

constexpr uint64_t kCalls = 3;

// A program in that section, which adds one to the variable "hits" and returns 0.
std::vector<std::byte> CountingObject(const std::string& section) {
  constexpr std::array<Insn, 6> kCode = {
      Insn{.code = kLoadImm64, .registers = Insn::Registers(1, 0)},  // r1 = &hits
      Insn{},
      Insn{.code = 0xb7, .registers = Insn::Registers(2, 0), .imm = 1},  // r2 = 1
      Insn{.code = 0xdb, .registers = Insn::Registers(1, 2)},            // lock *(u64*)r1 += r2
      Insn{.code = 0xb7},                                                // r0 = 0
      Insn{.code = kExit},
  };
  const Bytes code = std::as_bytes(std::span(kCode));
  ElfBuilder elf;
  elf.AddSection({.name = "license",
                  .contents = {std::byte{'G'}, std::byte{'P'}, std::byte{'L'}, std::byte{0}}});
  const auto text = static_cast<uint16_t>(
      elf.AddSection({.name = section, .flags = 6, .contents = {code.begin(), code.end()}}));
  const auto bss = static_cast<uint16_t>(
      elf.AddSection({.name = ".bss", .type = 8, .flags = 3, .contents = {}, .size = 8}));
  elf.AddSymbol({.name = "on_event", .type = 2, .section = text, .size = code.size()});
  const uint32_t hits = elf.AddSymbol({.name = "hits", .type = 1, .section = bss, .size = 8});
  elf.Relocate(text, {.offset = 0, .type = 1, .symbol = hits});
  return elf.Build();
}

struct Row {
  const char* name;
  const char* section;
  uint64_t per_call;   // runs of the program
  bool alone = false;  // nobody else makes it run
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.section; }

constexpr Row kRows[] = {
    {"Uprobe", "uprobe//proc/self/exe:ProbedByTestFirst", 1, true},
    {"UprobeInside", "uprobe//proc/self/exe:ProbedByTestFirst+0", 1, true},
    {"Uretprobe", "uretprobe//proc/self/exe:ProbedByTestSecond", 1, true},
    {"UprobeMulti", "uprobe.multi//proc/self/exe:ProbedByTest*", 2, true},
    {"UretprobeMulti", "uretprobe.multi//proc/self/exe:*ByTestF?rst", 1, true},
    {"Ksyscall", "ksyscall/getpgid", 1},
    {"Kretsyscall", "kretsyscall/getpgid", 1},
    {"Kprobe", "kprobe/vfs_read", 1},
    {"KprobeMulti", "kprobe.multi/vfs_rea?", 1},
    {"Tracepoint", "tp/syscalls/sys_enter_getpgid", 1},
    {"RawTracepoint", "raw_tp/sys_enter", 2},
    {"BtfTracepoint", "tp_btf/sys_enter", 2},
    {"Fentry", "fentry/vfs_read", 1},
    {"Fexit", "fexit/vfs_read", 1},
    {"Lsm", "lsm/sb_statfs", 1},
};

class AttachEffect : public ::testing::TestWithParam<Row> {
 protected:
  // Once of everything that rows attach to.
  static void Call() {
    EXPECT_EQ(ProbedByTestFirst(1), 2);
    EXPECT_EQ(ProbedByTestSecond(1), 3);
    EXPECT_GE(syscall(SYS_getpgid, 0), 0);
    std::array<std::byte, 256> memory;
    EXPECT_EQ(syscall(SYS_statfs, "/", memory.data()), 0);
    const int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(read(zeros, memory.data(), memory.size()), 256);
    close(zeros);
  }
  static uint64_t Hits(Collection& collection) {
    const auto hits = collection.Get<uint64_t>("hits");
    EXPECT_THAT(hits, IsOk());
    return hits.value_or(0);
  }

  HostKernel kernel_;
};

TEST_P(AttachEffect, TheProgramRunsUntilTheLinkIsGone) {
  if (geteuid() != 0) GTEST_SKIP() << "attaching needs root";
  const Row& row = GetParam();
  if (!row.alone && access("/sys/bus/event_source/devices/kprobe/type", R_OK) != 0)
    GTEST_SKIP() << "this kernel has no kprobes";
  const auto spec = CollectionSpec::Parse(CountingObject(row.section), "counting");
  ASSERT_THAT(spec, IsOk());
  auto collection = spec->Load(kernel_);
  ASSERT_THAT(collection, IsOk());
  {
    const auto link = AttachBySection(*collection->FindProgram("on_event"), spec->programs.front());
    if (!link && std::string_view(row.section).find(".multi") != std::string_view::npos &&
        (link.error().code == Code::kUnsupported || link.error().code == Code::kInvalidArgument))
      GTEST_SKIP() << link.error().ToString();
    ASSERT_THAT(link, IsOk());
    ASSERT_TRUE(link->has_value());
    for (uint64_t i = 0; i < kCalls; ++i) Call();
    if (row.alone) {
      EXPECT_EQ(Hits(*collection), kCalls * row.per_call);
    } else {
      EXPECT_GE(Hits(*collection), kCalls * row.per_call);
    }
  }
  const uint64_t before = Hits(*collection);
  for (uint64_t i = 0; i < kCalls; ++i) Call();
  EXPECT_EQ(Hits(*collection), before);
}

INSTANTIATE_TEST_SUITE_P(Sections, AttachEffect, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace purebpf
