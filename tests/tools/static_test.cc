// What static binaries promise: small, and in need of nothing.
#include <elf.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "purebpf/tests/tools/xconnect_process.h"

namespace purebpf::testing {
namespace {

std::string ReadBinary(const char* name) {
  std::ifstream file(BinaryFromEnvironment(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Why there is no binary with musl; "" where there is one.
std::string MuslProblem() { return std::getenv("MUSL_PROBLEM"); }

// tools/test lists what stands under "size".
void ExpectAtMost(const char* name, std::string_view what, size_t most) {
  const size_t size = ReadBinary(name).size();
  EXPECT_GT(size, 20'000U);
  EXPECT_LE(size, most);
  ::testing::Test::RecordProperty("size", std::string(what) + ": " + std::to_string(size) +
                                              " bytes, at most " + std::to_string(most));
}

// What Debian bookworm's g++ 12 and its glibc must keep to. A newer glibc is larger: that much more
// is not ours.
#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE > 12
constexpr size_t kMoreByLibc = 100'000;
#else
constexpr size_t kMoreByLibc = 0;
#endif

TEST(StaticBinary, IsSmall) {
  ExpectAtMost("XCONNECT_STATIC", "xconnect, static, glibc", 750'000 + kMoreByLibc);
}

TEST(StaticBinary, IsSmallerWithMusl) {
  if (!MuslProblem().empty()) GTEST_SKIP() << MuslProblem();
  ExpectAtMost("XCONNECT_MUSL", "xconnect, static, musl", 560'000);
}

TEST(StaticBinary, OfTheToolIsSmall) {
  ExpectAtMost("PUREBPF_STATIC", "purebpf, static, glibc", 1'000'000 + kMoreByLibc);
}

void ExpectNeedsNothing(const std::string& binary) {
  Elf64_Ehdr header{};
  ASSERT_GE(binary.size(), sizeof header);
  std::memcpy(&header, binary.data(), sizeof header);
  for (size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    std::memcpy(&segment, binary.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    EXPECT_NE(segment.p_type, static_cast<Elf64_Word>(PT_INTERP));
    EXPECT_NE(segment.p_type, static_cast<Elf64_Word>(PT_DYNAMIC));
  }
  for (size_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    std::memcpy(&section, binary.data() + header.e_shoff + i * sizeof section, sizeof section);
    EXPECT_NE(section.sh_type, static_cast<Elf64_Word>(SHT_SYMTAB));
  }
}

TEST(StaticBinary, NeedsNoLoaderAndHasNoSymbols) {
  ExpectNeedsNothing(ReadBinary("XCONNECT_STATIC"));
  ExpectNeedsNothing(ReadBinary("PUREBPF_STATIC"));
  if (MuslProblem().empty()) ExpectNeedsNothing(ReadBinary("XCONNECT_MUSL"));
}

void ExpectTells(const char* name) {
  XconnectProcess version(BinaryFromEnvironment(name), {"--version"});
  EXPECT_EQ(version.Wait(), 0);
  EXPECT_EQ(version.output(), "xconnect 0.1.0 (purebpf)\n");
  XconnectProcess help(BinaryFromEnvironment(name), {"--help"});
  EXPECT_EQ(help.Wait(), 0);
  EXPECT_TRUE(help.Says("usage: xconnect --config FILE"));
  XconnectProcess wrong(BinaryFromEnvironment(name), {"--confg", "x"});
  EXPECT_EQ(wrong.Wait(), 2);
  EXPECT_TRUE(wrong.Says("unknown option '--confg'"));
  XconnectProcess nothing(BinaryFromEnvironment(name), {"--check", "--config", "/no/such/file"});
  EXPECT_EQ(nothing.Wait(), 1);
  EXPECT_TRUE(nothing.Says("refused /no/such/file: read '/no/such/file': ENOENT (No such file"));
}

TEST(StaticBinary, TellsWhatItIsAndWhatIsWrong) {
  ExpectTells("XCONNECT_STATIC");
  if (MuslProblem().empty()) ExpectTells("XCONNECT_MUSL");
}

}  // namespace
}  // namespace purebpf::testing
