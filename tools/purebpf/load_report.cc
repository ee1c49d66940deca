#include "purebpf/tools/purebpf/load_report.h"

#include <array>
#include <bit>
#include <cstddef>
#include <string_view>

#include "purebpf/bpf/abi.h"
#include "purebpf/tools/purebpf/json.h"
#include "purebpf/tools/purebpf/output.h"

namespace purebpf::tool {
namespace {

using InsnBytes = std::array<uint8_t, sizeof(Insn)>;

void AppendHex(std::string& text, uint8_t byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  text += kDigits[byte >> 4];
  text += kDigits[byte & 0xf];
}

// As a kernel of that byte order has it: the registers are two fields of a nibble each.
InsnBytes BytesOf(Insn insn, std::endian order) {
  if (order != std::endian::native) {
    insn.registers = static_cast<uint8_t>(insn.registers << 4 | insn.registers >> 4);
    insn.off = std::byteswap(insn.off);
    insn.imm = std::byteswap(insn.imm);
  }
  return std::bit_cast<InsnBytes>(insn);
}

std::string HexOf(std::span<const Insn> insns, std::endian order) {
  std::string text;
  text.reserve(insns.size() * sizeof(Insn) * 2);
  for (const Insn& insn : insns) {
    for (const uint8_t byte : BytesOf(insn, order)) AppendHex(text, byte);
  }
  return text;
}

std::string HexOf(uint64_t value) {
  std::string text;
  for (int shift = 56; shift >= 0; shift -= 8)
    AppendHex(text, static_cast<uint8_t>(value >> shift));
  return text;
}

bool TakesMap(const Insn& insn) {
  return insn.code == kLoadImm64 && (insn.src() == kPseudoMapFd || insn.src() == kPseudoMapValue);
}

void WriteMap(JsonWriter& json, const MapReport& map) {
  json.BeginObject();
  json.Key("name").Text(map.params.name);
  json.Key("type").Number(static_cast<uint32_t>(map.params.type));
  json.Key("key_size").Number(map.params.key_size);
  json.Key("value_size").Number(map.params.value_size);
  json.Key("max_entries").Number(map.params.max_entries);
  json.Key("map_flags").Number(map.params.flags);
  json.Key("map_extra").Number(map.params.map_extra);
  if (map.problem) {
    json.Key("plan");
    WriteError(json, *map.problem);
  }
  json.EndObject();
}

void WriteLoad(JsonWriter& json, const Result<ProgramInfo>& load) {
  json.Key("load");
  if (!load) return WriteError(json, load.error());
  json.Text("ok");
  std::string tag;
  for (const uint8_t byte : load->tag) AppendHex(tag, byte);
  json.Key("tag").Text(tag);
  json.Key("verified_insns").Number(load->verified_insns);
  json.Key("func_info").Number(load->func_info_count);
  json.Key("line_info").Number(load->line_info_count);
}

void WriteProgram(JsonWriter& json, const ProgramReport& program, std::endian order) {
  json.BeginObject();
  json.Key("name").Text(program.name);
  json.Key("section").Text(program.section);
  json.Key("type").Number(static_cast<uint32_t>(program.type));
  json.Key("attach_type").Number(static_cast<uint32_t>(program.attach_type));
  json.Key("flags").Number(program.flags);
  json.Key("plan");
  if (program.plan_error) {
    WriteError(json, *program.plan_error);
  } else {
    json.Text("ok");
    json.Key("insn_cnt").Number(program.insns.size());
    json.Key("insns").Text(HexOf(program.insns, order));
    json.Key("fnv").Text(HexOf(HashOf(program.insns, order)));
  }
  if (program.load) WriteLoad(json, *program.load);
  json.EndObject();
}

// "BPF_MAP_TYPE_HASH", or the number where there is no such name.
template <typename Enum>
std::string Spelling(Enum value) {
  const std::string_view name = KernelSpelling(value);
  return name.empty() ? Decimal(static_cast<uint32_t>(value)) : std::string(name);
}

std::string MapsText(const ObjectReport& report) {
  Table table;
  for (const MapReport& map : report.maps) {
    std::string more = "entries " + Decimal(map.params.max_entries);
    if (map.params.flags != 0) more += ", flags " + Hex(map.params.flags);
    if (map.params.map_extra != 0) more += ", extra " + Hex(map.params.map_extra);
    // Not again what is told of the whole object.
    if (map.problem && !(report.error && report.error->ToString() == map.problem->ToString()))
      more += "; " + Clean(map.problem->ToString());
    table.Add({"map", Clean(map.params.name), Spelling(map.params.type),
               "key " + Decimal(map.params.key_size), "value " + Decimal(map.params.value_size),
               more});
  }
  return table.Text("  ");
}

std::string Verdict(const ProgramReport& program) {
  if (program.plan_error) return "cannot be planned";
  std::string text = Decimal(program.insns.size()) + " instructions";
  if (!program.load) return text + ", planned";
  if (!*program.load) return text + ", failed";
  text += ", loaded, tag ";
  for (const uint8_t byte : (*program.load)->tag) AppendHex(text, byte);
  return text + ", " + Decimal((*program.load)->verified_insns) + " verified";
}

std::string ProgramsText(const ObjectReport& report) {
  std::string text;
  Table table;
  for (const ProgramReport& program : report.programs) {
    table.Add({"program", Clean(program.name), "section " + Clean(program.section),
               Spelling(program.type), Verdict(program)});
  }
  text += table.Text("  ");
  // Of a whole object programs may have the object's error: it is told once.
  const std::string whole = report.error ? ErrorText(*report.error) : "";
  if (report.error) text += "  " + whole;
  for (const ProgramReport& program : report.programs) {
    if (program.plan_error) {
      const std::string own = ErrorText(*program.plan_error);
      if (own != whole) text += "  " + own;
    } else if (!report.error && program.load && !*program.load) {
      text += "  " + ErrorText(program.load->error());
    }
  }
  return text;
}

}  // namespace

bool ObjectReport::Ok() const {
  if (open_error || error) return false;
  for (const ProgramReport& program : programs) {
    if (program.plan_error || (program.load && !*program.load)) return false;
  }
  return true;
}

uint64_t HashOf(std::span<const Insn> insns, std::endian order) {
  uint64_t hash = 0xcbf29ce484222325;
  for (Insn insn : insns) {
    if (TakesMap(insn)) insn.imm = 0;
    for (const uint8_t byte : BytesOf(insn, order)) {
      hash = (hash ^ byte) * 0x100000001b3;
    }
  }
  return hash;
}

std::string ToJson(const ObjectReport& report) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key("file").Text(report.file);
  json.Key("open");
  if (report.open_error) {
    WriteError(json, *report.open_error);
  } else {
    json.Text("ok");
  }
  if (report.error) {
    json.Key("error");
    WriteError(json, *report.error);
  }
  json.Key("maps").BeginArray();
  for (const MapReport& map : report.maps) WriteMap(json, map);
  json.EndArray();
  json.Key("programs").BeginArray();
  for (const ProgramReport& program : report.programs) WriteProgram(json, program, report.order);
  json.EndArray();
  json.EndObject();
  text += '\n';
  return text;
}

std::string ToText(const ObjectReport& report) {
  if (report.open_error) return Clean(report.file) + ":\n  " + ErrorText(*report.open_error);
  return Clean(report.file) + ":\n" + MapsText(report) + ProgramsText(report);
}

}  // namespace purebpf::tool
