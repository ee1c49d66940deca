// A header made from BTF and compiled gives every type the layout that it was made from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_c_dump.h"
#include "purebpf/elf/file.h"
#include "purebpf/tests/elf/btf_same_layout.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/elf/test_objects.h"

// The build says which; what reads this file without its options (clang-tidy) is content with any.
#ifndef PUREBPF_TEST_CLANG
#define PUREBPF_TEST_CLANG "clang"
#endif

namespace purebpf::elf {
namespace {

using ::testing::IsEmpty;

// The BTF of an object, with the bytes that it borrows.
struct ObjectTypes {
  explicit ObjectTypes(std::vector<std::byte> object) : bytes(std::move(object)) {
    const auto file = File::Parse(bytes);
    const Section* section = file ? file->FindSection(".BTF") : nullptr;
    if (section != nullptr) btf = Btf::Parse(section->contents);
  }
  std::vector<std::byte> bytes;
  Result<Btf> btf = Malformed("an object without .BTF");
};

// Compiled by Bazel: NAME.o, a header made from it, and NAME_again.o from that header.
struct Compiled {
  const char* name;
  size_t types;  // with a name, at the least: what was left out would compare equal
};

class CompiledHeader : public ::testing::TestWithParam<Compiled> {};

TEST_P(CompiledHeader, HasTheLayoutsThatItWasMadeFrom) {
  const ObjectTypes original(TestObject(GetParam().name));
  const ObjectTypes again(TestObject(std::string(GetParam().name) + "_again"));
  ASSERT_THAT(original.btf, IsParsed());
  ASSERT_THAT(again.btf, IsParsed());
  const LayoutComparison result = CompareLayouts(*original.btf, *again.btf);
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_GE(result.compared, GetParam().types);
}

TEST_P(CompiledHeader, MadeFromItselfSaysTheSame) {
  const ObjectTypes original(TestObject(GetParam().name));
  const ObjectTypes again(TestObject(std::string(GetParam().name) + "_again"));
  ASSERT_THAT(original.btf, IsParsed());
  ASSERT_THAT(again.btf, IsParsed());
  const LayoutComparison result = CompareLayouts(*again.btf, *again.btf);
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_GE(result.compared, CompareLayouts(*original.btf, *original.btf).compared);
}

INSTANTIATE_TEST_SUITE_P(Objects, CompiledHeader,
                         ::testing::Values(Compiled{"c_dump", 33}, Compiled{"c_dump_eb", 33},
                                           Compiled{"kinds_el", 5}, Compiled{"kinds_eb", 5},
                                           Compiled{"sample_el", 6}),
                         [](const auto& each) { return each.param.name; });

// So that the comparison above can fail.
TEST(CompareLayouts, TellsTypesOfDifferentObjectsApart) {
  const ObjectTypes one(TestObject("kinds_el"));
  const ObjectTypes other(TestObject("sample_el"));
  ASSERT_THAT(one.btf, IsParsed());
  ASSERT_THAT(other.btf, IsParsed());
  EXPECT_THAT(CompareLayouts(*one.btf, *other.btf).differences,
              ::testing::Contains("struct kernel_type: not there"));
}

TEST(RunningKernelsHeader, CompilesToTheKernelsLayouts) {
  const auto bytes = ReadFile("/sys/kernel/btf/vmlinux");
  if (bytes.empty()) GTEST_SKIP() << "no /sys/kernel/btf/vmlinux: CONFIG_DEBUG_INFO_BTF";
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  const auto header = DumpC(*btf);
  ASSERT_THAT(header, IsParsed());
  const std::string stem = ::testing::TempDir() + "/purebpf_vmlinux";
  std::ofstream(stem + ".c") << *header << UseOfAll(*btf);
  const std::string command = std::string(PUREBPF_TEST_CLANG) + " -target bpf -g -O1 -Werror -c " +
                              stem + ".c -o " + stem + ".o";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  const ObjectTypes compiled(ReadFile(stem + ".o"));
  ASSERT_THAT(compiled.btf, IsParsed());
  const LayoutComparison result = CompareLayouts(*btf, *compiled.btf);
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_GT(result.compared, 1000U);
}

}  // namespace
}  // namespace purebpf::elf
