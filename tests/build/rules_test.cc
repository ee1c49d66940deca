// What the attributes of bpf_object do, and bpf_library and bpf_vmlinux: three objects of one
// source.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/file.h"

namespace purebpf {
namespace {

using ::testing::internal::GetArgvs;

enum Which : uint8_t { kPlain = 1, kV3S390 = 2, kDwarfArm64 = 3 };

class Object : public ::testing::Test {
 protected:
  // The object's section; empty if there is none.
  elf::Bytes Section(Which which, std::string_view name) {
    Bytes& bytes = bytes_.at(which);
    if (bytes.empty()) bytes = Read(GetArgvs().at(which).c_str());
    const auto file = elf::File::Parse(bytes);
    const elf::Section* section = file ? file->FindSection(name) : nullptr;
    return section != nullptr ? section->contents : elf::Bytes();
  }

  // The number that the XDP program returns, which is its first instruction's.
  int Verdict(Which which) {
    const elf::Bytes code = Section(which, "xdp");
    return code.size() == 16 ? static_cast<int>(code[4]) : -1;
  }

  // Whether an instruction of the section has this class.
  bool HasClass(Which which, std::string_view section, uint8_t wanted) {
    const elf::Bytes code = Section(which, section);
    for (size_t at = 0; at < code.size(); at += 8)
      if ((static_cast<uint8_t>(code[at]) & 7U) == wanted) return true;
    return false;
  }

  bool HasType(Which which, elf::BtfKind kind, std::string_view name) {
    const auto btf = elf::Btf::Parse(Section(which, ".BTF"));
    return btf && btf->Find(kind, name).has_value();
  }

 private:
  using Bytes = std::vector<std::byte>;

  static Bytes Read(const char* path) {
    Bytes bytes;
    std::FILE* file = std::fopen(path, "rb");
    if (file == nullptr) return bytes;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) bytes.push_back(std::byte(c));
    std::fclose(file);
    return bytes;
  }

  std::vector<Bytes> bytes_ = std::vector<Bytes>(4);
};

TEST_F(Object, IsForTheMachineThatIsNamed) {
  EXPECT_EQ(Verdict(kV3S390), 32);
  EXPECT_EQ(Verdict(kDwarfArm64), 31);
}

// The define of a library that the library asked for depends on.
TEST_F(Object, IsForTheBuildingMachineOtherwise) {
#if defined(__aarch64__)
  EXPECT_EQ(Verdict(kPlain), 31);
#elif defined(__s390x__)
  EXPECT_EQ(Verdict(kPlain), 32);
#else
  EXPECT_EQ(Verdict(kPlain), 33);
#endif
}

TEST_F(Object, UsesTheInstructionsOfItsCpu) {
  constexpr uint8_t kJump32 = 6;  // BPF_JMP32, of v3
  EXPECT_FALSE(HasClass(kPlain, "socket", kJump32));
  EXPECT_TRUE(HasClass(kV3S390, "socket", kJump32));
}

TEST_F(Object, HasDwarfOnlyWhereItIsAskedFor) {
  for (const char* name : {".debug_info", ".rel.debug_info", ".debug_line", ".debug_str"}) {
    EXPECT_TRUE(Section(kPlain, name).empty()) << name;
    EXPECT_FALSE(Section(kDwarfArm64, name).empty()) << name;
  }
}

TEST_F(Object, HasTheSameTypesWithAndWithoutDwarf) {
  for (const char* name : {".BTF", ".BTF.ext"}) {
    const elf::Bytes plain = Section(kPlain, name);
    const elf::Bytes with_dwarf = Section(kDwarfArm64, name);
    ASSERT_FALSE(plain.empty()) << name;
    EXPECT_EQ(plain.size(), with_dwarf.size()) << name;
  }
}

TEST_F(Object, KnowsTheTypesOfTheVmlinuxHeader) {
  EXPECT_TRUE(HasType(kPlain, elf::BtfKind::kStruct, "process"));
  EXPECT_TRUE(HasType(kPlain, elf::BtfKind::kStruct, "mount_point"));
  EXPECT_FALSE(HasType(kPlain, elf::BtfKind::kStruct, "numbers"));  // not used
}

TEST_F(Object, HasTheFunctionsOfASourceThatItsOwnIncludes) {
  EXPECT_TRUE(HasType(kPlain, elf::BtfKind::kFunc, "one_more"));
  EXPECT_FALSE(Section(kPlain, ".text").empty());
}

}  // namespace
}  // namespace purebpf
