#include "purebpf/tools/xconnect/options.h"

#include <array>
#include <optional>

#include "purebpf/bpf/try.h"
#include "purebpf/tools/xconnect/text.h"

namespace purebpf::xconnect {
namespace {

enum class Option : uint8_t {
  kConfig,
  kMode,
  kForce,
  kCheck,
  kJson,
  kRecord,
  kReplay,
  kTrace,
  kVersion,
  kHelp,
};

struct OptionDef {
  std::string_view name;  // after one '-' or two
  Option option;
  bool takes_value;
};
constexpr std::array<OptionDef, 12> kOptions = {{
    {"config", Option::kConfig, true},
    {"conf", Option::kConfig, true},
    {"mode", Option::kMode, true},
    {"force", Option::kForce, false},
    {"check", Option::kCheck, false},
    {"json", Option::kJson, false},
    {"record", Option::kRecord, true},
    {"replay", Option::kReplay, true},
    {"trace", Option::kTrace, false},
    {"version", Option::kVersion, false},
    {"help", Option::kHelp, false},
    {"h", Option::kHelp, false},
}};

struct PolicyDef {
  std::string_view name;
  ModePolicy policy;
};
constexpr std::array<PolicyDef, 3> kPolicies = {{
    {"skb", ModePolicy::kSkb},
    {"native", ModePolicy::kNative},
    {"auto", ModePolicy::kAuto},
}};

const OptionDef* FindOption(std::string_view name) {
  for (const OptionDef& def : kOptions)
    if (def.name == name) return &def;
  return nullptr;
}

std::expected<void, std::string> Set(Options& options, const OptionDef& def,
                                     std::string_view value) {
  switch (def.option) {
    case Option::kConfig:
      if (!options.config.empty()) return std::unexpected("--config is given twice");
      if (value.empty()) return std::unexpected("--config needs the path of a file");
      options.config = value;
      return {};
    case Option::kMode:
      for (const PolicyDef& policy : kPolicies) {
        if (policy.name != value) continue;
        options.mode = policy.policy;
        return {};
      }
      return std::unexpected("--mode is skb, native or auto, not " + Quoted(value));
    case Option::kForce:
      options.force = true;
      return {};
    case Option::kCheck:
      options.task = Task::kCheck;
      return {};
    case Option::kJson:
      options.format = Format::kJson;
      return {};
    case Option::kRecord:
    case Option::kReplay: {
      std::string& path = def.option == Option::kRecord ? options.record : options.replay;
      if (!path.empty()) return std::unexpected("--" + std::string(def.name) + " is given twice");
      if (value.empty())
        return std::unexpected("--" + std::string(def.name) + " needs the path of a file");
      path = value;
      return {};
    }
    case Option::kTrace:
      options.trace = true;
      return {};
    case Option::kVersion:
      options.task = Task::kVersion;
      return {};
    case Option::kHelp:
      options.task = Task::kHelp;
      return {};
  }
  return {};
}

}  // namespace

std::expected<Options, std::string> ParseOptions(std::span<const char* const> arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument.size() < 2 || argument[0] != '-')
      return std::unexpected("unexpected argument " + Quoted(argument));
    std::string_view name = argument.substr(argument[1] == '-' ? 2 : 1);
    std::optional<std::string_view> value;
    if (const size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const OptionDef* def = FindOption(name);
    if (def == nullptr) return std::unexpected("unknown option " + Quoted(argument));
    if (!def->takes_value && value)
      return std::unexpected("--" + std::string(name) + " takes no value");
    if (def->takes_value && !value) {
      if (++i == arguments.size())
        return std::unexpected("--" + std::string(name) + " needs a value");
      value = arguments[i];
    }
    PUREBPF_TRY(Set(options, *def, value.value_or("")));
    if (options.task == Task::kHelp || options.task == Task::kVersion) return options;
  }
  if (options.config.empty()) return std::unexpected("--config FILE is missing");
  if (!options.record.empty() && !options.replay.empty())
    return std::unexpected("--record and --replay exclude each other");
  return options;
}

std::string_view PolicyName(ModePolicy policy) {
  for (const PolicyDef& def : kPolicies)
    if (def.policy == policy) return def.name;
  return "";
}

}  // namespace purebpf::xconnect
