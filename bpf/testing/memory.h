// Internal. Mapped memory in a conversation: what the caller saw there, when it said that it looks.
//
// Memory that the caller may only read is handed out as a copy, which Look refreshes: what is noted
// is then exactly what the caller sees, however fast the kernel writes. Memory that it may write is
// the kernel's own, and is compared with what it was: at Look, at a wait, and when it is unmapped.
#ifndef PUREBPF_BPF_TESTING_MEMORY_H_
#define PUREBPF_BPF_TESTING_MEMORY_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/testing/describe.h"
#include "purebpf/bpf/testing/fixture.h"

namespace purebpf::testing::internal {

// Bytes at the start of a page, which a reader of mapped memory may rely on.
class Pages {
 public:
  explicit Pages(size_t size);
  [[nodiscard]] MutableBytes bytes() const { return {start_, size_}; }

 private:
  std::vector<std::byte> memory_;
  std::byte* start_;
  size_t size_;
};

struct Mapping {
  std::string token;  // "mem:1"
  Access access = Access::kRead;
  size_t mirror = 0;              // so many bytes at the end are there twice: a ring buffer's data
  MutableBytes real;              // the kernel's; empty in a replay
  MutableBytes seen;              // what the caller has
  std::unique_ptr<Pages> copy;    // behind `seen`, where that is not `real`
  std::vector<std::byte> before;  // of memory that the caller may write: what was noted last
};

class Mappings {
 public:
  // A new mapping of the kernel's memory, for a recording.
  Mapping& Record(MutableBytes real, Access access, const MapFacts* map);
  // One without a kernel, of zeros. Nothing where that much memory is not to be had.
  Mapping* Replay(std::string token, size_t size, Access access, const MapFacts* map);

  // The mapping that `memory` lies in, or begins at.
  Mapping* Find(Bytes memory);
  Mapping* FindToken(std::string_view token);
  void Remove(Bytes memory);
  [[nodiscard]] const std::vector<std::unique_ptr<Mapping>>& all() const { return mappings_; }

  // Puts what changed into blocks, and takes it as noted: in a read-only mapping within `range`,
  // which `seen` has then; in a writable one all of it.
  static void Note(Context& context, Mapping& mapping, Bytes range, std::vector<Block>& blocks);
  void NoteWritable(Context& context, std::vector<Block>& blocks);

  // Writes what a call's memory blocks say. False where they are malformed, or where the caller has
  // written something else than was recorded; `wrong` says what.
  [[nodiscard]] bool Apply(Context& context, const Call& call, std::string& wrong);

 private:
  size_t last_ = 0;
  std::vector<std::unique_ptr<Mapping>> mappings_;
};

// "mem:2+4096" is a place; the offset may be missing. Nothing where it has another form.
struct Place {
  std::string_view token;
  size_t offset = 0;
};
std::optional<Place> ParsePlace(std::string_view text);
std::string PlaceText(const Mapping& mapping, Bytes memory);

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_MEMORY_H_
