#include "purebpf/tools/xconnect/event.h"

#include <array>
#include <utility>

#include "purebpf/tools/xconnect/text.h"

namespace purebpf::xconnect {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string_view JsonEscape(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    default:
      return "";
  }
}

void AppendJsonString(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      line += "\\ufffd";  // the replacement character
    } else if (const std::string_view escape = JsonEscape(text[0]); !escape.empty()) {
      line += escape;
    } else if (byte < 0x20 || byte == 0x7F) {
      line += "\\u00";
      line += kHex[byte >> 4U];
      line += kHex[byte & 0xFU];
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  line += '"';
}

std::string PairText(const Pair& pair) { return pair.a + " <-> " + pair.b; }

std::string CountsText(const Counts& counts) {
  std::string text = Decimal(counts.connected) + " connected, ";
  text += Decimal(counts.waiting) + " waiting";
  if (counts.blocked != 0) text += ", " + Decimal(counts.blocked) + " blocked";
  return text;
}

Event PairEvent(std::string_view name, const Pair& pair, std::string_view reason) {
  Event event{.name = name, .fields = {{"a", pair.a}, {"b", pair.b}}};
  event.text = std::string(name) + " " + PairText(pair);
  if (!reason.empty()) {
    event.fields.push_back({"reason", std::string(reason)});
    event.text += ": " + std::string(reason);
  }
  return event;
}

Event InterfaceEvent(std::string_view name, std::string_view interface, uint32_t index) {
  return {.name = name, .fields = {{"interface", std::string(interface)}, {"ifindex", index}}};
}

void AddCounts(Event& event, const Counts& counts) {
  event.fields.push_back({"connected", counts.connected});
  event.fields.push_back({"waiting", counts.waiting});
  event.fields.push_back({"blocked", counts.blocked});
}

}  // namespace

std::string ToText(const Event& event) {
  std::string line = "xconnect: ";
  std::string_view text = event.text;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (length == 0 || byte < 0x20 || byte == 0x7F) {
      line += '?';
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  line += '\n';
  return line;
}

std::string ToJson(const Event& event) {
  std::string line = "{\"event\":";
  AppendJsonString(line, event.name);
  for (const Field& field : event.fields) {
    line += ',';
    AppendJsonString(line, field.key);
    line += ':';
    if (const auto* number = std::get_if<uint64_t>(&field.value)) {
      line += Decimal(*number);
    } else {
      AppendJsonString(line, *std::get_if<std::string>(&field.value));
    }
  }
  line += "}\n";
  return line;
}

Event Started(std::string_view config, const Counts& counts, std::string_view mode) {
  Event event{.name = "started",
              .fields = {{"config", std::string(config)}, {"mode", std::string(mode)}}};
  AddCounts(event, counts);
  event.text =
      "started with " + std::string(config) + " (" + std::string(mode) + "): " + CountsText(counts);
  return event;
}

Event Reloaded(std::string_view config, const Changes& changes, const Counts& counts) {
  Event event{.name = "reloaded",
              .fields = {{"config", std::string(config)},
                         {"added", changes.added},
                         {"removed", changes.removed},
                         {"unchanged", changes.unchanged}}};
  AddCounts(event, counts);
  event.text = "reloaded " + std::string(config) + ": " + Decimal(changes.added) + " added, " +
               Decimal(changes.removed) + " removed, " + Decimal(changes.unchanged) +
               " unchanged; " + CountsText(counts);
  return event;
}

Event Stopped(std::string_view cause, size_t detached) {
  return {.name = "stopped",
          .fields = {{"cause", std::string(cause)}, {"detached", detached}},
          .text = "stopped by " + std::string(cause) + ": " + Decimal(detached) + " detached"};
}

Event Connected(const Pair& pair) { return PairEvent("connected", pair, ""); }
Event Waiting(const Pair& pair, std::string_view reason) {
  return PairEvent("waiting", pair, reason);
}
Event Blocked(const Pair& pair, std::string_view reason) {
  Event event = PairEvent("blocked", pair, reason);
  event.error = true;
  return event;
}
Event Disconnected(const Pair& pair, std::string_view reason) {
  return PairEvent("disconnected", pair, reason);
}

Event Attached(const Action& action) {
  Event event = InterfaceEvent("attached", action.name, action.index);
  const std::string mode(ModeName(action.mode));
  event.fields.push_back({"mode", mode});
  event.text = "attached to " + action.name + " (" + mode + ")";
  const bool leftover = action.over == Occupant::kLeftover;
  if (leftover || action.over == Occupant::kForeign) {
    const std::string whose = leftover ? "xconnect" : "other";
    event.fields.push_back({"replaced", whose});
    event.fields.push_back({"replaced_program", action.over_program});
    event.text += leftover ? ", taking over from an earlier xconnect's program id "
                           : ", in place of program id ";
    event.text += Decimal(action.over_program);
  }
  return event;
}

Event Detached(const Action& action) {
  Event event = InterfaceEvent("detached", action.name, action.index);
  event.text = "detached from " + action.name;
  return event;
}

Event Displaced(std::string_view name, uint32_t index, uint32_t program_id,
                std::string_view program_name) {
  Event event = InterfaceEvent("displaced", name, index);
  event.fields.push_back({"program", program_id});
  event.text = std::string(name) + ": xconnect's program was taken off";
  if (program_id != 0) {
    event.text += " by somebody who attached program id " + Decimal(program_id);
    if (!program_name.empty()) {
      event.fields.push_back({"program_name", std::string(program_name)});
      event.text += " " + Quoted(program_name);
    }
  }
  event.text += "; left alone until SIGHUP";
  event.error = true;
  return event;
}

Event Appeared(std::string_view name, uint32_t index) {
  Event event = InterfaceEvent("appeared", name, index);
  event.text = "interface " + std::string(name) + " appeared";
  return event;
}
Event Recreated(std::string_view name, uint32_t index) {
  Event event = InterfaceEvent("recreated", name, index);
  event.text = "interface " + std::string(name) + " was made anew";
  return event;
}
Event Gone(std::string_view name) {
  return {.name = "gone",
          .fields = {{"interface", std::string(name)}},
          .text = "interface " + std::string(name) + " is gone"};
}

Event Would(const Pair& pair, const PairPlan& plan) {
  switch (plan.standing) {
    case Standing::kConnected: {
      Event event = PairEvent("would_connect", pair, "");
      event.text = "would connect " + PairText(pair);
      return event;
    }
    case Standing::kWaiting: {
      Event event = PairEvent("would_wait", pair, plan.reason);
      event.text = "would wait to connect " + PairText(pair) + ": " + plan.reason;
      return event;
    }
    case Standing::kBlocked:
      break;
  }
  Event event = PairEvent("would_refuse", pair, plan.reason);
  event.text = "would refuse to connect " + PairText(pair) + ": " + plan.reason;
  event.error = true;
  return event;
}

Event WouldAttach(const Action& action) {
  Event event = Attached(action);
  event.name = "would_attach";
  event.text.replace(0, std::string_view("attached").size(), "would attach");
  return event;
}

Event Checked(std::string_view config, const Counts& counts) {
  Event event{.name = "checked", .fields = {{"config", std::string(config)}}};
  AddCounts(event, counts);
  event.text = std::string(config) +
               " is valid: " + Decimal(counts.connected + counts.waiting + counts.blocked) +
               " pairs, " + Decimal(counts.connected) + " would be connected, " +
               Decimal(counts.waiting) + " would wait, " + Decimal(counts.blocked) +
               " would be refused";
  return event;
}

Event Needed(const Needs& needs) {
  const auto listed = [](const std::vector<Capability>& all, std::string_view between) {
    std::string text;
    for (const Capability each : all) {
      if (!text.empty()) text += between;
      text += NameOf(each);
    }
    return text;
  };
  Event event{.name = "needs", .fields = {{"capabilities", listed(needs.needed, " ")}}};
  event.text = "needs " + listed(needs.needed, " and ");
  if (!needs.missing) return event;
  event.fields.push_back({"missing", listed(*needs.missing, " ")});
  event.text += needs.missing->empty() ? ": this process has them"
                                       : ": this process lacks " + listed(*needs.missing, " and ");
  event.error = !needs.missing->empty();
  if (!needs.sees_programs)
    event.text +=
        "; without CAP_SYS_ADMIN every program that is attached already counts as foreign";
  return event;
}

Event Refused(std::string_view config, const ConfigError& error) {
  Event event{.name = "refused",
              .fields = {{"config", std::string(config)},
                         {"line", error.line},
                         {"column", error.column},
                         {"error", error.message}},
              .error = true};
  event.text = "refused " + std::string(config) + ":" + Decimal(error.line) + ":" +
               Decimal(error.column) + ": " + error.message;
  return event;
}

Event Refused(std::string_view config, const Error& error) {
  const std::string message = error.ToString();
  return {.name = "refused",
          .fields = {{"config", std::string(config)},
                     {"line", uint64_t{0}},
                     {"column", uint64_t{0}},
                     {"error", message}},
          .text = "refused " + std::string(config) + ": " + message,
          .error = true};
}

Event Failed(const Error& error) {
  const std::string message = error.ToString();
  return {.name = "failed",
          .fields = {{"error", message}},
          .text = "failed: " + message,
          .error = true};
}

}  // namespace purebpf::xconnect
