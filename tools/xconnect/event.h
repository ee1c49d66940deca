// What xconnect tells: each event is one line, for people or as a JSON object. Pure.
//
// The names of events and of their keys are an interface to other programs: they stay.
#ifndef PUREBPF_TOOLS_XCONNECT_EVENT_H_
#define PUREBPF_TOOLS_XCONNECT_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "purebpf/bpf/capabilities.h"
#include "purebpf/bpf/error.h"
#include "purebpf/tools/xconnect/config.h"
#include "purebpf/tools/xconnect/plan.h"

namespace purebpf::xconnect {

struct Field {
  std::string_view key;
  std::variant<uint64_t, std::string> value;
};

struct Event {
  std::string_view name;      // "attached": the JSON object's first member, "event"
  std::vector<Field> fields;  // the others, in order
  std::string text;           // for people, without "xconnect: "
  bool error = false;         // goes to stderr
};

// One line with its line end. Neither can be broken into two, or colour a terminal, by the name of
// an interface: control characters are escaped (JSON) or shown as '?'.
[[nodiscard]] std::string ToText(const Event& event);
[[nodiscard]] std::string ToJson(const Event& event);

// How many of the pairs stand how.
struct Counts {
  size_t connected = 0;
  size_t waiting = 0;
  size_t blocked = 0;
};
// What a new configuration changed.
struct Changes {
  size_t added = 0;
  size_t removed = 0;
  size_t unchanged = 0;
};

[[nodiscard]] Event Started(std::string_view config, const Counts& counts, std::string_view mode);
[[nodiscard]] Event Reloaded(std::string_view config, const Changes& changes, const Counts& counts);
[[nodiscard]] Event Stopped(std::string_view cause, size_t detached);

[[nodiscard]] Event Connected(const Pair& pair);
[[nodiscard]] Event Waiting(const Pair& pair, std::string_view reason);
[[nodiscard]] Event Blocked(const Pair& pair, std::string_view reason);
[[nodiscard]] Event Disconnected(const Pair& pair, std::string_view reason);

// `action` is a kAttach or a kDetach.
[[nodiscard]] Event Attached(const Action& action);
[[nodiscard]] Event Detached(const Action& action);
[[nodiscard]] Event Displaced(std::string_view name, uint32_t index, uint32_t program_id,
                              std::string_view program_name);

[[nodiscard]] Event Appeared(std::string_view name, uint32_t index);
[[nodiscard]] Event Recreated(std::string_view name, uint32_t index);
[[nodiscard]] Event Gone(std::string_view name);

// --check: of each pair, of each attachment, and of the whole.
[[nodiscard]] Event Would(const Pair& pair, const PairPlan& plan);
[[nodiscard]] Event WouldAttach(const Action& action);
[[nodiscard]] Event Checked(std::string_view config, const Counts& counts);

// --check: which capabilities a run needs, and those of them that this process lacks (nothing: not
// known); `sees_programs`: whether it has the one to look at programs that are attached already.
struct Needs {
  std::vector<Capability> needed;
  std::optional<std::vector<Capability>> missing;
  bool sees_programs = false;
};
[[nodiscard]] Event Needed(const Needs& needs);

// A configuration that is not applied. Line and column in the file, 0 where it is not the text.
[[nodiscard]] Event Refused(std::string_view config, const ConfigError& error);
[[nodiscard]] Event Refused(std::string_view config, const Error& error);
// Anything else that went wrong.
[[nodiscard]] Event Failed(const Error& error);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_EVENT_H_
