// Writes one JSON object, front to back. Names come from object files, so any bytes may be text.
#ifndef PUREBPF_TOOLS_PUREBPF_JSON_H_
#define PUREBPF_TOOLS_PUREBPF_JSON_H_

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "purebpf/bpf/error.h"

namespace purebpf::tool {

//   JsonWriter json(line);
//   json.BeginObject();
//   json.Key("file").Text("a.o");
//   json.Key("maps").BeginArray();
//   ...
// Commas are put where they belong; what is begun must be ended.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }
  JsonWriter& Key(std::string_view key);
  // Bytes that are no UTF-8 become U+FFFD.
  void Text(std::string_view text);
  void Number(std::integral auto value) {
    if constexpr (std::signed_integral<decltype(value)>) {
      Signed(value);
    } else {
      Unsigned(value);
    }
  }
  void Bool(bool value);

 private:
  void Begin(char bracket);
  void End(char bracket);
  void Separate();
  void Signed(int64_t value);
  void Unsigned(uint64_t value);

  std::string& out_;
  bool first_ = true;  // nothing stands yet in what was begun last, or a key stands before
};

// {"code", "operation", "object", "detail", "hint", "errno", "errno_name", "log"}: all are there,
// and empty (or 0) where there is nothing to say. `code` is CodeName's word.
void WriteError(JsonWriter& json, const Error& error);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_JSON_H_
