#include "purebpf/tests/tools/static_program.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "purebpf/tests/tools/xconnect_process.h"

namespace purebpf::testing {
namespace {

std::string ReadBinary(const char* variable) {
  std::ifstream file(BinaryFromEnvironment(variable), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

#if defined(__aarch64__)
constexpr std::string_view kMachine = ", arm64";
#else
constexpr std::string_view kMachine;
#endif

}  // namespace

void ExpectAtMost(const char* variable, std::string_view what, size_t most) {
  const size_t size = ReadBinary(variable).size();
  EXPECT_GT(size, 20'000U);
  EXPECT_LE(size, most);
  ::testing::Test::RecordProperty("size", std::string(what) + std::string(kMachine) + ": " +
                                              std::to_string(size) + " bytes, at most " +
                                              std::to_string(most));
}

void ExpectNeedsNothing(const char* variable) {
  const std::string binary = ReadBinary(variable);
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

void ExpectTells(const char* variable) {
  const std::string xconnect = BinaryFromEnvironment(variable);
  XconnectProcess version(xconnect, {"--version"});
  EXPECT_EQ(version.Wait(), 0);
  EXPECT_EQ(version.output(), "xconnect 0.1.0 (purebpf)\n");
  XconnectProcess help(xconnect, {"--help"});
  EXPECT_EQ(help.Wait(), 0);
  EXPECT_TRUE(help.Says("usage: xconnect --config FILE"));
  XconnectProcess wrong(xconnect, {"--confg", "x"});
  EXPECT_EQ(wrong.Wait(), 2);
  EXPECT_TRUE(wrong.Says("unknown option '--confg'"));
  XconnectProcess nothing(xconnect, {"--check", "--config", "/no/such/file"});
  EXPECT_EQ(nothing.Wait(), 1);
  EXPECT_TRUE(nothing.Says("refused /no/such/file: read '/no/such/file': ENOENT (No such file"));
}

}  // namespace purebpf::testing
