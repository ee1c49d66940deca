// What a skeleton costs in a static program, besides the object that it carries.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace purebpf {
namespace {

std::string Contents(const char* variable) {
  const char* path = std::getenv(variable);
  std::ifstream file(path == nullptr ? "" : path, std::ios::binary);
  EXPECT_TRUE(file) << variable;
  return {std::istreambuf_iterator<char>(file), {}};
}

// Names, types' checks and the table of what there is, of three maps, two programs and five
// variables.
TEST(SkeletonCost, IsLittleMoreThanTheObject) {
  constexpr size_t kMost = 8'000;
  const std::string object = Contents("OBJECT");
  const std::string by_hand = Contents("BY_HAND");
  const std::string skeleton = Contents("SKELETON");
  ASSERT_GT(object.size(), 1'000U);
  EXPECT_FALSE(by_hand.contains(object));
  EXPECT_TRUE(skeleton.contains(object));
  ASSERT_GT(skeleton.size(), by_hand.size());
  const size_t grown = skeleton.size() - by_hand.size();
  EXPECT_LE(grown, object.size() + kMost);
  RecordProperty("size", "skeleton of an object of " + std::to_string(object.size()) +
                             " bytes: a static program grows by " + std::to_string(grown) +
                             ", at most " + std::to_string(object.size() + kMost));
}

}  // namespace
}  // namespace purebpf
