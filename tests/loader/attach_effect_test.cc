// Programs that are attached where their sections say: each counts how often it ran. In a replay
// nothing runs, and the numbers are those that the kernel had counted when it was recorded. Most
// rows take a kernel with kprobes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/loader/attach.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tests/support/executable_builder.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using testing::DualTableTest;
using testing::ElfBuilder;
using testing::ExecutableBuilder;
using testing::IsOk;

constexpr uint64_t kCalls = 3;

// The name of the thread that is counted, with its end the eight bytes that programs compare.
constexpr auto kCounted = std::to_array("counted");

// A program in that section, which adds one to the variable "hits" where the thread that makes it
// run has that name, so that nobody else's system calls count, and returns 0.
std::vector<std::byte> CountingObject(const std::string& section) {
  constexpr int32_t kGetCurrentComm = 16;
  std::array<int32_t, 2> name{};
  std::memcpy(name.data(), kCounted.data(), kCounted.size());
  const std::array<Insn, 14> instructions = {
      Insn{.code = 0xbf, .registers = Insn::Registers(1, 10)},  // r1 = r10
      Insn{.code = 0x07, .registers = Insn::Registers(1, 0), .imm = -16},
      Insn{.code = 0xb7, .registers = Insn::Registers(2, 0), .imm = 16},
      Insn{.code = 0x85, .imm = kGetCurrentComm},
      Insn{.code = 0x79, .registers = Insn::Registers(1, 10), .off = -16},  // r1 = its start
      Insn{.code = kLoadImm64, .registers = Insn::Registers(2, 0), .imm = name[0]},
      Insn{.imm = name[1]},
      Insn{.code = 0x5d, .registers = Insn::Registers(1, 2), .off = 4},  // if r1 != r2 skip
      Insn{.code = kLoadImm64, .registers = Insn::Registers(1, 0)},      // r1 = &hits
      Insn{},
      Insn{.code = 0xb7, .registers = Insn::Registers(2, 0), .imm = 1},
      Insn{.code = 0xdb, .registers = Insn::Registers(1, 2)},  // lock *(u64*)r1 += r2
      Insn{.code = 0xb7},                                      // r0 = 0
      Insn{.code = kExit},
  };
  constexpr uint64_t kHitsSlot = 8 * sizeof(Insn);
  const Bytes code = std::as_bytes(std::span(instructions));
  ElfBuilder elf;
  elf.AddSection({.name = "license",
                  .contents = {std::byte{'G'}, std::byte{'P'}, std::byte{'L'}, std::byte{0}}});
  const auto text = static_cast<uint16_t>(
      elf.AddSection({.name = section, .flags = 6, .contents = {code.begin(), code.end()}}));
  const auto bss = static_cast<uint16_t>(
      elf.AddSection({.name = ".bss", .type = 8, .flags = 3, .contents = {}, .size = 8}));
  elf.AddSymbol({.name = "on_event", .type = 2, .section = text, .size = code.size()});
  const uint32_t hits = elf.AddSymbol({.name = "hits", .type = 1, .section = bss, .size = 8});
  elf.Relocate(text, {.offset = kHitsSlot, .type = 1, .symbol = hits});
  return elf.Build();
}

constexpr bool kIsX86 =
#if defined(__x86_64__)
    true;
#else
    false;
#endif

// A file of two functions of x86-64, the same in every build: ProbedFirst(x) is x + 1, and
// ProbedSecond(x) is x + 2.
class Library {
 public:
  static constexpr const char* kPath = "/tmp/purebpf_attach_effect";
  using Function = int (*)(int);

  // Writes the file, and in the end removes it.
  explicit Library(Kernel& kernel) : kernel_(kernel) {
    EXPECT_TRUE(kernel.WriteFile(kPath, Contents(), WriteMode::kReplace).has_value());
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (memory_ != MAP_FAILED) munmap(memory_, kSize);
    EXPECT_TRUE(kernel_.RemoveFile(kPath).has_value());
  }
  // As a loader maps it, to be called. False where it may not be.
  bool Map() {
    const int file = open(kPath, O_RDONLY | O_CLOEXEC);
    memory_ = mmap(nullptr, kSize, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    close(file);
    return memory_ != MAP_FAILED;
  }
  [[nodiscard]] Function first() const { return At(kFirst); }
  [[nodiscard]] Function second() const { return At(kSecond); }

 private:
  static constexpr size_t kAddress = 0x1000;
  static constexpr size_t kSize = 0x800;
  static constexpr size_t kFirst = 0x600;
  static constexpr size_t kSecond = 0x640;

  static std::vector<std::byte> Contents() {
    ExecutableBuilder library;
    library.segments = {{.flags = 5, .offset = 0, .address = kAddress, .file_size = kSize}};
    library.Dynamic({.name = "ProbedFirst", .address = kAddress + kFirst, .size = 6});
    library.Dynamic({.name = "ProbedSecond", .address = kAddress + kSecond, .size = 6});
    std::vector<std::byte> bytes = library.Build();
    if (bytes.size() > kFirst) ADD_FAILURE() << "no room for code";
    bytes.resize(kSize);
    const auto put = [&bytes](size_t at, uint8_t adds) {
      // eax = edi; eax += adds; return
      const std::array<uint8_t, 6> code = {0x89, 0xf8, 0x83, 0xc0, adds, 0xc3};
      std::memcpy(bytes.data() + at, code.data(), code.size());
    };
    put(kFirst, 1);
    put(kSecond, 2);
    return bytes;
  }

  [[nodiscard]] Function At(size_t offset) const {
    return reinterpret_cast<Function>(static_cast<std::byte*>(memory_) + offset);
  }

  Kernel& kernel_;
  void* memory_ = MAP_FAILED;
};

struct Row {
  const char* name;
  const char* section;
  uint64_t per_call;  // runs of the program
  const char* machine_bound = "";
};

constexpr const char* kNamesOfCalls = "each has another name for the function of a system call";
// From the second of the two calls that name the thread on.
constexpr uint64_t kSystemCalls = 6;

constexpr auto kRows = std::to_array<Row>({
    {"Uprobe", "uprobe//tmp/purebpf_attach_effect:ProbedFirst", 1},
    {"UprobeInside", "uprobe//tmp/purebpf_attach_effect:ProbedFirst+2", 1},
    {"Uretprobe", "uretprobe//tmp/purebpf_attach_effect:ProbedSecond", 1},
    {"UprobeMulti", "uprobe.multi//tmp/purebpf_attach_effect:Probed*", 2},
    {"UretprobeMulti", "uretprobe.multi//tmp/purebpf_attach_effect:*F?rst", 1},
    {"Ksyscall", "ksyscall/getpgid", 1, kNamesOfCalls},
    {"Kretsyscall", "kretsyscall/getpgid", 1, kNamesOfCalls},
    {"Kprobe", "kprobe/vfs_read", 1},
    {"KprobeMulti", "kprobe.multi/vfs_rea?", 1},
    {"Tracepoint", "tp/syscalls/sys_enter_getpgid", 1},
    {"RawTracepoint", "raw_tp/sys_enter", kSystemCalls},
    {"BtfTracepoint", "tp_btf/sys_enter", kSystemCalls},
    {"Fentry", "fentry/vfs_read", 1},
    {"Fexit", "fexit/vfs_read", 1},
    {"Lsm", "lsm/sb_statfs", 1},
});

class AttachEffect : public DualTableTest<Row> {
 public:
  static std::span<const Row> Rows() { return kRows; }

 protected:
  [[nodiscard]] bool IsInLibrary() const {
    return std::string_view(row_.section).contains(Library::kPath);
  }
  [[nodiscard]] bool IsMulti() const { return std::string_view(row_.section).contains(".multi/"); }
  // Once of everything that rows attach to, in a thread of that name; of a running kernel.
  void Call(const std::optional<Library>& library) const {
    if (!live()) return;
    std::array<char, 16> before{};
    std::array<std::byte, 256> memory;
    std::array<int, 2> sums = {2, 3};
    prctl(PR_GET_NAME, before.data());
    prctl(PR_SET_NAME, kCounted.data());
    if (library) sums = {library->first()(1), library->second()(1)};
    const long group = syscall(SYS_getpgid, 0);
    const long told = syscall(SYS_statfs, "/", memory.data());
    const int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    const ssize_t size = read(zeros, memory.data(), memory.size());
    close(zeros);
    prctl(PR_SET_NAME, before.data());
    EXPECT_EQ(sums[0], 2);
    EXPECT_EQ(sums[1], 3);
    EXPECT_GE(group, 0);
    EXPECT_EQ(told, 0);
    EXPECT_EQ(size, 256);
  }
  static uint64_t Hits(Collection& collection) {
    const auto hits = collection.Get<uint64_t>("hits");
    EXPECT_THAT(hits, IsOk());
    return hits.value_or(0);
  }
};

DUAL_TEST(AttachEffect, TheProgramRunsUntilTheLinkIsGone) {
  std::optional<Library> library;
  if (IsInLibrary()) {
    if (live() && !kIsX86) GTEST_SKIP() << "the functions that are probed are of x86-64";
    library.emplace(kernel_);
    if (live() && !library->Map()) GTEST_SKIP() << "/tmp may not have programs";
  } else if (!kernel_.ReadFile("/sys/bus/event_source/devices/kprobe/type", 64)) {
    GTEST_SKIP() << "this kernel has no kprobes";
  }
  const auto spec = CollectionSpec::Parse(CountingObject(row_.section), "counting");
  ASSERT_THAT(spec, IsOk());
  auto collection = spec->Load(kernel_);
  ASSERT_THAT(collection, IsOk());
  {
    const auto link = AttachBySection(*collection->FindProgram("on_event"), spec->programs.front());
    if (!link && IsMulti() &&
        (link.error().code == Code::kUnsupported || link.error().code == Code::kInvalidArgument))
      GTEST_SKIP() << link.error().ToString();
    ASSERT_THAT(link, IsOk());
    ASSERT_TRUE(link->has_value());
    EXPECT_EQ(Hits(*collection), 0U);
    for (uint64_t i = 0; i < kCalls; ++i) Call(library);
    EXPECT_EQ(Hits(*collection), kCalls * row_.per_call);
  }
  for (uint64_t i = 0; i < kCalls; ++i) Call(library);
  EXPECT_EQ(Hits(*collection), kCalls * row_.per_call);
}

}  // namespace
}  // namespace purebpf
