// What the static binary promises: small, and in need of nothing.
#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "purebpf/tests/tools/xconnect_process.h"

namespace purebpf::testing {
namespace {

std::string ReadBinary() {
  std::ifstream file(BinaryFromEnvironment("XCONNECT_STATIC"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// 900 KB is what Debian bookworm's g++ 12 must keep to. The std::string of libstdc++ 16 brings the
// unwinder into every static program, and a newer glibc is larger: that much more is not ours.
#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE > 12
constexpr size_t kMostBytes = 1'000'000;
#else
constexpr size_t kMostBytes = 900'000;
#endif

TEST(StaticBinary, IsSmall) {
  const std::string binary = ReadBinary();
  EXPECT_GT(binary.size(), 100'000U);
  EXPECT_LE(binary.size(), kMostBytes);
}

TEST(StaticBinary, NeedsNoLoaderAndHasNoSymbols) {
  const std::string binary = ReadBinary();
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

TEST(StaticBinary, TellsWhatItIsAndWhatIsWrong) {
  XconnectProcess version(BinaryFromEnvironment("XCONNECT_STATIC"), {"--version"});
  EXPECT_EQ(version.Wait(), 0);
  EXPECT_EQ(version.output(), "xconnect 0.1.0 (purebpf)\n");
  XconnectProcess help(BinaryFromEnvironment("XCONNECT_STATIC"), {"--help"});
  EXPECT_EQ(help.Wait(), 0);
  EXPECT_TRUE(help.Says("usage: xconnect --config FILE"));
  XconnectProcess wrong(BinaryFromEnvironment("XCONNECT_STATIC"), {"--confg", "x"});
  EXPECT_EQ(wrong.Wait(), 2);
  EXPECT_TRUE(wrong.Says("unknown option '--confg'"));
}

}  // namespace
}  // namespace purebpf::testing
