#include "purebpf/tools/purebpf/options.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

#include "purebpf/bpf/try.h"

namespace purebpf::tool {
namespace {

enum class Option : uint8_t {
  kJson,
  kBtf,
  kBase,
  kKconfig,
  kEach,
  kMaxEntries,
  kDefaultMaxEntries,
  kFormat,
  kRecord,
  kReplay,
  kTrace,
  kOutput,
  kName,
  kNamespace,
  kType,
  kSet,
};

struct OptionDef {
  std::string_view name;
  Option option;
  bool takes_value;
  uint32_t bits;  // of the verbs that know it
};
constexpr auto kOptions = std::to_array<OptionDef>({
    {"json", Option::kJson, false, kJsonBit},
    {"btf", Option::kBtf, true, kBtfBit | kBtfListBit},
    {"base", Option::kBase, true, kBaseBit},
    {"kconfig", Option::kKconfig, true, kKconfigBit},
    {"each", Option::kEach, false, kEachBit},
    {"max-entries", Option::kMaxEntries, true, kEntriesBit},
    {"default-max-entries", Option::kDefaultMaxEntries, true, kEntriesBit},
    {"format", Option::kFormat, true, kFormatBit},
    {"record", Option::kRecord, true, kTalkBit},
    {"replay", Option::kReplay, true, kTalkBit},
    {"trace", Option::kTrace, false, kTalkBit},
    {"o", Option::kOutput, true, kOutputBit},
    {"name", Option::kName, true, kNamesBit},
    {"namespace", Option::kNamespace, true, kNamesBit},
    {"type", Option::kType, true, kNamesBit},
    {"set", Option::kSet, true, kSetBit},
});

using Status = std::expected<void, std::string>;

// As it is written: "-o", "--btf".
std::string Dashed(std::string_view name) {
  return (name.size() == 1 ? "-" : "--") + std::string(name);
}

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

const OptionDef* FindOption(std::string_view name, uint32_t allowed) {
  for (const OptionDef& def : kOptions) {
    if (def.name == name && (def.bits & allowed) != 0) return &def;
  }
  return nullptr;
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text, int base = 10) {
  Number number = 0;
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` is its end
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

Status SetMaxEntries(Options& options, std::string_view value) {
  // A map's name holds no '=', but that of a section may.
  const size_t equals = value.rfind('=');
  const auto number = equals == std::string_view::npos
                          ? std::nullopt
                          : ParseNumber<uint32_t>(value.substr(equals + 1));
  if (!number || equals == 0) {
    return std::unexpected("--max-entries is NAME=NUMBER, not " + Quoted(value));
  }
  options.max_entries.push_back({std::string(value.substr(0, equals)), *number});
  return {};
}

// NAME, or NAME=NUMBER: 7, -1, 0x1f.
Status AddSet(Options& options, std::string_view text) {
  const size_t equals = text.find('=');
  SetVariable set{.name = std::string(text.substr(0, equals)), .value = {}};
  if (equals != std::string_view::npos) {
    std::string_view digits = text.substr(equals + 1);
    set.negative = digits.starts_with('-');
    if (set.negative) digits.remove_prefix(1);
    const bool hex = digits.starts_with("0x");
    if (hex) digits.remove_prefix(2);
    const auto number = ParseNumber<uint64_t>(digits, hex ? 16 : 10);
    constexpr uint64_t kLowest = uint64_t{1} << 63;
    if (!number || (set.negative && *number > kLowest))
      return std::unexpected("--set is NAME or NAME=NUMBER, not " + Quoted(text));
    set.value = set.negative ? 0 - *number : *number;
  }
  if (set.name.empty()) return std::unexpected("--set is NAME or NAME=NUMBER, not " + Quoted(text));
  options.set.push_back(std::move(set));
  return {};
}

Status SetOnce(std::string& option, std::string_view name, std::string_view value) {
  if (!option.empty()) return std::unexpected(Dashed(name) + " is given twice");
  option = value;
  return {};
}

Status Set(Options& options, const OptionDef& def, std::string_view value) {
  if (def.takes_value && value.empty()) {
    return std::unexpected(Dashed(def.name) + " needs a value");
  }
  switch (def.option) {
    case Option::kJson:
      options.json = true;
      return {};
    case Option::kEach:
      options.each = true;
      return {};
    case Option::kBtf:
      options.btf.emplace_back(value);
      return {};
    case Option::kBase:
      return SetOnce(options.base, def.name, value);
    case Option::kKconfig:
      return SetOnce(options.kconfig, def.name, value);
    case Option::kMaxEntries:
      return SetMaxEntries(options, value);
    case Option::kDefaultMaxEntries: {
      const auto number = ParseNumber<uint32_t>(value);
      if (!number) {
        return std::unexpected("--default-max-entries is a number, not " + Quoted(value));
      }
      options.default_max_entries = *number;
      return {};
    }
    case Option::kFormat:
      if (value != "c" && value != "raw") {
        return std::unexpected("--format is c or raw, not " + Quoted(value));
      }
      options.format = value == "c" ? DumpFormat::kC : DumpFormat::kRaw;
      return {};
    case Option::kRecord:
      return SetOnce(options.record, def.name, value);
    case Option::kReplay:
      return SetOnce(options.replay, def.name, value);
    case Option::kTrace:
      options.trace = true;
      return {};
    case Option::kOutput:
      return SetOnce(options.output, def.name, value);
    case Option::kName:
      return SetOnce(options.name, def.name, value);
    case Option::kNamespace:
      return SetOnce(options.name_space, def.name, value);
    case Option::kType:
      options.types.emplace_back(value);
      return {};
    case Option::kSet:
      return AddSet(options, value);
  }
  return {};
}

bool IsOption(std::string_view argument) { return argument.size() >= 2 && argument[0] == '-'; }

}  // namespace

std::expected<Options, std::string> ParseOptions(std::span<const std::string_view> arguments,
                                                 uint32_t allowed) {
  Options options;
  bool options_end = false;
  bool in_list = false;  // of --btf's files
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (options_end || !IsOption(argument)) {
      (in_list ? options.btf : options.files).emplace_back(argument);
      continue;
    }
    in_list = false;
    if (argument == "--") {
      options_end = true;
      continue;
    }
    std::string_view name = argument.substr(argument[1] == '-' ? 2 : 1);
    std::optional<std::string_view> value;
    if (const size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const OptionDef* def = FindOption(name, allowed);
    if (def == nullptr) return std::unexpected("unknown option " + Quoted(argument));
    if (!def->takes_value && value) {
      return std::unexpected(Dashed(name) + " takes no value");
    }
    const bool joined = value.has_value();
    if (def->takes_value && !value) {
      if (++i == arguments.size()) {
        return std::unexpected(Dashed(name) + " needs a value");
      }
      value = arguments[i];
    }
    PUREBPF_TRY(Set(options, *def, value.value_or("")));
    in_list = def->option == Option::kBtf && !joined && (allowed & kBtfListBit) != 0;
  }
  if (options.btf.size() > 1 && (allowed & kBtfListBit) == 0) {
    return std::unexpected("--btf is given twice");
  }
  for (const std::string& file : options.files) {
    if (file.empty()) return std::unexpected("a file's name is empty");
  }
  if (options.files.empty()) return std::unexpected("nothing to work on is named");
  if (!options.record.empty() && !options.replay.empty()) {
    return std::unexpected("nothing is recorded of a replay: --record or --replay");
  }
  return options;
}

}  // namespace purebpf::tool
