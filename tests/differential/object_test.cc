// Whole objects by purebpf and by the machine's libbpf, each program alone: the same instructions.
//
//   PUREBPF_OBJECTS=FOLDER  also every file below that folder, of which nothing is known but that
//                           what libbpf opens we open, what it loads we plan, with equal
//                           instructions (bazel test --test_env=PUREBPF_OBJECTS=..., local
//                           strategy)
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/planner.h"
#include "purebpf/loader/target_kernel.h"
#include "purebpf/tests/differential/libbpf_peer.h"

namespace purebpf::testing {
namespace {

std::vector<std::string> objects;  // on the command line

std::vector<std::byte> ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// As far as both can agree. Descriptors differ from run to run, and libbpf 1.1 leaves the call of a
// weak function that the kernel lacks as it stands; from 1.2 it has a number of its own, as ours.
std::vector<Insn> Comparable(std::vector<Insn> insns) {
  constexpr int32_t kAbsent = 2002000000;
  for (size_t i = 0; i < insns.size(); ++i) {
    Insn& insn = insns[i];
    if (insn.code == kCall && insn.src() == 0 && insn.imm >= kAbsent) {
      insn.set_src(kPseudoKfuncCall);
      insn.imm = 0;
    }
    if (insn.code != kLoadImm64) continue;
    if (insn.src() == kPseudoMapFd || insn.src() == kPseudoMapValue) insn.imm = 0;
    ++i;
  }
  return insns;
}

std::string WordsAt(const std::vector<Insn>& insns, size_t at) {
  if (at >= insns.size()) return "none of " + std::to_string(insns.size());
  return Words(insns[at]);
}

class ObjectDifferential : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    peer_ = LibbpfPeer::Open(why);
    if (peer_ == nullptr) GTEST_SKIP() << why;
    if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
      GTEST_SKIP() << "this kernel does not give its types";
    }
  }

  struct Score {
    int opened = 0;
    int equal = 0;
  };

  void Compare(const std::string& path, Score& score) {
    SCOPED_TRACE(path + " by libbpf " + peer_->version());
    const std::vector<std::byte> object = ReadFile(path);
    const LibbpfPeer::Outcome theirs = peer_->LoadEach(object);
    if (!theirs.programs) return;
    ++score.opened;
    const auto spec = CollectionSpec::Parse(object, "peer");
    ASSERT_TRUE(spec) << spec.error().ToString();
    TargetKernel target = TargetKernel::Running(kernel_);
    const LoadOptions options{.pin_root = ""};
    Planner planner(*spec, target, options);
    for (const auto& [name, insns] : *theirs.programs) {
      SCOPED_TRACE(name);
      const ProgramSpec* program = spec->FindProgram(name);
      ASSERT_NE(program, nullptr);
      const auto plan = planner.PlanAlone(static_cast<uint32_t>(program - spec->programs.data()));
      if (!plan) {
        ADD_FAILURE() << plan.error().ToString();
        continue;
      }
      ASSERT_TRUE(std::holds_alternative<LoadProgramStep>(plan->steps.back()));
      const auto ours = Comparable(std::get<LoadProgramStep>(plan->steps.back()).params.insns);
      const auto other = Comparable(insns);
      const size_t at = static_cast<size_t>(std::ranges::mismatch(ours, other).in1 - ours.begin());
      EXPECT_EQ(ours, other) << "instruction " << at << ": ours " << WordsAt(ours, at)
                             << ", theirs " << WordsAt(other, at);
      if (ours == other) ++score.equal;
    }
  }

  HostKernel kernel_;
  std::unique_ptr<LibbpfPeer> peer_;
};

TEST_F(ObjectDifferential, EveryFeatureHasLibbpfsInstructions) {
  ASSERT_FALSE(objects.empty());
  Score score;
  for (const std::string& path : objects) Compare(path, score);
  EXPECT_EQ(static_cast<size_t>(score.opened), objects.size());
  std::printf("%d objects, %d programs with equal instructions\n", score.opened, score.equal);
}

TEST_F(ObjectDifferential, ObjectsOfTheDevelopersHaveLibbpfsInstructions) {
  const char* folder = std::getenv("PUREBPF_OBJECTS");
  if (folder == nullptr) GTEST_SKIP() << "PUREBPF_OBJECTS names no folder";
  // All of them first: libbpf may close descriptors that are not its own.
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::ranges::sort(paths);
  Score score;
  for (const std::string& path : paths) Compare(path, score);
  std::printf("%d objects, %d programs with equal instructions\n", score.opened, score.equal);
  EXPECT_GT(score.equal, 0);
}

}  // namespace
}  // namespace purebpf::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  purebpf::testing::objects.assign(argv + 1, argv + argc);
  return RUN_ALL_TESTS();
}
