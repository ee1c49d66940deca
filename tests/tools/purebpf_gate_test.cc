// purebpf check where it must not be wrong: what the kernel refuses is not let through.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tests/tools/purebpf_fixture.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "tests/tools/gate.h"
#include "tests/tools/gate_big.h"

namespace purebpf::tool {
namespace {

using ::testing::AllOf;
using testing::BtfBuilder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;

// A kernel without the field. `lazy`: as of Linux 6.8.
void AddKernel(BtfBuilder& btf, bool lazy) {
  const uint32_t number = btf.Int("int", 4, 1);
  btf.Struct("thing", 4, {{"always", number, 0}});
  const uint32_t cookie = btf.Int("unsigned long long", 8);
  btf.Func("bpf_throw", btf.FuncProto(0, {{"cookie", cookie}}), 0);
  std::vector<BtfBuilder::Member> members{{"linkage", number, 0}};
  if (lazy) members.push_back({"called", number, 32});
  btf.Struct("bpf_func_info_aux", 8, members);
}

std::vector<std::byte> KernelTypes(bool lazy = false, std::endian order = std::endian::little) {
  BtfBuilder btf(order);
  AddKernel(btf, lazy);
  return btf.Build();
}

// Types over those of such a kernel, as a module has them: int module_function(int).
std::vector<std::byte> ModuleTypes() {
  constexpr uint32_t kNumber = 1;     // AddKernel's
  constexpr uint32_t kPrototype = 7;  // the first after its six
  // The names go on behind the base's; of such BTF, the first is not empty.
  const std::vector<std::byte> kernel = KernelTypes();
  uint32_t behind = 0;
  std::memcpy(&behind, kernel.data() + testing::btf_field::kStringsSize.offset, sizeof behind);
  BtfBuilder split;
  split.BreakString(0, 'x');
  const uint32_t name = behind + split.Name("module_function");
  split.Raw({0, 13U << 24 | 1, kNumber, 0, kNumber});  // FUNC_PROTO
  split.Raw({name, 12U << 24, kPrototype});            // FUNC
  return split.Build();
}

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    WriteFile(object_, gate::Object());
    WriteFile(old_, KernelTypes());
    WriteFile(lazy_, KernelTypes(true));
  }

  // What is said of one program in the table, of the only kernel.
  static std::string VerdictOf(const Ran& ran, std::string_view program) {
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string first, rest;
      words >> first >> std::ws;
      if (first == program && std::getline(words, rest)) return rest;
    }
    return "no row";
  }

  std::string Verdict(std::string_view program, const std::string& kernel,
                      const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments{"check", object_, "--btf", kernel};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return VerdictOf(RunPurebpf(arguments), program);
  }

  TempFolder folder_;
  std::string object_ = folder_ / "gate.o";
  std::string old_ = folder_ / "old";
  std::string lazy_ = folder_ / "lazy";
};

TEST_F(GateTest, EntersExceptionCallbacks) {
  EXPECT_EQ(Verdict("throws", old_), "1 missing");
  EXPECT_EQ(Verdict("throws", lazy_), "1 missing");
}

// Before Linux 6.8 the verifier looks at each global function, called or not.
TEST_F(GateTest, EntersGlobalFunctionsThatAKernelVerifiesByThemselves) {
  EXPECT_EQ(Verdict("calls_global", old_), "1 missing");
  EXPECT_EQ(Verdict("calls_global", lazy_), "1 guarded");
  EXPECT_EQ(Verdict("calls_static", old_), "1 guarded");
}

TEST_F(GateTest, SaysOnWhichVariablesItDepends) {
  const Ran ran = RunPurebpf({"check", object_, "--btf", old_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(VerdictOf(ran, "switched"), "1 depends");
  EXPECT_EQ(VerdictOf(ran, "switched_twice"), "1 depends");
  EXPECT_EQ(VerdictOf(ran, "switched_off"), "1 depends");
  EXPECT_EQ(VerdictOf(ran, "switched_on"), "1 missing");
  EXPECT_EQ(VerdictOf(ran, "switched_and_guarded"), "1 guarded");
  EXPECT_EQ(VerdictOf(ran, "fixed_off"), "1 guarded");
  EXPECT_THAT(
      ran.out,
      AllOf(HasSubstr("  old: switched: depends on 'enable': field 'sometimes' of struct thing"),
            HasSubstr("  old: switched_twice: depends on 'level' and 'settings': field "),
            HasSubstr("  old: switched_off: depends on 'modes': field ")));
  const Ran json = RunPurebpf({"check", "--json", object_, "--btf", old_});
  EXPECT_EQ(WhyNotJsonLines(json.out, 1), "") << json.out;
  EXPECT_THAT(json.out,
              AllOf(HasSubstr(R"({"name":"switched","section":"xdp","plan":"ok","core":1,)"
                              R"("functions":0,"guarded":[],"depends":[{"insn":)"),
                    HasSubstr(R"("variables":["level","settings"]}],"missing":[],"ok":false})")));
}

TEST_F(GateTest, TakesWhatUserSpaceSets) {
  EXPECT_EQ(Verdict("switched", old_, {"--set", "enable"}), "1 guarded");
  EXPECT_EQ(Verdict("switched", old_, {"--set", "enable=0"}), "1 guarded");
  EXPECT_EQ(Verdict("switched", old_, {"--set", "enable=0x7fffffff"}), "1 missing");
  EXPECT_EQ(Verdict("switched_on", old_, {"--set=enable=1"}), "1 guarded");
  EXPECT_EQ(Verdict("switched_off", old_, {"--set", "modes"}), "1 guarded");
  EXPECT_EQ(Verdict("switched_twice", old_, {"--set", "settings"}), "1 guarded");
  EXPECT_EQ(Verdict("switched_twice", old_, {"--set", "level=-3"}), "1 guarded");
  EXPECT_EQ(Verdict("switched_twice", old_, {"--set", "level=254"}), "1 depends");
  EXPECT_THAT(
      RunPurebpf({"check", object_, "--btf", old_, "--set", "level=-2", "--set", "enable"}).out,
      AllOf(HasSubstr("switched_twice: depends on 'settings': "), Not(HasSubstr("'enable'"))));
}

TEST_F(GateTest, SetsVariablesInTheObjectsByteOrder) {
  WriteFile(object_, gate_big::Object());
  WriteFile(old_, KernelTypes(false, std::endian::big));
  EXPECT_EQ(Verdict("switched", old_), "1 depends");
  EXPECT_EQ(Verdict("switched", old_, {"--set", "enable=0x1000000"}), "1 missing");
  EXPECT_EQ(Verdict("switched_off", old_, {"--set", "modes"}), "1 guarded");
}

TEST_F(GateTest, RefusesToSetWhatIsNoSuchConstant) {
  for (const auto& [set, complaint] : {
           std::pair("nothing=1", "--set: no object has a constant 'nothing'"),
           {"enable=0x100000000", "has 4 bytes, which do not hold that number"},
           {"level=-129", "has 1 bytes, which do not hold that number"},
           {"level=256", "has 1 bytes, which do not hold that number"},
           {"settings=1", "gate.o is not a number"},
           {"modes=1", "gate.o is not a number"},
           {"enable=", "--set is NAME or NAME=NUMBER, not 'enable='"},
           {"enable=1x", "--set is NAME or NAME=NUMBER, not 'enable=1x'"},
           {"enable=-9223372036854775809", "--set is NAME or NAME=NUMBER"},
           {"enable=18446744073709551616", "--set is NAME or NAME=NUMBER"},
           {"=1", "--set is NAME or NAME=NUMBER, not '=1'"},
       }) {
    const Ran ran = RunPurebpf({"check", object_, "--btf", old_, "--set", set});
    EXPECT_EQ(ran.status, 2) << set;
    EXPECT_EQ(ran.out, "") << set;
    EXPECT_THAT(ran.err, HasSubstr(complaint)) << set;
  }
}

constexpr std::string_view kOldConfig = "# Linux/x86 6.7.9 Kernel Configuration\nCONFIG_GATE=5\n";
constexpr std::string_view kNewConfig = "# Linux/x86 6.8.0 Kernel Configuration\nCONFIG_GATE=7\n";

TEST_F(GateTest, KnowsVersionAndOptionsFromAConfiguration) {
  for (const char* program : {"by_version", "by_feature", "by_option"})
    EXPECT_EQ(Verdict(program, old_), "1 missing");
  const std::string config = folder_ / "config-6.7.9";
  WriteFile(config, kOldConfig);
  EXPECT_EQ(Verdict("by_version", old_, {"--kconfig", config}), "1 guarded");
  EXPECT_EQ(Verdict("by_feature", old_, {"--kconfig", config}), "1 missing");
  EXPECT_EQ(Verdict("by_option", old_, {"--kconfig", config}), "1 guarded");
  WriteFile(config, kNewConfig);
  EXPECT_EQ(Verdict("by_version", old_, {"--kconfig", config}), "1 missing");
  EXPECT_EQ(Verdict("by_option", old_, {"--kconfig", config}), "1 missing");
}

// Whoever wrote it left the comment with the release out.
TEST_F(GateTest, AssumesNoVersionWhereTheConfigurationHasNone) {
  const std::string config = folder_ / "config";
  WriteFile(config, std::string_view("CONFIG_GATE=5\n"));
  EXPECT_EQ(Verdict("by_version", old_, {"--kconfig", config}), "1 missing");
  EXPECT_EQ(Verdict("by_feature", old_, {"--kconfig", config}), "1 missing");
  EXPECT_EQ(Verdict("by_option", old_, {"--kconfig", config}), "1 guarded");
}

TEST_F(GateTest, FailsOnAConfigurationThatCannotBeRead) {
  const Ran ran = RunPurebpf({"check", object_, "--btf", old_, "--kconfig", folder_ / "missing"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("read the kernel's configuration"), HasSubstr("ENOENT")));
}

TEST_F(GateTest, HasOneConfigurationForOneKernel) {
  const std::string config = folder_ / "config";
  WriteFile(config, kOldConfig);
  const Ran ran = RunPurebpf({"check", object_, "--btf", old_, lazy_, "--kconfig", config});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("--kconfig is of one kernel, and --btf names 2\n"));
}

// A folder as /sys/kernel/btf.
class GateFolderTest : public GateTest {
 protected:
  GateFolderTest() {
    std::filesystem::create_directories(whole_);
    WriteFile(whole_ + "/vmlinux", KernelTypes());
  }

  std::string whole_ = folder_ / "kernels/6.7";
};

TEST_F(GateFolderTest, ReadsModulesOverTheVmlinuxBesideThem) {
  EXPECT_EQ(Verdict("calls_module", whole_), "fails");
  WriteFile(whole_ + "/module", ModuleTypes());
  EXPECT_EQ(Verdict("calls_module", whole_), "ok");
  // Kernels by their folders.
  const Ran ran = RunPurebpf({"check", object_, "--btf", folder_ / "kernels"});
  EXPECT_THAT(ran.out, HasSubstr(object_ + ":\n                        vmlinux\n"));
  EXPECT_EQ(VerdictOf(ran, "calls_module"), "ok");
}

TEST_F(GateFolderTest, NamesKernelsByTheirFoldersWhereTheyAreAllVmlinux) {
  std::filesystem::create_directory(folder_ / "kernels/6.8");
  WriteFile(folder_ / "kernels/6.8/vmlinux", KernelTypes(true));
  const Ran ran = RunPurebpf({"check", object_, "--btf", folder_ / "kernels"});
  EXPECT_THAT(ran.out, HasSubstr("  6.7/vmlinux  6.8/vmlinux\n"));
  EXPECT_THAT(ran.out, HasSubstr("6.7/vmlinux: calls_global: missing: "));
}

TEST_F(GateFolderTest, KnowsTheConfigurationBesideAVmlinux) {
  EXPECT_EQ(Verdict("by_version", whole_), "1 missing");
  WriteFile(whole_ + "/config", kOldConfig);
  EXPECT_EQ(Verdict("by_version", whole_), "1 guarded");
  EXPECT_EQ(Verdict("by_option", whole_), "1 guarded");
}

TEST_F(GateFolderTest, SaysWhichModuleItCannotTake) {
  std::vector<std::byte> damaged = ModuleTypes();
  damaged.resize(damaged.size() - 3);
  WriteFile(whole_ + "/damaged", damaged);
  const Ran ran = RunPurebpf({"check", object_, "--btf", whole_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr(whole_ +
                                 "/damaged': they are neither a kernel's nor those of a "
                                 "module over " +
                                 whole_ + "/vmlinux"));
}

// A .ko, and what is larger than modules' types are.
TEST_F(GateFolderTest, DoesNotPassOverModulesThatItDoesNotRead) {
  testing::ElfBuilder elf;
  elf.AddSection({.name = ".BTF", .contents = ModuleTypes()});
  WriteFile(object_, SmallObject());
  WriteFile(whole_ + "/module.ko", elf.Build());
  Ran ran = RunPurebpf({"check", object_, "--btf", whole_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("module.ko': BTF: "), HasSubstr("a module's types are")));
  std::filesystem::remove(whole_ + "/module.ko");
  EXPECT_EQ(RunPurebpf({"check", object_, "--btf", whole_}).status, 0);
  WriteFile(whole_ + "/large", ModuleTypes());
  EXPECT_EQ(RunPurebpf({"check", object_, "--btf", whole_}).status, 0);
  std::filesystem::resize_file(whole_ + "/large", (size_t{16} << 20) + 1);
  ran = RunPurebpf({"check", object_, "--btf", whole_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("large': BTF: "));
}

// Alone, a module's types say nothing.
TEST_F(GateFolderTest, RefusesAModuleWithoutItsKernel) {
  const std::string module = folder_ / "module";
  WriteFile(module, ModuleTypes());
  const Ran ran = RunPurebpf({"check", object_, "--btf", module});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("a module's types are read beside its kernel's 'vmlinux'"));
}

// Objects that fit, so that the exit status is about the kernels.
class GateKernelsTest : public GateTest {
 protected:
  GateKernelsTest() {
    WriteFile(object_, SmallObject());
    std::filesystem::create_directories(kernels_);
    WriteFile(kernels_ + "/old", KernelTypes());
  }

  Ran Check(const std::vector<std::string>& kernels) {
    std::vector<std::string> arguments{"check", object_, "--btf"};
    arguments.insert(arguments.end(), kernels.begin(), kernels.end());
    return RunPurebpf(arguments);
  }

  std::string kernels_ = folder_ / "kernels";
};

TEST_F(GateKernelsTest, AnEmptyFolderFails) {
  std::filesystem::create_directory(folder_ / "empty");
  const Ran ran = Check({kernels_, folder_ / "empty"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("  passes  ok\n"));
  EXPECT_EQ(ran.err, "purebpf: no file with BTF in " + (folder_ / "empty") + "\n");
  EXPECT_EQ(Check({kernels_}).status, 0);
}

TEST_F(GateKernelsTest, AFileOfAFolderThatCannotBeReadFails) {
  std::filesystem::create_symlink("nowhere", kernels_ + "/dangling");
  const Ran ran = Check({kernels_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("dangling  old\n  passes  ?         ok\n"), HasSubstr("ENOENT")));
}

TEST_F(GateKernelsTest, AnEmptyFileOfAFolderFails) {
  WriteFile(kernels_ + "/new", std::string_view());
  const Ran ran = Check({kernels_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("neither BTF nor an ELF file, in 0 bytes"));
}

TEST_F(GateKernelsTest, AFileBesideKernelsIsToldAndLeftOut) {
  WriteFile(kernels_ + "/README", std::string_view("how these came here\n"));
  const Ran ran = Check({kernels_});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, object_ + ":\n          old\n  passes  ok\n");
  EXPECT_EQ(ran.err, "purebpf: left out: " + kernels_ +
                         "/README: neither BTF nor an ELF file, in 20 bytes\n");
}

TEST_F(GateKernelsTest, FoldersAreFollowedOneDeep) {
  std::filesystem::create_directories(kernels_ + "/more/deeper");
  const Ran ran = Check({kernels_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("deeper"), HasSubstr("EISDIR")));
}

}  // namespace
}  // namespace purebpf::tool
