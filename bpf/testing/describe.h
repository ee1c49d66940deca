// Internal. The bytes of a call as fields and blocks, and back again: integers, structures by their
// schema, and what pointers lead to.
#ifndef PUREBPF_BPF_TESTING_DESCRIBE_H_
#define PUREBPF_BPF_TESTING_DESCRIBE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/function_ref.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/schema.h"
#include "purebpf/bpf/testing/tokens.h"
#include "purebpf/bpf/testing/values.h"

namespace purebpf::testing::internal {

// Bytes that are too many for a line, each kept once.
class Blobs {
 public:
  enum class Use : uint8_t {
    kKeep,     // a recorder's
    kCompare,  // a replay's: those that the fixture has
    kShorten,  // a trace's: told by their beginning
  };
  explicit Blobs(Use use) : use_(use) {}
  // Whether what ValueOf gives can be read again.
  [[nodiscard]] bool readable() const { return use_ != Use::kShorten; }

  // "blob:NAME"
  std::string ValueOf(Bytes bytes);
  // False where the text is malformed, or beyond the budget.
  bool Add(const std::string& name, const Blob& blob, Budget& budget);
  [[nodiscard]] const std::vector<std::byte>* Find(std::string_view name) const;
  // For the end of a fixture, as they came.
  [[nodiscard]] std::vector<std::pair<std::string, Blob>> Written() const;

 private:
  Use use_;
  std::map<std::string, std::vector<std::byte>, std::less<>> bytes_;
  std::vector<std::string> order_;
};

// What is known in the middle of a conversation.
struct Context {
  explicit Context(Blobs::Use use) : blobs(use) {}

  Tokens tokens;
  Blobs blobs;
  Budget budget;  // of one call
};

// --- Values -------------------------------------------------------------------------------------

// "hex:0102", "blob:NAME".
std::string BytesText(Context& context, Bytes bytes);
// Those, and a quoted text; appends. False where malformed.
[[nodiscard]] bool ReadBytes(Context& context, std::string_view value,
                             std::vector<std::byte>& bytes);

// Without the "~" of a value that is not compared.
inline std::string_view Plain(std::string_view value) {
  return value.starts_with('~') ? value.substr(1) : value;
}

const Field* FindField(const std::vector<Field>& fields, std::string_view name);
// Some fields a line, and all of a block's.
std::vector<Block> WrapFields(std::vector<Field> fields);
std::vector<Field> AllFields(const Block& block);
// One that the kernel answered with.
const Block* FindAnswer(const Call& call, std::string_view head);

// --- Structures ---------------------------------------------------------------------------------

// The fields that are not 0, in the schema's order. Pointers are left to `pointer`, which answers
// whether it dealt with this one; else it is told as a number. What no row covers is
// "at24=hex:...".
void DescribeStruct(Context& context, Schema schema, Bytes bytes,
                    FunctionRef<bool(const FieldSpec&)> pointer, std::vector<Field>& fields);
// Those that differ from `before`, which is as long.
void DescribeChanges(Context& context, Schema schema, Bytes before, Bytes after,
                     std::vector<Field>& fields);
// Into `bytes`. False where a name is unknown, or its value does not fit; `wrong` is it then.
[[nodiscard]] bool EncodeStruct(Context& context, Schema schema, std::span<const Field> fields,
                                MutableBytes bytes, std::string& wrong);
// One field's bytes.
[[nodiscard]] bool EncodeField(Context& context, const FieldSpec& spec, std::string_view value,
                               MutableBytes bytes);

// --- What pointers lead to ----------------------------------------------------------------------

// What the meaning of bytes behind a pointer may depend on.
struct About {
  std::string token;              // of the descriptor that the call is about; may be empty
  const MapFacts* map = nullptr;  // where that is a map
  bool answered = false;          // the kernel's words
};

// Adds a field to `fields`, or a block to `blocks`.
void DescribeContent(Context& context, const FieldSpec& spec, std::string_view name,
                     const About& about, Bytes bytes, std::vector<Field>& fields,
                     std::vector<Block>& blocks);
// What the kernel answered under that name: appended to `bytes`, a structure written over it.
// Nothing where the fixture has none of it; false where it is malformed.
[[nodiscard]] std::optional<bool> ReadContent(Context& context, const FieldSpec& spec,
                                              std::string_view name, const About& about,
                                              const Call& call, size_t struct_size,
                                              std::vector<std::byte>& bytes);

// Text as a value, or where it has several lines as a block with one a line.
void DescribeText(std::string_view name, std::string_view text, bool answered,
                  std::vector<Field>& fields, std::vector<Block>& blocks);
[[nodiscard]] std::optional<std::string> ReadTextBlock(const Block& block);

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_DESCRIBE_H_
