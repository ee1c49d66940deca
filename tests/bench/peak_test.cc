// The memory that a load takes, in a static program as docs/STATIC.md makes it: what a process has
// used at most, beyond one that does nothing. Needs root.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace purebpf {
namespace {

// This test's arguments.
std::string program;
std::string object;

// Kilobytes; -1 where it could not load.
long PeakOf(const std::string& argument) {
  FILE* const out = popen((program + " " + argument).c_str(), "r");
  if (out == nullptr) return -1;
  long kilobytes = -1;
  if (std::fscanf(out, "%ld", &kilobytes) != 1) kilobytes = -1;
  return pclose(out) == 0 ? kilobytes : -1;
}

// 171 CO-RE relocations against kernel types of 5.5 MB. Half of it is the program's own text.
TEST(Peak, OfAnObjectWithManyRelocationsIsBelowAMegabyte) {
  constexpr long kMost = 1000;
  const long empty = PeakOf("");
  const long loading = PeakOf(object);
  ASSERT_GT(empty, 0);
  ASSERT_GT(loading, empty);
  EXPECT_LE(loading - empty, kMost);
  RecordProperty("size", "loading 171 CO-RE relocations: " + std::to_string(loading - empty) +
                             " KiB of memory beyond an empty process, at most " +
                             std::to_string(kMost));
}

}  // namespace
}  // namespace purebpf

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 3) return std::fprintf(stderr, "usage: peak_test PROGRAM OBJECT\n"), 2;
  purebpf::program = argv[1];
  purebpf::object = argv[2];
  return RUN_ALL_TESTS();
}
