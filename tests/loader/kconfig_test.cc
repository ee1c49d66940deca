#include "purebpf/loader/kconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>

#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf {
namespace {

using ::testing::HasSubstr;

TEST(KernelConfig, FindsOptionsAndNothingElse) {
  const KernelConfig config = KernelConfig::Parse(
      "# Linux/x86 6.1 Kernel Configuration\n"
      "CONFIG_BPF=y\r\n"
      "# CONFIG_KPROBES is not set\n"
      "  CONFIG_HZ = 250 \n"
      "CONFIG_CC_VERSION_TEXT=\"gcc (Debian) = 12\"\n"
      "CONFIG_EMPTY=\n"
      "NOT_CONFIG_X=y\n"
      "CONFIG_LAST=m");
  EXPECT_EQ(config.Find("CONFIG_BPF"), "y");
  EXPECT_EQ(config.Find("CONFIG_HZ"), "250");
  EXPECT_EQ(config.Find("CONFIG_CC_VERSION_TEXT"), "\"gcc (Debian) = 12\"");
  EXPECT_EQ(config.Find("CONFIG_LAST"), "m");
  for (const char* absent : {"CONFIG_KPROBES", "CONFIG_EMPTY", "CONFIG_X", "CONFIG_B", ""})
    EXPECT_EQ(config.Find(absent), std::nullopt) << absent;
}

TEST(KernelConfig, LetsTheLastLineCountAndSurvivesCopying) {
  KernelConfig copy;
  {
    const KernelConfig config = KernelConfig::Parse("CONFIG_A=y\nCONFIG_B=1\nCONFIG_A=n\n");
    copy = config;
  }
  EXPECT_EQ(copy.Find("CONFIG_A"), "n");
  EXPECT_EQ(KernelConfig().Find("CONFIG_A"), std::nullopt);
}

TEST(KernelConfig, TellsOfWhichKernelItIs) {
  for (const auto& [text, release] :
       {std::pair("#\n# Automatically generated file; DO NOT EDIT.\n"
                  "# Linux/x86 6.12.117 Kernel Configuration\n#\nCONFIG_A=y\n",
                  "6.12.117"),
        {"# Linux/arm64 5.10.0-rc3 Kernel Configuration", "5.10.0-rc3"},
        {"# Linux/x86_64 4.19.304 Kernel Configuration\r\nCONFIG_A=y", "4.19.304"}}) {
    EXPECT_EQ(KernelConfig::Parse(text).Release(), release) << text;
  }
  for (const char* text :
       {"", "CONFIG_A=y\n", "CONFIG_A=y\n# Linux/x86 6.1.0 Kernel Configuration\n",
        "# Linux/x86 6.1.0\n", "# BusyBox version: 1.36\n"}) {
    EXPECT_EQ(KernelConfig::Parse(text).Release(), std::nullopt) << text;
  }
}

TEST(KernelConfig, PrefersProcOverBootAndSaysWhatItTried) {
  testing::FakeKernel kernel;
  kernel.release = std::string("6.1.0-test");
  const auto none = KernelConfig::OfRunning(kernel);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, Code::kNotFound);
  EXPECT_THAT(none.error().ToString(), HasSubstr("/boot/config-6.1.0-test"));
  kernel.files["/boot/config-6.1.0-test"] = "CONFIG_FROM=\"boot\"\n";
  EXPECT_EQ(KernelConfig::OfRunning(kernel)->Find("CONFIG_FROM"), "\"boot\"");
  kernel.files["/proc/config.gz"] = "CONFIG_FROM=\"proc\"\n";
  EXPECT_EQ(KernelConfig::OfRunning(kernel)->Find("CONFIG_FROM"), "\"proc\"");
  kernel.files["/proc/config.gz"] = "\x1f\x8b damaged";
  EXPECT_EQ(KernelConfig::OfRunning(kernel).error().code, Code::kMalformed);
}

struct Row {
  const char* name;
  const char* value;
  ConfigType type;
  const char* bytes;  // what is written; null: refused
};

constexpr ConfigType kBool{ConfigKind::kBool, 1, false};
constexpr ConfigType kTristate{ConfigKind::kTristate, 4, false};
constexpr ConfigType kChar{ConfigKind::kChar, 1, true};
constexpr ConfigType kByte{ConfigKind::kInt, 1, false};
constexpr ConfigType kShort{ConfigKind::kInt, 2, true};
constexpr ConfigType kInt{ConfigKind::kInt, 4, true};
constexpr ConfigType kLong{ConfigKind::kInt, 8, false};
constexpr ConfigType kSigned{ConfigKind::kInt, 8, true};
constexpr ConfigType kText{ConfigKind::kString, 5, false};

constexpr Row kRows[] = {
    {"YesIsTrue", "y", kBool, "01"},
    {"NoIsFalse", "n", kBool, "00"},
    {"AModuleIsNoBool", "m", kBool, nullptr},
    {"YesIsTriYes", "y", kTristate, "01000000"},
    {"AModuleIsTriModule", "m", kTristate, "02000000"},
    {"NoIsTriNo", "n", kTristate, "00000000"},
    {"ACharTakesTheLetter", "m", kChar, "6d"},
    {"ACharTakesANumber", "-128", kChar, "80"},
    {"AnIntTakesNoLetter", "y", kInt, nullptr},
    {"ABoolTakesNoNumber", "1", kBool, nullptr},
    {"TheLargestByte", "255", kByte, "ff"},
    {"OneMoreThanAByte", "256", kByte, nullptr},
    {"ANegativeByte", "-1", kByte, nullptr},
    {"TheSmallestShort", "-32768", kShort, "0080"},
    {"OneLessThanAShort", "-32769", kShort, nullptr},
    {"TheLargestShort", "32767", kShort, "ff7f"},
    {"OneMoreThanAShort", "32768", kShort, nullptr},
    {"Hexadecimal", "0x1F", kInt, "1f000000"},
    {"Octal", "010", kInt, "08000000"},
    {"AllBits", "0xffffffffffffffff", kLong, "ffffffffffffffff"},
    {"TooManyBits", "0x10000000000000000", kLong, nullptr},
    {"TheSmallestLong", "-0x8000000000000000", kSigned, "0000000000000080"},
    {"TheLargestLongIsNoMore", "0x8000000000000000", kSigned, nullptr},
    {"NoNumber", "12x", kInt, nullptr},
    {"ALoneSign", "-", kInt, nullptr},
    {"AText", "\"abc\"", kText, "6162630000"},
    {"ATextThatJustFits", "\"abcd\"", kText, "6162636400"},
    {"ATextThatIsCut", "\"abcdefg\"", kText, "6162636400"},
    {"AnEmptyText", "\"\"", kText, "0000000000"},
    {"AnOpenText", "\"", kText, nullptr},
    {"ATextForAnInt", "\"1\"", kInt, nullptr},
    {"ANumberForAText", "1", kText, nullptr},
    {"AnOddSize", "1", {ConfigKind::kInt, 3, false}, nullptr},
    {"NoValue", "", kInt, nullptr},
};

class EncodeConfigTest : public ::testing::TestWithParam<Row> {};

TEST_P(EncodeConfigTest, WritesWhatTheTypeHolds) {
  const Row& row = GetParam();
  std::vector<std::byte> out(row.type.size, std::byte{0xee});
  const auto done = EncodeConfig("CONFIG_X", row.value, row.type, out);
  ASSERT_EQ(done.has_value(), row.bytes != nullptr) << (done ? "" : done.error().ToString());
  if (!done) {
    EXPECT_EQ(done.error().code, Code::kInvalidArgument);
    EXPECT_THAT(done.error().ToString(), HasSubstr("CONFIG_X"));
    return;
  }
  std::string hex;
  for (const std::byte byte : out) {
    hex += "0123456789abcdef"[std::to_integer<int>(byte) >> 4];
    hex += "0123456789abcdef"[std::to_integer<int>(byte) & 15];
  }
  EXPECT_EQ(hex, row.bytes);
}

TEST(EncodeConfig, WritesNumbersInTheOrderThatIsAsked) {
  const ConfigType type{ConfigKind::kInt, 4, true};
  std::vector<std::byte> out(type.size);
  ASSERT_TRUE(EncodeConfig("CONFIG_X", "-2", type, out, std::endian::big));
  EXPECT_EQ(out[0], std::byte{0xff});
  EXPECT_EQ(out[3], std::byte{0xfe});
}

INSTANTIATE_TEST_SUITE_P(Rows, EncodeConfigTest, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace purebpf
