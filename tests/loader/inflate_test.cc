#include "purebpf/loader/internal/inflate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace purebpf::internal {
namespace {

using ::testing::HasSubstr;

template <size_t N>
std::string Raw(const char (&text)[N]) {
  return std::string(text, N - 1);
}

Result<std::string> Unpack(const std::string& file, size_t max_bytes = 1 << 20) {
  auto bytes = Gunzip(std::as_bytes(std::span(file)), max_bytes);
  if (!bytes) return std::unexpected(std::move(bytes).error());
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

constexpr std::string_view kText = "CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=\"x\"\n";

// Of kText: as one stored block, and with the fixed codes.
const std::string kStored =
    Raw("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x23\x00\xdc\xff\x43\x4f\x4e\x46\x49"
        "\x47\x5f\x41\x3d\x79\x0a\x43\x4f\x4e\x46\x49\x47\x5f\x42\x3d\x6d\x0a\x43\x4f\x4e"
        "\x46\x49\x47\x5f\x43\x3d\x22\x78\x22\x0a\x0d\x31\x6c\xb1\x23\x00\x00\x00");
const std::string kFixed =
    Raw("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x73\xf6\xf7\x73\xf3\x74\x8f\x77\xb4\xad"
        "\xe4\x72\x86\x30\x9d\x6c\x73\x61\x4c\x67\x5b\xa5\x0a\x25\x2e\x00\x0d\x31\x6c\xb1"
        "\x23\x00\x00\x00");
// CONFIG_OPTION_0=y, _1=m, _2=n, _3=y and so on to _39, with codes of its own.
const std::string kDynamic =
    Raw("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x6d\xd2\x3b\x0e\x83\x30\x10\x45\xd1\x3e"
        "\xab\xf1\xcc\xf3\xb7\x70\x85\x44\x44\x83\x53\xa4\x67\x05\xd0\xb3\x7b\x94\x32\x5c"
        "\xda\x27\x1d\xc9\x1a\xdf\x69\xac\xf3\xf2\xde\xc6\xe7\xbb\x8c\x75\x0b\xfd\x7c\x4d"
        "\x7f\x8b\xf5\xfd\xb6\x78\x3f\x6e\x8b\xa0\x22\x54\x82\xca\x50\x05\xaa\x42\x35\xbe"
        "\x30\x80\x99\xc1\x99\x13\x8a\x30\x12\x26\xc2\x4c\x58\x08\x2b\x61\xe3\x35\x03\xa0"
        "\x1b\xa0\x3b\xa1\x08\x23\x61\x22\xcc\x84\x85\xb0\x12\x36\xfe\x3c\x83\x11\x8b\xd1"
        "\x43\x32\x6c\x46\x8c\x46\xac\x46\xcc\x46\xec\x46\x0c\x47\xbf\x72\x2e\xc9\x5f\x2e"
        "\xd7\xee\x02\x00\x00");

std::string With(std::string file, size_t at, char byte) {
  file[at] = byte;
  return file;
}

TEST(Gunzip, UnpacksEachKindOfBlock) {
  EXPECT_EQ(Unpack(kStored).value(), kText);
  EXPECT_EQ(Unpack(kFixed).value(), kText);
  const std::string many = Unpack(kDynamic).value();
  EXPECT_THAT(many, ::testing::StartsWith("CONFIG_OPTION_0=y\nCONFIG_OPTION_1=m\n"));
  EXPECT_THAT(many, ::testing::EndsWith("CONFIG_OPTION_38=n\nCONFIG_OPTION_39=y\n"));
  EXPECT_EQ(many.size(), 750u);
}

TEST(Gunzip, SkipsTheHeadersOptionalParts) {
  // Extra field of 2 bytes, name "a", comment "b", CRC of the header.
  std::string file = kFixed;
  file[3] = 4 | 8 | 16 | 2;
  file.insert(10, Raw("\x02\x00zz"
                      "a\0"
                      "b\0"
                      "\xee\xee"));
  EXPECT_EQ(Unpack(file).value(), kText);
  for (size_t cut = 10; cut < 20; ++cut) EXPECT_FALSE(Unpack(file.substr(0, cut)).has_value());
}

TEST(Gunzip, UnpacksWhatGzipPacked) {
  std::ifstream file("/proc/config.gz", std::ios::binary);
  if (!file) GTEST_SKIP() << "this kernel has no /proc/config.gz";
  const std::string packed((std::istreambuf_iterator<char>(file)), {});
  const std::string text = Unpack(packed, 16 << 20).value();
  EXPECT_THAT(text, HasSubstr("\nCONFIG_BPF=y\n"));
}

TEST(Gunzip, KeepsToTheLimit) {
  for (const std::string& file : {kStored, kFixed}) {
    EXPECT_EQ(Unpack(file, kText.size()).value(), kText);
    const auto longer = Unpack(file, kText.size() - 1);
    ASSERT_FALSE(longer.has_value());
    EXPECT_THAT(longer.error().ToString(), HasSubstr("more than the 34 bytes"));
  }
  EXPECT_FALSE(Unpack(kDynamic, 400).has_value());
}

struct Row {
  const char* name;
  std::string file;
  const char* message;
};

const Row kRows[] = {
    {"Nothing", "", "no gzip file"},
    {"AnotherMagic", With(kFixed, 1, 0), "no gzip file"},
    {"AnotherMethod", With(kFixed, 2, 7), "method other than DEFLATE"},
    {"TheReservedBlock", With(kFixed, 10, '\x07'), "reserved kind 3"},
    {"AWrongStoredLength", With(kStored, 11, '\x22'), "complement differ"},
    {"AStoredBlockBeyondTheEnd", kStored.substr(0, 40), "ends within a block"},
    {"AStoredLengthBeyondTheEnd", kStored.substr(0, 12), "stored block's length"},
    {"NoTrailer", kFixed.substr(0, kFixed.size() - 1), "before its checksum"},
    {"AWrongLength", With(kFixed, kFixed.size() - 1, 1), "its length says"},
    {"AWrongChecksum", With(kFixed, kFixed.size() - 5, 0), "checksum is not"},
    {"TooManyCodes", With(kDynamic, 10, '\xfd'), "too many codes"},
    // A fixed-code block that begins with a copy: there is nothing to copy from.
    {"ACopyOfNothing", kFixed.substr(0, 10) + Raw("\x03\x02\x00\x00\x00\x00\x00\x00\x00\x00"),
     "only 0 came before"},
};

class GunzipRefuses : public ::testing::TestWithParam<Row> {};

TEST_P(GunzipRefuses, AndSaysWhere) {
  const auto text = Unpack(GetParam().file);
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code, Code::kMalformed);
  EXPECT_THAT(text.error().ToString(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(Rows, GunzipRefuses, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Gunzip, RefusesEveryPrefix) {
  for (const std::string& file : {kStored, kFixed, kDynamic})
    for (size_t size = 0; size < file.size(); ++size)
      EXPECT_FALSE(Unpack(file.substr(0, size)).has_value()) << size;
}

// The checksum finds what the format does not: only a change that nobody reads may pass.
TEST(Gunzip, RefusesEveryFlippedBitOfTheContents) {
  for (const std::string& file : {kStored, kFixed, kDynamic}) {
    const std::string whole = Unpack(file).value();
    for (size_t bit = 10 * 8; bit < file.size() * 8; ++bit) {
      const auto text =
          Unpack(With(file, bit / 8, static_cast<char>(file[bit / 8] ^ 1 << bit % 8)));
      EXPECT_EQ(text.value_or(whole), whole) << "bit " << bit;
    }
  }
}

}  // namespace
}  // namespace purebpf::internal
