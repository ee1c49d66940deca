#include "purebpf/tools/purebpf/check_report.h"

#include <algorithm>
#include <string_view>

#include "purebpf/tools/purebpf/json.h"
#include "purebpf/tools/purebpf/output.h"

namespace purebpf::tool {
namespace {

void WriteOpen(JsonWriter& json, std::string_view key, const std::optional<Error>& error) {
  json.Key(key);
  if (error) {
    WriteError(json, *error);
  } else {
    json.Text("ok");
  }
}

void WriteFindings(JsonWriter& json, std::string_view key, const std::vector<Finding>& findings) {
  json.Key(key).BeginArray();
  for (const Finding& finding : findings) {
    json.BeginObject();
    json.Key("insn").Number(finding.insn);
    json.Key("what").Text(finding.text);
    if (!finding.variables.empty()) {
      json.Key("variables").BeginArray();
      for (const std::string& variable : finding.variables) json.Text(variable);
      json.EndArray();
    }
    json.EndObject();
  }
  json.EndArray();
}

void WriteProgram(JsonWriter& json, const ProgramCheck& program) {
  json.BeginObject();
  json.Key("name").Text(program.name);
  json.Key("section").Text(program.section);
  WriteOpen(json, "plan", program.plan_error);
  json.Key("core").Number(program.core);
  json.Key("functions").Number(program.functions);
  WriteFindings(json, "guarded", program.guarded);
  WriteFindings(json, "depends", program.depends);
  WriteFindings(json, "missing", program.missing);
  json.Key("ok").Bool(program.Ok());
  json.EndObject();
}

std::string Verdict(const ProgramCheck& program) {
  if (program.plan_error) return "fails";
  std::string text;
  const auto add = [&](const std::vector<Finding>& findings, std::string_view what) {
    if (findings.empty()) return;
    if (!text.empty()) text += ", ";
    text.append(Decimal(findings.size())).append(what);
  };
  add(program.missing, " missing");
  add(program.depends, " depends");
  add(program.guarded, " guarded");
  return text.empty() ? "ok" : text;
}

// Columns' titles: the file's name without its folders, or with the last of them where two kernels
// have the same name.
std::vector<std::string> Titles(const std::vector<KernelCheck>& kernels) {
  const auto name_of = [](std::string_view path, int folders) {
    size_t slash = path.size();
    for (int i = 0; i <= folders && slash != std::string_view::npos && slash != 0; ++i)
      slash = path.rfind('/', slash - 1);
    return slash == std::string_view::npos || slash == path.size() ? path : path.substr(slash + 1);
  };
  std::vector<std::string> titles;
  for (const KernelCheck& kernel : kernels) {
    const std::string_view name = name_of(kernel.btf, 0);
    const bool ambiguous = std::ranges::any_of(kernels, [&](const KernelCheck& other) {
      return other.btf != kernel.btf && name_of(other.btf, 0) == name;
    });
    titles.push_back(Clean(name_of(kernel.btf, ambiguous ? 1 : 0)));
  }
  return titles;
}

// "depends on 'enable' and 'mode'".
std::string KindOf(std::string_view kind, const Finding& finding) {
  std::string text(kind);
  for (size_t i = 0; i < finding.variables.size(); ++i)
    text.append(i == 0 ? " '" : " and '").append(finding.variables[i]).append("'");
  return text;
}

// The same relocation may stand at many instructions.
void AppendFindings(std::string& text, std::string_view where, std::string_view kind,
                    const std::vector<Finding>& findings) {
  std::vector<std::string> seen;
  for (const Finding& finding : findings) {
    const std::string said = Clean(KindOf(kind, finding) + ": " + finding.text);
    if (std::ranges::find(seen, said) != seen.end()) continue;
    constexpr size_t kShown = 50;
    if (seen.size() == kShown) {
      text.append("  ").append(where).append(": and more\n");
      return;
    }
    text.append("  ").append(where).append(": ").append(said).append(" (instruction ");
    text.append(Decimal(finding.insn)).append(")\n");
    seen.push_back(said);
  }
}

}  // namespace

bool KernelCheck::Ok() const {
  return !open_error && std::ranges::all_of(programs, &ProgramCheck::Ok);
}

bool ObjectCheck::Ok() const {
  return !open_error && std::ranges::all_of(kernels, &KernelCheck::Ok);
}

std::string ToJson(const ObjectCheck& check) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key("file").Text(check.file);
  WriteOpen(json, "open", check.open_error);
  json.Key("ok").Bool(check.Ok());
  json.Key("kernels").BeginArray();
  for (const KernelCheck& kernel : check.kernels) {
    json.BeginObject();
    json.Key("btf").Text(kernel.btf);
    WriteOpen(json, "open", kernel.open_error);
    json.Key("ok").Bool(kernel.Ok());
    json.Key("programs").BeginArray();
    for (const ProgramCheck& program : kernel.programs) WriteProgram(json, program);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  text += '\n';
  return text;
}

std::string ToText(const ObjectCheck& check) {
  if (check.open_error) return Clean(check.file) + ":\n  " + ErrorText(*check.open_error);
  std::string details;
  std::vector<std::vector<std::string>> rows{{""}};
  const std::vector<std::string> titles = Titles(check.kernels);
  for (size_t column = 0; column < titles.size(); ++column) {
    const KernelCheck& kernel = check.kernels[column];
    rows[0].push_back(titles[column]);
    if (kernel.open_error) details += "  " + ErrorText(*kernel.open_error);
    for (size_t i = 0; i < kernel.programs.size(); ++i) {
      const ProgramCheck& program = kernel.programs[i];
      if (rows.size() <= i + 1) rows.push_back({Clean(program.name)});
      // Kernels whose BTF could not be read have no programs.
      rows[i + 1].resize(rows[0].size() - 1, "?");
      rows[i + 1].push_back(Verdict(program));
      const std::string where = titles[column] + ": " + Clean(program.name);
      if (program.plan_error) details += "  " + where + ": " + ErrorText(*program.plan_error);
      AppendFindings(details, where, "missing", program.missing);
      AppendFindings(details, where, "depends on", program.depends);
      AppendFindings(details, where, "guarded", program.guarded);
    }
  }
  Table table;
  const size_t columns = rows[0].size();
  for (std::vector<std::string>& row : rows) {
    row.resize(columns, "?");
    table.Add(std::move(row));
  }
  return Clean(check.file) + ":\n" + table.Text("  ") + details;
}

}  // namespace purebpf::tool
