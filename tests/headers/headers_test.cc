#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "purebpf/elf/file.h"

namespace purebpf {
namespace {

std::vector<std::string> objects;

// Each machine's object has each program, and what programs and maps declare besides code.
TEST(Headers, CompileForEveryMachine) {
  ASSERT_EQ(objects.size(), 9u);
  for (const std::string& path : objects) {
    std::ifstream stream(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    const auto file = elf::File::Parse(std::as_bytes(std::span(bytes)));
    ASSERT_TRUE(file.has_value()) << path << ": " << file.error().message;
    for (const char* name : {"kprobe/x", "kretprobe/x", "fentry/x", "fexit/x", "ksyscall/openat",
                             "tp_btf/x", "tc", "iter/task", ".maps", "license", ".BTF.ext"}) {
      const elf::Section* section = file->FindSection(name);
      ASSERT_NE(section, nullptr) << path << " " << name;
      EXPECT_FALSE(section->contents.empty()) << path << " " << name;
    }
    std::vector<std::string_view> externs;
    for (const elf::Symbol& symbol : file->symbols())
      if (symbol.section == elf::kUndefinedSection) externs.push_back(symbol.name);
    EXPECT_THAT(externs, ::testing::IsSupersetOf({"CONFIG_HZ", "LINUX_HAS_SYSCALL_WRAPPER",
                                                  "bpf_iter_num_new", "bpf_rcu_read_lock"}))
        << path;
  }
}

}  // namespace
}  // namespace purebpf

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  purebpf::objects.assign(arguments + 1, arguments + count);
  return RUN_ALL_TESTS();
}
