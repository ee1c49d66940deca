// Writes bpf/include/bpf/bpf_helper_defs.h: the BPF helpers as C declarations, from the comments
// and the enum of a kernel's include/uapi/linux/bpf.h.
//
//   helper_defs /usr/include/linux/bpf.h >bpf_helper_defs.h
//
// In that file a helper is described as
//    * long bpf_map_update_elem(struct bpf_map *map, const void *key, const void *value, u64 flags)
//    * 	Description
// and numbered as FN(map_update_elem, 2, ##ctx), or before Linux 6.1 by its place among the FN()s.
#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Helper {
  std::string name;
  std::string result;  // "long", "void *"
  std::vector<std::string> parameters;
  std::string attribute;  // "__bpf_fastcall", or ""
};

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string Trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return std::string(text);
}

// What a word, or "struct NAME", of the kernel's is to a BPF program.
const std::map<std::string, std::string, std::less<>> kTypes = {
    {"u8", "__u8"},
    {"u16", "__u16"},
    {"u32", "__u32"},
    {"u64", "__u64"},
    {"s8", "__s8"},
    {"s16", "__s16"},
    {"s32", "__s32"},
    {"s64", "__s64"},
    {"size_t", "unsigned long"},
    {"struct bpf_map", "void"},
    {"struct sk_buff", "struct __sk_buff"},
    {"struct sk_msg_buff", "struct sk_msg_md"},
    {"struct xdp_buff", "struct xdp_md"},
};

// Helpers whose context differs between program types.
const std::set<std::string, std::less<>> kAnyContext = {"bpf_get_socket_cookie", "bpf_sk_assign"};

std::string Translated(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (!IsWord(text[i])) {
      out += text[i++];
      continue;
    }
    size_t end = i;
    while (end < text.size() && IsWord(text[end])) ++end;
    std::string word = text.substr(i, end - i);
    if (word == "struct") {
      size_t name = end + 1;
      end = name;
      while (end < text.size() && IsWord(text[end])) ++end;
      word += ' ' + text.substr(name, end - name);
    }
    const auto found = kTypes.find(word);
    out += found == kTypes.end() ? word : found->second;
    i = end;
  }
  return out;
}

// "long bpf_x(int a, u64 b)" taken apart; false for other lines.
bool Parse(const std::string& line, Helper& helper) {
  const size_t open = line.find('(');
  if (open == std::string::npos || line.back() != ')') return false;
  size_t name = open;
  while (name > 0 && IsWord(line[name - 1])) --name;
  helper.name = line.substr(name, open - name);
  helper.result = Trimmed(line.substr(0, name));
  if (!helper.name.starts_with("bpf_") || helper.result.empty()) return false;
  helper.parameters.clear();
  std::string rest = line.substr(open + 1, line.size() - open - 2);
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    helper.parameters.push_back(Trimmed(rest.substr(0, comma)));
    rest.erase(0, comma + 1);
  }
  return true;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// In the order of the file. A helper that is described for several contexts appears once.
std::vector<Helper> Helpers(const std::vector<std::string>& lines) {
  std::vector<Helper> helpers;
  std::set<std::string> seen;
  bool inside = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find("Start of BPF helper function descriptions") != std::string::npos)
      inside = true;
    if (lines[i].find("*/") != std::string::npos && inside) break;
    if (inside && lines[i].ends_with("\tAttributes") && i + 1 < lines.size() && !helpers.empty())
      helpers.back().attribute = Trimmed(lines[i + 1].substr(2));
    if (!inside || !lines[i].starts_with(" * ") || lines[i].size() < 4 || lines[i][3] == '\t')
      continue;
    // A declaration may go on in the next line.
    std::string line = Trimmed(lines[i].substr(3));
    if (line.ends_with(',') && i + 1 < lines.size())
      line += ' ' + Trimmed(lines[i + 1].substr(std::min<size_t>(2, lines[i + 1].size())));
    Helper helper;
    if (Parse(line, helper) && seen.insert(helper.name).second) helpers.push_back(helper);
  }
  return helpers;
}

std::map<std::string, int> Numbers(const std::vector<std::string>& lines) {
  std::map<std::string, int> numbers;
  int next = 0;
  for (const std::string& line : lines) {
    const size_t at = line.find("FN(");
    if (at == std::string::npos || line.find("#define") != std::string::npos) continue;
    const size_t open = at + 3;
    const size_t end = line.find_first_of(",)", open);
    if (end == std::string::npos) continue;
    const std::string name = line.substr(open, end - open);
    if (line[end] == ',' && end + 2 < line.size() &&
        std::isdigit(static_cast<unsigned char>(line[end + 2])) != 0)
      next = std::stoi(line.substr(end + 2));
    if (name != "unspec") numbers["bpf_" + name] = next;
    ++next;
  }
  return numbers;
}

void Print(const Helper& helper, int number) {
  std::string parameters;
  for (size_t i = 0; i < helper.parameters.size(); ++i) {
    const bool any = i == 0 && kAnyContext.contains(helper.name);
    if (i != 0) parameters += ", ";
    parameters += any ? "void *ctx" : Translated(helper.parameters[i]);
  }
  std::string result = Translated(helper.result);
  if (result.back() != '*') result += ' ';
  const std::string attribute = helper.attribute.empty() ? "" : helper.attribute + ' ';
  std::printf("static %s%s(*const %s)(%s) = (void *)%d;\n", attribute.c_str(), result.c_str(),
              helper.name.c_str(), parameters.c_str(), number);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: helper_defs /usr/include/linux/bpf.h\n", stderr);
    return 2;
  }
  std::ifstream file(arguments[1]);
  if (!file) {
    std::fprintf(stderr, "helper_defs: cannot read %s\n", arguments[1]);
    return 1;
  }
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::vector<std::string> lines = Lines(text);
  const std::vector<Helper> helpers = Helpers(lines);
  const std::map<std::string, int> numbers = Numbers(lines);
  std::set<std::string> structs;
  for (const Helper& helper : helpers) {
    for (std::string part : helper.parameters) {
      part = Translated(part);
      const size_t at = part.find("struct ");
      if (at == std::string::npos) continue;
      size_t end = at + 7;
      while (end < part.size() && IsWord(part[end])) ++end;
      structs.insert(part.substr(at, end - at));
    }
    if (const size_t at = helper.result.find("struct "); at != std::string::npos)
      structs.insert(Trimmed(helper.result.substr(at, helper.result.find('*') - at)));
  }
  std::puts(
      "/* SPDX-License-Identifier: MIT */\n"
      "/*\n"
      " * The kernel's helpers: a BPF program calls one by its number. What each does, and since "
      "when,\n"
      " * is described in include/uapi/linux/bpf.h and bpf-helpers(7). Generated from the former "
      "by\n"
      " * tools/helper_defs; not to be edited.\n"
      " */\n"
      "#ifndef PUREBPF_BPF_BPF_HELPER_DEFS_H_\n"
      "#define PUREBPF_BPF_BPF_HELPER_DEFS_H_\n");
  for (const std::string& name : structs) std::printf("%s;\n", name.c_str());
  std::puts(
      "\n/* The caller's registers r1 to r5 outlive the call (Linux 6.12, clang 20). */\n"
      "#ifndef __bpf_fastcall\n"
      "#if __has_attribute(bpf_fastcall)\n"
      "#define __bpf_fastcall __attribute__((bpf_fastcall))\n"
      "#else\n"
      "#define __bpf_fastcall\n"
      "#endif\n"
      "#endif\n");
  size_t printed = 0;
  for (const Helper& helper : helpers) {
    const auto number = numbers.find(helper.name);
    if (number == numbers.end()) continue;
    Print(helper, number->second);
    ++printed;
  }
  std::puts("\n#endif /* PUREBPF_BPF_BPF_HELPER_DEFS_H_ */");
  if (printed == 0) {
    std::fprintf(stderr, "helper_defs: %s describes no helpers\n", arguments[1]);
    return 1;
  }
  for (const auto& [name, number] : numbers) {
    bool described = false;
    for (const Helper& helper : helpers) described = described || helper.name == name;
    if (!described)
      std::fprintf(stderr, "helper_defs: %s (%d) is not described\n", name.c_str(), number);
  }
  return printed == numbers.size() ? 0 : 1;
}
