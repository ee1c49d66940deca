// bpf_object and cc_bpf_object: what is embedded is what clang wrote, and that is as asked.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "embedded/drop_big_object.h"
#include "gtest/gtest.h"
#include "purebpf/elf/file.h"
#include "tests/build/drop_object.h"

namespace purebpf {
namespace {

using ::testing::internal::GetArgvs;

std::string ReadFile(const std::string& path) {
  std::string bytes;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return bytes;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) bytes += static_cast<char>(c);
  std::fclose(file);
  return bytes;
}

std::string_view Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Embedded : public ::testing::Test {
 protected:
  // The objects as clang wrote them: little and big endian, named by the BUILD file.
  static std::string Object(size_t i) {
    const auto arguments = GetArgvs();
    return i + 1 < arguments.size() ? ReadFile(arguments[i + 1]) : "";
  }
};

TEST_F(Embedded, IsTheObjectByteForByte) {
  ASSERT_FALSE(Object(0).empty());
  EXPECT_EQ(Text(drop_object::Object()), Object(0));
  EXPECT_EQ(Text(tests::big::Object()), Object(1));
}

TEST_F(Embedded, IsAlignedToEightBytes) {
  EXPECT_EQ(reinterpret_cast<uintptr_t>(drop_object::Object().data()) % 8, 0U);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tests::big::Object().data()) % 8, 0U);
}

TEST_F(Embedded, HasTheByteOrderOfItsTarget) {
  const auto native = elf::File::Parse(drop_object::Object());
  const auto big = elf::File::Parse(tests::big::Object());
  ASSERT_TRUE(native.has_value());
  ASSERT_TRUE(big.has_value());
  EXPECT_EQ(native->order(), std::endian::native);
  EXPECT_EQ(big->order(), std::endian::big);
}

TEST_F(Embedded, HasTheProgramAndItsBtf) {
  const auto file = elf::File::Parse(drop_object::Object());
  ASSERT_TRUE(file.has_value());
  for (const char* name : {"xdp", "license", ".BTF", ".BTF.ext"}) {
    EXPECT_NE(file->FindSection(name), nullptr) << name;
  }
}

// The copts of the one object make it another program: they come after the header's default.
TEST_F(Embedded, IsCompiledWithTheOptionsGiven) {
  const auto native = elf::File::Parse(drop_object::Object());
  const auto big = elf::File::Parse(tests::big::Object());
  ASSERT_TRUE(native.has_value() && big.has_value());
  // XDP_PASS either way: clang drops the comparison that VERDICT=1 still needs.
  EXPECT_LT(big->FindSection("xdp")->size, native->FindSection("xdp")->size);
}

// The same source has to give the same bytes in every checkout, sandbox and output folder.
TEST_F(Embedded, HoldsNoPathOfTheBuild) {
  for (size_t i = 0; i < 2; ++i) {
    const std::string object = Object(i);
    ASSERT_FALSE(object.empty());
    for (const char* word : {"execroot", "sandbox", "bazel-out", "/home", "/root", "/tmp"}) {
      EXPECT_EQ(object.find(word), std::string::npos) << word;
    }
    EXPECT_NE(object.find("tests/build/drop.bpf.c"), std::string::npos);
  }
}

}  // namespace
}  // namespace purebpf
