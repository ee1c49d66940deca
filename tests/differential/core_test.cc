// The same relocations by purebpf and by the machine's libbpf: the same instructions.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/elf/file.h"
#include "purebpf/loader/internal/core/core_patch.h"
#include "purebpf/loader/internal/core/core_resolve.h"
#include "purebpf/tests/differential/core_cases.h"
#include "purebpf/tests/differential/libbpf_peer.h"

namespace purebpf::testing {
namespace {

using internal::CoreResolution;
using internal::CoreResolver;

// What we make of one relocation.
struct Ours {
  std::string program;
  size_t insn = 0;          // in the program
  std::vector<Insn> insns;  // of the program, all relocations up to this one done
  std::string words;
  std::string error;
  CoreResolution resolution;
  bool is_array = false;  // the field, or the element
};

elf::Bytes SectionOf(const elf::File& file, std::string_view name) {
  const elf::Section* section = file.FindSection(name);
  return section == nullptr ? elf::Bytes() : section->contents;
}

bool LeadsToArray(const elf::Btf& local, const elf::CoreRelocation& relocation) {
  internal::CoreTypes types(local, 8);
  internal::CorePath path;
  if (!internal::FollowAccess(types, relocation, path)) return false;
  if (path.count == 1) return true;  // the root itself: the kernel's may be an array
  const elf::BtfType last = local.Type(path.last().type);
  const auto type = path.last().name.empty()
                        ? last
                        : types.Strip(local.Member(last, path.last().index).type).value_or(last);
  return type.kind == elf::BtfKind::kArray;
}

// All relocations of an object, in its order, each patched into its program.
std::vector<Ours> ResolveAll(elf::Bytes object, elf::Bytes btf) {
  std::vector<Ours> all;
  const auto file = elf::File::Parse(object);
  const auto kernel = elf::Btf::Parse(btf);
  EXPECT_TRUE(file && kernel);
  if (!file || !kernel) return all;
  const auto local = elf::Btf::Parse(SectionOf(*file, ".BTF"));
  EXPECT_TRUE(local.has_value());
  if (!local) return all;
  const auto sections = elf::ParseCoreRelocations(SectionOf(*file, ".BTF.ext"), *local);
  EXPECT_TRUE(sections.has_value());
  if (!sections) return all;
  CoreResolver resolver(*local, *sections);
  resolver.SearchKernel(*kernel);
  resolver.BeginPlan();
  for (const elf::CoreSection& section : *sections) {
    const elf::Section* code = file->FindSection(section.section);
    std::vector<Insn> insns(code->contents.size() / sizeof(Insn));
    std::memcpy(insns.data(), code->contents.data(), insns.size() * sizeof(Insn));
    for (const elf::CoreRelocation& relocation : section.relocations) {
      Ours ours{.words = resolver.Describe(relocation) + " (" +
                         std::string(internal::CoreKindName(
                             static_cast<internal::CoreKind>(relocation.kind))) +
                         ")"};
      const elf::Symbol* function = nullptr;
      for (const elf::Symbol& symbol : file->symbols())
        if (symbol.type == elf::SymbolType::kFunc && symbol.section == code->index &&
            symbol.value <= relocation.offset && relocation.offset < symbol.value + symbol.size)
          function = &symbol;
      EXPECT_NE(function, nullptr);
      if (function == nullptr) continue;
      const size_t begin = function->value / sizeof(Insn);
      ours.program = function->name;
      ours.insn = relocation.offset / sizeof(Insn) - begin;
      ours.is_array = LeadsToArray(*local, relocation);
      const auto resolution = resolver.Resolve(relocation);
      if (resolution) {
        ours.resolution = *resolution;
        const auto patched =
            internal::PatchInsn(insns, relocation.offset / sizeof(Insn), *resolution);
        if (!patched) ours.error = patched.error().ToString();
      } else {
        ours.error = resolution.error().ToString();
      }
      ours.insns.assign(insns.begin() + static_cast<ptrdiff_t>(begin),
                        insns.begin() + static_cast<ptrdiff_t>(begin + function->size / 8));
      all.push_back(std::move(ours));
    }
  }
  return all;
}

class CoreDifferential : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    peer_ = LibbpfPeer::Open(why);
    if (peer_ == nullptr) GTEST_SKIP() << why;
  }

  // libbpf before 1.6 compares whole arrays where a load takes an element: both poison less and
  // more than they should.
  static bool KnownToDiffer(const Ours& ours) {
    const uint8_t opcode_class = ours.insns[ours.insn].code & 7;
    return ours.is_array && ours.resolution.kind == internal::CoreKind::kFieldByteOffset &&
           opcode_class != 7 && opcode_class != 4;
  }

  struct Score {
    int compared = 0;
    int refused = 0;
    int poisoned = 0;
  };

  void Compare(elf::Bytes object, elf::Bytes btf, Score& score) {
    const std::vector<Ours> all = ResolveAll(object, btf);
    const LibbpfPeer::Outcome theirs = peer_->Load(object, btf);
    if (!theirs.programs) {
      ++score.refused;
      // libbpf also wants candidates to agree on the offset where only another answer is asked for.
      bool refused = theirs.log.find("field offset ambiguity") != std::string::npos;
      std::string words;
      for (const Ours& ours : all) {
        refused = refused || !ours.error.empty() || KnownToDiffer(ours);
        words += "\n  " + ours.words;
      }
      EXPECT_TRUE(refused) << "only libbpf refuses:\n" << theirs.log << words;
      return;
    }
    for (const Ours& ours : all) {
      EXPECT_EQ(ours.error, "") << ours.words;
      const auto program = theirs.programs->find(ours.program);
      if (program == theirs.programs->end() || KnownToDiffer(ours)) continue;
      ++score.compared;
      if (ours.resolution.poison) ++score.poisoned;
      const Insn& mine = ours.insns[ours.insn];
      const Insn& other = program->second[ours.insn];
      EXPECT_EQ(mine, other) << ours.words << "\n  ours  " << Words(mine) << "\n  their "
                             << Words(other);
      if (mine.code == kLoadImm64) {
        EXPECT_EQ(ours.insns[ours.insn + 1], program->second[ours.insn + 1]) << ours.words;
      }
    }
  }

  std::unique_ptr<LibbpfPeer> peer_;
};

TEST_F(CoreDifferential, MadeUpTypesResolveAsByLibbpf) {
  const char* count = std::getenv("PUREBPF_CASES");
  const char* first = std::getenv("PUREBPF_FIRST_CASE");
  const uint64_t begin = first == nullptr ? 0 : std::strtoull(first, nullptr, 10);
  const uint64_t cases = count == nullptr ? 3000 : std::strtoull(count, nullptr, 10);
  Score score;
  for (uint64_t seed = begin; seed < begin + cases && !HasFailure(); ++seed) {
    SCOPED_TRACE("case " + std::to_string(seed) + " by libbpf " + peer_->version());
    const CoreCase made = MakeCoreCase(seed);
    ASSERT_FALSE(made.object.empty());
    Compare(made.object, made.kernel, score);
  }
  std::printf("compared %d instructions (%d poisoned), %d objects refused\n", score.compared,
              score.poisoned, score.refused);
  if (begin == 0 && cases >= 3000) {
    EXPECT_GT(score.compared, 1000);
    EXPECT_GT(score.poisoned, 100);
    EXPECT_GT(score.refused, 100);
  }
}

// The objects named on the command line, against the running kernel.
std::vector<std::string> objects;

std::vector<std::byte> ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST_F(CoreDifferential, CompiledObjectsResolveAsByLibbpf) {
  const std::vector<std::byte> kernel = ReadFile("/sys/kernel/btf/vmlinux");
  if (kernel.empty()) GTEST_SKIP() << "this kernel does not give its types";
  if (objects.empty()) GTEST_SKIP() << "no objects are named";
  Score score;
  for (const std::string& path : objects) {
    SCOPED_TRACE(path);
    Compare(ReadFile(path), kernel, score);
  }
  std::printf("compared %d instructions (%d poisoned), %d objects refused\n", score.compared,
              score.poisoned, score.refused);
  EXPECT_GT(score.compared, 0);
}

}  // namespace
}  // namespace purebpf::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  purebpf::testing::objects.assign(argv + 1, argv + argc);
  return RUN_ALL_TESTS();
}
